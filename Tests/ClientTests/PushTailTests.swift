// What a push keeps: released by marks, gone back to by offsets, whatever the sizes and the moments.

import NIOCore
import Testing

@testable import Client

@Suite struct PushTailTests {
  private static func bytes(_ range: Range<Int64>) -> [UInt8] {
    range.map { UInt8(truncatingIfNeeded: ($0 &* 0x9E37_79B9) >> 11) }
  }

  /// A sender, a wire and a receiver, of dice: bytes go into frames in any portions, PINGs are answered
  /// late or never, connections go at any time. The receiver must always be able to have it all.
  @Test(arguments: UInt64(0)..<64)
  func everyLife(seed: UInt64) {
    var dice = SystemDice(state: seed)
    let window = [4_000, 50_000, 1 << 20][Int(seed % 3)]
    var tail = PushTail(window: window)
    /// Of the present call: what was written, what is in frames, and what the receiver has handled.
    var written = 0
    var inFrames = 0
    var handled = 0
    var mark: Int?
    /// Port offset behind each call offset at which a piece ends.
    var ends: [(call: Int, port: Int64)] = []
    var received: Int64 = 0
    var acknowledged: Int64 = 0

    /// A message of the call: an envelope of some bytes, then the payload.
    func envelope() -> Int { Int.random(in: 2...12, using: &dice) }
    /// What has been handled is in the receiver's port.
    func deliver() {
      let before = ends.last { $0.call <= handled }
      received = max(received, before?.port ?? received)
    }

    for _ in 0..<600 {
      switch Int.random(in: 0..<12, using: &dice) {
      case 0...4:
        guard !tail.isFull else { continue }
        let count = [1, 100, 4096, 4097, 30_000].randomElement(using: &dice) ?? 1
        let data = Self.bytes(tail.end..<tail.end + Int64(count))
        written += envelope() + count
        tail.append(ByteBuffer(bytes: data), callOffset: written)
        ends.append((written, tail.end))
      case 5...7:
        inFrames = Int.random(in: inFrames...written, using: &dice)
        if tail.takeMark(sent: inFrames) {
          #expect(mark == nil, "one PING at a time")
          mark = inFrames
        }
      case 8...9:
        handled = Int.random(in: handled...inFrames, using: &dice)
        deliver()
      case 10:
        guard let sent = mark else { continue }
        // Its answer: everything before it has been handled.
        handled = max(handled, sent)
        deliver()
        mark = nil
        tail.markAnswered()
        acknowledged = received
      default:
        tail.connectionLost()
        mark = nil
        // The receiver has at least what it acknowledged, and perhaps a part of a message besides.
        let end = tail.end
        let more = min(end, received + Int64.random(in: 0...5000, using: &dice))
        received = Int64.random(in: received...max(received, more), using: &dice)
        guard let count = tail.rewind(to: received) else {
          Issue.record(
            "seed \(seed): the receiver has \(received) bytes, kept are those from \(tail.base)")
          return
        }
        var again: [UInt8] = []
        (written, inFrames, handled, ends) = (30, 0, 0, [])
        for number in 0..<count {
          let piece = tail.piece(number)
          again += Array(piece.readableBytesView)
          written += envelope() + piece.readableBytes
          tail.resent(number, callOffset: written)
          ends.append((written, received + Int64(again.count)))
        }
        #expect(again == Self.bytes(received..<end), "seed \(seed): nothing lost, nothing twice")
        #expect(tail.base == received && tail.end == end)
      }
      #expect(
        tail.base <= acknowledged || tail.base <= received, "seed \(seed): kept until it has it")
      #expect(tail.retained <= window + 30_000)
      // A writer that waits has somebody to wait for: bytes in frames are marked.
      if tail.isFull, mark == nil, inFrames == written {
        let isMarked = tail.takeMark(sent: inFrames)
        #expect(isMarked, "seed \(seed): a full window asks for its acknowledgement")
        mark = inFrames
      }
    }
  }

  @Test func offsetsThatCannotBe() {
    var tail = PushTail(window: 1000)
    tail.append(ByteBuffer(repeating: 1, count: 600), callOffset: 610)
    tail.append(ByteBuffer(repeating: 2, count: 5000), callOffset: 5620)
    #expect(tail.isFull)
    let marks = [0, 700, 5620].map { tail.takeMark(sent: $0) }
    #expect(marks == [false, true, false], "something to mark, and one at a time")
    tail.markAnswered()
    #expect(tail.base == 600 && tail.retained == 5000)
    // Less than it had acknowledged; more than was ever written; all of it; a part.
    let counts = [599, 5601, 5600, 601].map { (offset: Int64) in
      var copy = tail
      return copy.rewind(to: offset)
    }
    #expect(counts == [nil, nil, 0, 1])
    _ = tail.rewind(to: 601)
    #expect(tail.piece(0).readableBytes == 4999)
  }

  /// The first attempt is made at once, the others at growing distances, the last at the end of the time.
  @Test func attempts() {
    var absence = PushAbsence(limit: .seconds(10))
    var now = NIODeadline.uptimeNanoseconds(1_000)
    let start = now
    var delays: [Int64] = []
    while let delay = absence.next(now: now), delays.count < 100 {
      delays.append(delay.nanoseconds / 1_000_000)
      now = now + delay
    }
    #expect(delays.prefix(8) == [0, 50, 100, 200, 400, 800, 1600, 2000])
    #expect(now == start + .seconds(10))
    absence.ended(at: 5)
    #expect(absence.began == nil)
    let first = absence.next(now: now)
    // A connection that brings nothing further is as good as none.
    absence.ended(at: 5)
    let second = absence.next(now: now)
    absence.progressed()
    let third = absence.next(now: now)
    #expect([first, second, third] == [.zero, .milliseconds(50), .zero])
  }
}

private struct SystemDice: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
