// A bit that flips between two nodes is found, wherever it is.

import Client
import MNP
import NIOConcurrencyHelpers
import NIOCore
import Node
import Testing

@Suite(.timeLimit(.minutes(5)))
struct IntegrityTests {
  private func data(_ count: Int) -> ByteBuffer {
    ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })
  }

  /// Bytes of a push before its first data: two prefixes, and the ids.
  private static let opening = 27
  private static let task = "a-task"

  /// first -> proxy -> last: the forward is damaged.
  private func forward(
    _ bench: Bench, _ data: ByteBuffer, offset: Int, bit: Int,
    _ body: (_ writer: PushWriter, _ last: TestNode, _ end: SessionID, TestNode) async throws ->
      Void
  ) async throws {
    let last = try await bench.node("last", .builtin(.echo))
    let end = try await bench.ready(last)
    let flipped = NIOLockedValueBox(false)
    let proxy = try await FaultyProxy(to: last) { _ in
      BitFlip(at: offset, bit: bit, toNode: true, flipped: flipped)
    }
    let first = try await bench.node("first", .builtin(.echo))
    let session = try await bench.ready(first, to: [proxy.url(end)])
    let writer = try bench.client.push(
      to: first.port(0, of: session), task: try TaskID(Self.task), awaitsTask: true)
    for start in stride(from: 0, to: data.readableBytes, by: 7000) {
      let part = data.getSlice(at: start, length: min(7000, data.readableBytes - start))
      // It may have heard of the failure already.
      try? await writer.write(try #require(part))
    }
    try await body(writer, last, end, first)
    #expect(flipped.withLockedValue { $0 })
    try await proxy.close()
  }

  /// In the data, in what frames it, or in the checksum itself: never a result that is not the data.
  @Test(arguments: loopCounts, UInt64(0)..<24)
  func anyBitOfAForward(loops: Int, seed: UInt64) async throws {
    var random = Dice(state: seed)
    let sent = data(Int.random(in: 1000...60_000, using: &random))
    let offset = Int.random(in: Self.opening..<sent.readableBytes + Self.opening, using: &random)
    let bit = Int.random(in: 0..<8, using: &random)
    try await withBench(loops: loops) { bench in
      try await forward(bench, sent, offset: offset, bit: bit) { writer, last, end, first in
        let task = try TaskID(Self.task)
        async let pulled = try bench.pull(last.port(0, of: end), task)
        var words = [String]()
        do {
          try await writer.finish()
          Issue.record("seed \(seed): the sender heard OK")
        } catch let error as MNPClientError {
          words.append(error.message)
        }
        do {
          let came = try await pulled
          Issue.record("seed \(seed): \(came.readableBytes) bytes came as if they were all")
        } catch let error as MNPClientError {
          #expect([.dataLoss, .aborted, .cancelled].contains(error.code), "\(error)")
          words.append(error.message)
        }
        for text in words {
          #expect(text.contains("task \(task)"), "seed \(seed): \(text)")
        }
        for node in [first, last] {
          try await bench.status(node, end, task) { $0.state == .failed }
        }
      }
    }
  }

  /// One bit of the data itself: the error has all that there is to say.
  @Test(arguments: loopCounts)
  func theWholeError(loops: Int) async throws {
    let sent = data(50_000)
    try await withBench(loops: loops) { bench in
      try await forward(bench, sent, offset: 30_000, bit: 3) { writer, last, end, first in
        let task = try TaskID(Self.task)
        await failure(
          .aborted, naming: "node first, session s, task a-task, output 0", "node last",
          "input 0 at byte 50000", "50000 bytes with CRC32C", "were sent", "came"
        ) { try await writer.finish() }
        let status = try await bench.status(last, end, task) { $0.state == .failed }
        #expect(status.failure?.kind == .input)
        #expect(status.inputs[0].checksum?.bytes == 50_000)
        #expect(!status.inputs[0].done)
        await failure(.dataLoss, naming: "changed on its way") {
          try await bench.pull(last.port(0, of: end), task)
        }
      }
    }
  }

  /// A bit of an id sends all of it to another task, and that one knows it.
  @Test func anotherTask() async throws {
    try await withBench(loops: 1) { bench in
      // The message's prefix, the session's field of 3 bytes, then the task's.
      try await forward(bench, data(5000), offset: 5 + 3 + 2, bit: 1) { writer, last, end, first in
        async let other = try? bench.pull(last.port(0, of: end), try TaskID("c-task"))
        await failure(.aborted, naming: "its address was changed on its way") {
          try await writer.finish()
        }
        #expect(await other == nil)
      }
    }
  }

  /// The other direction: what is pulled.
  @Test(arguments: UInt64(0)..<12)
  func aPull(seed: UInt64) async throws {
    var random = Dice(state: seed ^ 0xABCD)
    let sent = data(Int.random(in: 1000...60_000, using: &random))
    let offset = Int.random(in: 0..<sent.readableBytes, using: &random)
    let bit = Int.random(in: 0..<8, using: &random)
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("node", .builtin(.echo))
      let session = try await bench.ready(node)
      let flipped = NIOLockedValueBox(false)
      let proxy = try await FaultyProxy(to: node) { _ in
        BitFlip(at: offset, bit: bit, toNode: false, flipped: flipped)
      }
      let task = try TaskID(Self.task)
      let reader = try bench.client.pull(from: proxy.url(session), task: task)
      let writer = try bench.client.push(to: node.port(0, of: session), task: task)
      try await writer.write(sent)
      // The puller may have broken it off.
      try? await writer.finish()
      do {
        _ = try await reader.rest()
        Issue.record("seed \(seed): the end came")
      } catch let error as MNPClientError {
        #expect(error.code != .unavailable, "\(error)")
      }
      #expect(flipped.withLockedValue { $0 })
      try await proxy.close()
    }
  }

  /// Who names no features gets what it got before, and pays with nothing but the check.
  @Test func aPeerWithoutIt() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("node", .builtin(.discard))
      let session = try await bench.ready(node, outputs: 0)
      let task = TaskID.random()
      let header = PushHeader(sessionID: session, taskID: task, port: 0)
      let status = try await RawCall.make(
        .push, of: node.url,
        [
          [PushEncoder.opening(header)],
          [PushEncoder.prefix(count: 4), ByteBuffer(string: "data")],
          [PushEncoder.done(Checksum(bytes: 5, crc32c: 1))],
        ])
      #expect(status.isOK, "\(status)")
      let ended = try await bench.status(node, session, task) { $0.state == .finished }
      #expect(ended.inputs[0].checksum == nil)
    }
  }

  /// `--no-checksums` at one end of a wire, or at both: nobody sums, and the data comes as ever.
  @Test(arguments: [(true, false), (false, true), (false, false), (true, true)])
  func switchedOff(first: Bool, last: Bool) async throws {
    try await withBench(loops: 1) { bench in
      let sent = data(50_000)
      let end = try await bench.node("last", .builtin(.echo)) { $0.checksums = last }
      let session = try await bench.ready(end)
      let begin = try await bench.node("first", .builtin(.echo)) { $0.checksums = first }
      let source = try await bench.ready(begin, to: [end.port(0, of: session)])
      let task = TaskID.random()
      async let pulled = bench.pull(end.port(0, of: session), task)
      let writer = try bench.client.push(to: begin.port(0, of: source), task: task)
      try await writer.write(sent)
      try await writer.finish()
      #expect(try await pulled == sent)
      let ended = try await bench.status(end, session, task) { $0.state == .finished }
      #expect((ended.inputs[0].checksum != nil) == (first && last))
    }
  }
}
