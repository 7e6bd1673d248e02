// No wait without an end: each deadline's error names what was waited for.

import Client
import MNP
import NIOCore
import Node
import OperatorFile
import Testing
import Transport

@Suite(.timeLimit(.minutes(5)))
struct WaitTests {
  /// A session of one node whose tasks must go on moving.
  private func watched(
    _ bench: Bench, _ definition: OperatorDefinition, outputs: Int = 1
  ) async throws -> (TestNode, SessionID, TaskID) {
    let node = try await bench.node("watched", definition) {
      $0.limits.progressDeadline = .seconds(1)
    }
    return (node, try await bench.ready(node, outputs: outputs), TaskID.random())
  }

  @Test(arguments: loopCounts)
  func pusherThatStops(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let (node, session, task) = try await watched(bench, .command(["cat"]))
      let writer = try bench.client.push(to: node.port(0, of: session), task: task)
      try await writer.write(ByteBuffer(string: "data"))
      await failure(
        .deadlineExceeded, naming: "input 0 (in) at byte 4", "no byte has moved for 1.0 s",
        "waits for the pusher of input 0"
      ) {
        try await bench.pull(node.port(0, of: session), task)
      }
      await failure(.deadlineExceeded, naming: "the pusher of input 0") {
        try await writer.finish()
      }
    }
  }

  @Test(arguments: loopCounts)
  func operatorThatStops(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let (node, session, task) = try await watched(
        bench, .shell("exec sleep 600"), outputs: 0)
      let data = ByteBuffer(repeating: 7, count: 64 << 20)
      await failure(.deadlineExceeded, naming: "waits for the operator") {
        try await bench.push(data, to: node.port(0, of: session), task)
      }
      try await bench.status(node, session, task) { $0.state == .failed }
    }
  }

  @Test(arguments: loopCounts)
  func readerThatStops(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let (node, session, task) = try await watched(bench, .builtin(.echo))
      let data = ByteBuffer(repeating: 7, count: 64 << 20)
      let reader = try bench.client.pull(from: node.port(0, of: session), task: task)
      await failure(.deadlineExceeded, naming: "waits for the reader of output 0") {
        try await bench.push(data, to: node.port(0, of: session), task)
      }
      await failure(.deadlineExceeded, naming: "the reader of output 0") {
        try await reader.rest()
      }
    }
  }

  /// Slow is not still: a byte now and then is enough.
  @Test func slowIsNotStill() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("slow", .command(["cat"])) {
        $0.limits.progressDeadline = .seconds(1)
      }
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let writer = try bench.client.push(to: node.port(0, of: session), task: task)
      let reader = try bench.client.pull(from: node.port(0, of: session), task: task)
      let start = NIODeadline.now()
      var count = 0
      // Each byte goes when the one before has come out: over three times the deadline in all.
      while NIODeadline.now() - start < .seconds(3) {
        try await writer.write(ByteBuffer(string: "."))
        #expect(try await reader.first(1) == ".")
        count += 1
      }
      try await writer.finish()
      #expect(try await reader.rest().readableBytes == 0)
      let status = try await bench.status(node, session, task) { $0.state == .finished }
      #expect(status.inputs.first?.bytes == Int64(count))
    }
  }

  @Test(arguments: [MNPMethod.about, .initialize, .quit, .quitSession, .queryTask, .pull])
  func requestThatNeverComes(method: MNPMethod) async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"])) {
        $0.limits.firstMessageDeadline = .milliseconds(50)
      }
      let status = try await RawCall.make(method, of: node.url, [], halfCloses: false)
      #expect(status.code == .deadlineExceeded, "\(status)")
      #expect(status.message.contains(method.path), "\(status)")
    }
  }

  /// Where the node's budget is used up, a new call is refused, and what runs goes on to its end.
  @Test(arguments: loopCounts)
  func budgetThatIsUsedUp(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"])) {
        $0.transport.budget = WindowBudget(limit: 1 << 20)
      }
      let session = try await bench.ready(node)
      let port = node.port(0, of: session)
      var running: [(PushWriter, TaskID)] = []
      var refusal: MNPClientError?
      // A call takes 64 KiB at least: sixteen calls are more than there is.
      while refusal == nil, running.count < 16 {
        let task = TaskID.random()
        let writer = try bench.client.push(to: port, task: task)
        do {
          try await writer.write(ByteBuffer(string: "\(running.count)"))
          try await bench.status(node, session, task) { $0.inputs.first?.bytes ?? 0 > 0 }
          running.append((writer, task))
        } catch let error as MNPClientError {
          refusal = error
        }
      }
      #expect(refusal?.code == .resourceExhausted, "\(String(describing: refusal))")
      #expect(running.count >= 2)
      for (index, (writer, task)) in running.enumerated() {
        try await writer.finish()
        #expect(String(buffer: try await bench.pull(port, task)) == "\(index)")
      }
      // And its share is there again.
      let task = TaskID.random()
      try await bench.push("again", to: port, task)
      #expect(String(buffer: try await bench.pull(port, task)) == "again")
    }
  }
}
