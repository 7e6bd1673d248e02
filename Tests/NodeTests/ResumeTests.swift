// Pushes that lose their connections: nothing lost, nothing twice, and an end to the waiting.

import Client
import GRPC
import MNP
import NIOConcurrencyHelpers
import NIOCore
import Node
import Testing
import Transport

@Suite(.timeLimit(.minutes(5)))
struct ResumeTests {
  private static let task = "a-task"

  private func data(_ count: Int) -> ByteBuffer {
    ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })
  }

  private static func settings(
    window: Int = 1 << 20, time: TimeAmount = .seconds(60)
  ) -> ResumeSettings {
    var settings = ResumeSettings()
    settings.window = window
    settings.time = time
    settings.includesLoopback = true
    return settings
  }

  private static func resuming(
    window: Int = 1 << 20, time: TimeAmount = .seconds(60)
  ) -> (inout NodeConfiguration) -> Void {
    { $0.resume = settings(window: window, time: time) }
  }

  /// Echo nodes, each forwarding to the next through a proxy of its own; the first's session first.
  private func chain(
    _ bench: Bench, _ count: Int, _ resume: (inout NodeConfiguration) -> Void = resuming(),
    fault: @escaping @Sendable (Int) -> any Fault
  ) async throws -> (nodes: [TestNode], session: SessionID, proxies: [FaultyProxy]) {
    var nodes: [TestNode] = []
    var proxies: [FaultyProxy] = []
    var session = try SessionID("s")
    for number in (0..<count).reversed() {
      let node = try await bench.node("node\(number)", .builtin(.echo), resume)
      session = try await bench.ready(node, to: proxies.last.map { [$0.url(session)] } ?? [])
      nodes.insert(node, at: 0)
      if number > 0 { proxies.append(try await FaultyProxy(to: node, fault: fault)) }
    }
    return (nodes, session, proxies)
  }

  private func send(_ data: ByteBuffer, _ writer: PushWriter) async throws {
    var rest = data
    while let part = rest.readSlice(length: min(rest.readableBytes, 90_000)),
      part.readableBytes > 0
    {
      try await writer.write(part)
    }
    try await writer.finish()
  }

  /// The connection of each hop, cut again and again.
  @Test(arguments: loopCounts, [UInt64](0..<6))
  func cutAgainAndAgain(loops: Int, seed: UInt64) async throws {
    let dice = NIOLockedValueBox(Dice(state: seed &+ UInt64(loops) << 32))
    let cuts = NIOLockedValueBox(0)
    let sent = data(2_000_000)
    try await withBench(loops: loops) { bench in
      let (nodes, session, proxies) = try await chain(bench, 2 + Int(seed % 2)) { _ in
        let after = dice.withLockedValue { Int.random(in: 1_000...150_000, using: &$0) }
        return Cut(after: after) { cuts.withLockedValue { $0 += 1 } }
      }
      let first = nodes[0]
      let last = nodes[nodes.count - 1]
      let task = try TaskID(Self.task)
      async let pulled = try bench.pull(last.port(0, of: session), task)
      let writer = try bench.client.push(
        to: first.port(0, of: session), task: task, awaitsTask: true)
      try await send(sent, writer)
      #expect(try await pulled == sent, "seed \(seed)")
      for node in nodes {
        let status = try await bench.status(node, session, task) { $0.state == .finished }
        #expect(status.inputs[0].bytes == Int64(sent.readableBytes), "nothing lost, nothing twice")
        #expect(status.inputs[0].checksum?.bytes == Int64(sent.readableBytes))
      }
      #expect(cuts.withLockedValue { $0 } > 20)
      for proxy in proxies { try await proxy.close() }
    }
  }

  /// The library's own pushes; and where the node does not notice, the new connection pushes the old one aside.
  @Test(arguments: loopCounts, [Verdict.breakOff, .vanish])
  func theClientsPush(loops: Int, verdict: Verdict) async throws {
    let sent = data(1_500_000)
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("node", .builtin(.echo), Self.resuming())
      let session = try await bench.ready(node)
      let proxy = try await FaultyProxy(to: node) { number in
        Cut(after: number < 8 ? 150_000 : .max, verdict)
      }
      let client = bench.client(resume: Self.settings())
      let task = TaskID.random()
      async let pulled = try bench.pull(node.port(0, of: session), task)
      let writer = try client.push(to: proxy.url(session), task: task)
      try await send(sent, writer)
      #expect(try await pulled == sent)
      try await client.close()
      try await proxy.close()
    }
  }

  /// The connection goes after `done`, while the tasks behind still work; and once more when they have ended.
  @Test(arguments: loopCounts)
  func theAnswerAlone(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let cut = NIOLockedValueBox(false)
      let connections = NIOLockedValueBox(0)
      let last = try await bench.node("last", .builtin(.echo), Self.resuming())
      let end = try await bench.ready(last)
      let proxy = try await FaultyProxy(to: last) { _ in
        connections.withLockedValue { $0 += 1 }
        return Gate { cut.withLockedValue { $0 } }
      }
      let first = try await bench.node("first", .builtin(.echo), Self.resuming())
      let session = try await bench.ready(first, to: [proxy.url(end)])
      let task = TaskID.random()
      let writer = try bench.client.push(
        to: first.port(0, of: session), task: task, awaitsTask: true)
      try await writer.write(ByteBuffer(string: "data"))
      async let finished: Void = writer.finish()
      try await bench.status(last, end, task) { $0.inputs.first?.done == true }
      // From now on every connection is cut at its first byte, so the answer cannot come.
      cut.withLockedValue { $0 = true }
      #expect(try await bench.pull(last.port(0, of: end), task) == ByteBuffer(string: "data"))
      try await bench.status(last, end, task) { $0.state == .finished }
      try await eventually("it has tried again") { connections.withLockedValue { $0 } > 3 }
      cut.withLockedValue { $0 = false }
      try await finished
      try await bench.status(first, session, task) { $0.state == .finished }
      try await proxy.close()
    }
  }

  /// What fails meanwhile is told to the push when it is back.
  @Test func theFailureWaits() async throws {
    try await withBench(loops: 1) { bench in
      let cut = NIOLockedValueBox(false)
      let last = try await bench.node("last", .builtin(.echo), Self.resuming())
      let end = try await bench.ready(last)
      let proxy = try await FaultyProxy(to: last) { _ in Gate { cut.withLockedValue { $0 } } }
      let client = bench.client(resume: Self.settings())
      let task = TaskID.random()
      let writer = try client.push(to: proxy.url(end), task: task, awaitsTask: true)
      try await writer.write(ByteBuffer(string: "data"))
      let reader = try bench.client.pull(from: last.port(0, of: end), task: task)
      #expect(try await reader.first(4) == "data")
      cut.withLockedValue { $0 = true }
      try? await writer.write(ByteBuffer(string: "more"))
      try await eventually("the node has noticed") {
        last.log.lines.contains { $0.message.contains("lost its connection") }
      }
      reader.cancel()
      try await bench.status(last, end, task) { $0.state == .failed }
      cut.withLockedValue { $0 = false }
      await failure(.cancelled, naming: "the pull went away before the end") {
        try await writer.finish()
      }
      try await client.close()
      try await proxy.close()
    }
  }

  /// Past the time both sides say what they have waited for, and their neighbours hear it.
  @Test func theTimeRunsOut() async throws {
    try await withBench(loops: 1) { bench in
      let cut = NIOLockedValueBox(false)
      let (nodes, session, proxies) = try await chain(
        bench, 2, Self.resuming(time: .milliseconds(300))
      ) { _ in Gate { cut.withLockedValue { $0 } } }
      let task = TaskID.random()
      let writer = try bench.client.push(
        to: nodes[0].port(0, of: session), task: task, awaitsTask: true)
      try await writer.write(ByteBuffer(string: "data"))
      let reader = try bench.client.pull(from: nodes[1].port(0, of: session), task: task)
      #expect(try await reader.first(4) == "data")
      cut.withLockedValue { $0 = true }
      try await writer.write(ByteBuffer(string: "more"))
      await failure(
        .aborted, naming: "lost its connection behind byte", "within 0.3 s (--resume-time)"
      ) {
        try await writer.finish()
      }
      await failure(.dataLoss, naming: "was not back within 0.3 s (--resume-time)", "at byte 4") {
        try await reader.rest()
      }
      for proxy in proxies { try await proxy.close() }
    }
  }

  /// Who comes with another token, or to a task that is not there, is told; the first is undisturbed.
  @Test func strangers() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("node", .builtin(.echo), Self.resuming())
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let writer = try bench.client.push(to: node.port(0, of: session), task: task)
      try await writer.write(ByteBuffer(string: "data"))
      try await bench.status(node, session, task) { $0.inputs.first?.bytes == 4 }
      for (id, base, word) in [
        (task, 4, "does not know the push"), (task, 0, "does not know the push"),
        (.random(), 4, "does not know the task"),
      ] as [(TaskID, Int, String)] {
        let opening = PushEncoder.opening(PushHeader(sessionID: session, taskID: id, port: 0))
        let status = try await RawCall.make(
          .push, of: node.url, [[opening]], halfCloses: false,
          metadata: [
            "headrace": "1; features=await,crc,resume",
            "headrace-resume": "x; from=\(base); attempt=1",
          ])
        #expect(status.code == .failedPrecondition && status.message.contains(word), "\(status)")
      }
      async let pulled = try bench.pull(node.port(0, of: session), task)
      try await writer.finish()
      #expect(try await pulled == ByteBuffer(string: "data"))
    }
  }

  /// Without it on either side, the loss of a connection is the end, as it was.
  @Test(arguments: [true, false])
  func switchedOff(atTheSender: Bool) async throws {
    try await withBench(loops: 1) { bench in
      let off: (inout NodeConfiguration) -> Void = { $0.resume.time = .zero }
      let last = try await bench.node("last", .builtin(.echo), atTheSender ? Self.resuming() : off)
      let end = try await bench.ready(last)
      let proxy = try await FaultyProxy(to: last) { _ in Cut(after: 20_000) }
      let first = try await bench.node(
        "first", .builtin(.echo), atTheSender ? off : Self.resuming())
      let session = try await bench.ready(first, to: [proxy.url(end)])
      let task = TaskID.random()
      await failure(.aborted, naming: "is lost") {
        try await bench.push(data(100_000), to: first.port(0, of: session), task, awaitsTask: true)
      }
      await failure(.dataLoss, naming: "broke off") {
        try await bench.pull(last.port(0, of: end), task)
      }
      try await proxy.close()
    }
  }

  /// Cuts as long as it is told to.
  private final class Gate: Fault {
    private let isShut: @Sendable () -> Bool
    init(_ isShut: @escaping @Sendable () -> Bool) { self.isShut = isShut }
    func pass(_ bytes: inout ByteBuffer, toNode: Bool) -> Verdict { isShut() ? .breakOff : .pass }
  }
}
