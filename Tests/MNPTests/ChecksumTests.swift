// The sums of a port: known values, any cut, and what counts as a difference.

import NIOCore
import Testing

@testable import MNP

@Suite struct ChecksumTests {
  private func sum(_ parts: [[UInt8]]) -> Checksum {
    var running = RunningChecksum()
    for part in parts { running.add(ByteBuffer(bytes: part)) }
    return running.sum
  }

  /// RFC 3720, section B.4, and the check value of every catalogue of CRCs.
  @Test(
    arguments: [
      (Array("123456789".utf8), 0xE306_9283),
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
      ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      (Array(0..<32), 0x46DD_794E),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func known(bytes: [UInt8], crc: UInt32) {
    #expect(sum([bytes]) == Checksum(bytes: Int64(bytes.count), crc32c: crc))
  }

  /// Any cut gives the same, and so does a slice that does not begin where its buffer does.
  @Test func cuts() {
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let whole = sum([bytes])
    for cut in [0, 1, 7, 63, 64, 65, 1024, 4096, 4999] {
      #expect(sum([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
    }
    var buffer = ByteBuffer(bytes: [1, 2, 3] + bytes)
    buffer.moveReaderIndex(forwardBy: 3)
    var running = RunningChecksum()
    running.add(buffer)
    #expect(running.sum == whole)
  }

  @Test func differences() throws {
    let header = PushHeader(sessionID: try SessionID("s"), taskID: try TaskID("t"), port: 1)
    var came = RunningChecksum(of: header)
    came.add(ByteBuffer(string: "data"))
    let sum = came.sum
    #expect(sum.difference(from: sum) == nil)
    // A peer that does not say where it sent its data.
    #expect(sum.difference(from: Checksum(bytes: 4, crc32c: sum.crc32c)) == nil)
    #expect(sum.difference(from: nil)?.contains("lost its checksum") == true)
    let other = sum.difference(from: Checksum(bytes: 5, crc32c: 0x1A, target: sum.target))
    #expect(other?.contains("5 bytes with CRC32C 0000001a were sent") == true)
    #expect(other?.contains("\(sum) came") == true)
    for (session, task, port) in [("t", "t", 1), ("s", "u", 1), ("s", "t", 2)] as [(_, _, Int32)] {
      var elsewhere = RunningChecksum(
        of: PushHeader(sessionID: try SessionID(session), taskID: try TaskID(task), port: port))
      elsewhere.add(ByteBuffer(string: "data"))
      #expect(elsewhere.sum.difference(from: sum)?.contains("address") == true)
    }
  }

  /// On the wire beside `done`, in pushes and pulls, and only of the message that says it.
  @Test func travels() throws {
    let checksum = Checksum(bytes: 1 << 40, crc32c: 0xFFFF_FFFF, target: 7)
    var push = PushParser()
    var pull = PullParser()
    let opening = PushEncoder.opening(
      PushHeader(sessionID: try SessionID("s"), taskID: try TaskID("t"), port: 0))
    for message in [opening, PushEncoder.done(checksum)] {
      push.begin(length: message.readableBytes)
      #expect(try push.receive(message) == nil)
      _ = try push.end()
      #expect(push.checksum == (push.isDone ? checksum : nil))
    }
    let done = PullEncoder.done(checksum)
    pull.begin(length: done.readableBytes)
    for byte in done.readableBytesView {
      #expect(try pull.receive(ByteBuffer(bytes: [byte])) == nil)
    }
    #expect(try pull.end())
    #expect(pull.checksum == checksum)
    pull.begin(length: 0)
    #expect(try !pull.end())
    #expect(pull.checksum == nil)
  }

  /// What is no checksum is passed over where it is too long, and malformed where it is none.
  @Test func malformed() throws {
    for (length, isRead) in [(Checksum.maximumBytes, true), (Checksum.maximumBytes + 1, false)] {
      var message = ByteBuffer(bytes: [10, 1, 0xC2, 0x3E, UInt8(length & 0x7F | 0x80), 2])
      message.writeRepeatingByte(0xFF, count: length)
      var parser = PullParser()
      parser.begin(length: message.readableBytes)
      if isRead {
        #expect(throws: MNPError.self) { try parser.receive(message) }
      } else {
        #expect(throws: MNPError.self) { try parser.receive(message) }
      }
    }
  }
}
