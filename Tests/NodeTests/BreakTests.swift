// Pushes and pulls that go away before their end.

import Client
import MNP
import NIOCore
import Node
import OperatorFile
import Testing

@Suite(.timeLimit(.minutes(5)))
struct BreakTests {
  /// Before the first byte nothing has happened yet; after it, the task cannot go on.
  @Test(arguments: loopCounts, [OperatorDefinition.command(["cat"]), .builtin(.echo)])
  func pullThatGoesAway(loops: Int, definition: OperatorDefinition) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("node", definition)
      let session = try await bench.ready(node)
      let port = node.port(0, of: session)
      let task = TaskID.random()
      for _ in 0..<3 {
        let early = try bench.client.pull(from: port, task: task)
        // Its connection's order: who sees the query's answer has had the pull before it.
        try await bench.status(node, session, task) { $0.state == .exists }
        early.cancel()
        await failure(.cancelled) { try await early.rest() }
      }
      let writer = try bench.client.push(to: port, task: task, awaitsTask: true)
      try await writer.write(ByteBuffer(string: "data"))
      let reader = try bench.client.pull(from: port, task: task)
      #expect(try await reader.first(4) == "data")
      reader.cancel()
      await failure(
        .cancelled, naming: "task \(task), output 0", "at byte 4",
        "the pull went away before the end"
      ) { try await writer.finish() }
      let status = try await bench.status(node, session, task) { $0.state == .failed }
      #expect(status.failure?.kind == .output)
      await failure(.cancelled, naming: "the pull went away before the end") {
        try await bench.pull(port, task)
      }
    }
  }

  @Test(arguments: loopCounts)
  func pushThatGoesAway(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let last = try await bench.node("last", .command(["cat"]))
      let end = try await bench.ready(last)
      let first = try await bench.node("first", .command(["cat"]))
      let session = try await bench.ready(first, to: [last.port(0, of: end)])
      let port = first.port(0, of: session)
      let task = TaskID.random()
      // Before its first byte it may be repeated.
      let early = try bench.client.push(to: port, task: task)
      try await bench.status(first, session, task) { $0.state == .exists }
      early.cancel()
      let writer = try bench.client.push(to: port, task: task)
      try await writer.write(ByteBuffer(string: "data"))
      let reader = try bench.client.pull(from: last.port(0, of: end), task: task)
      #expect(try await reader.first(4) == "data")
      writer.cancel()
      await failure(.dataLoss, naming: "node last", "input 0 (in) at byte 4", "broke off") {
        try await reader.rest()
      }
      for (node, id) in [(first, session), (last, end)] {
        let status = try await bench.status(node, id, task) { $0.state == .failed }
        #expect(status.failure?.kind == .input)
        #expect(status.failure?.offset == 4)
        #expect(!status.inputs[0].done)
      }
      await failure(.dataLoss, naming: "broke off") { try await bench.push("data", to: port, task) }
    }
  }

  /// The end of the stream is no end of the data.
  @Test(arguments: loopCounts)
  func pushWithoutDone(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let opening = PushEncoder.opening(PushHeader(sessionID: session, taskID: task, port: 0))
      let status = try await RawCall.make(
        .push, of: node.url,
        [[opening], [PushEncoder.prefix(count: 4), ByteBuffer(string: "data")]])
      #expect(status.code == .dataLoss, "\(status)")
      let ended = try await bench.status(node, session, task) { $0.state == .failed }
      #expect(ended.failure?.kind == .input)
    }
  }

  /// A client that vanishes takes its task with it, and the task's process.
  @Test(arguments: loopCounts)
  func clientThatVanishes(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", shell: "echo $$ >&2; exec cat")
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let other = bench.anotherClient()
      let writer = try other.push(to: node.port(0, of: session), task: task)
      try await writer.write(ByteBuffer(string: "data"))
      try await bench.status(node, session, task) { $0.inputs.first?.bytes == 4 }
      try await eventually("it runs") { !node.log.standardError.isEmpty }
      let pid = try #require(node.log.standardError.first.flatMap { Int($0.message) })
      try await other.close()
      try await bench.status(node, session, task) { $0.state == .failed }
      try await eventually("its process is gone") { !isRunning(pid) }
    }
  }
}
