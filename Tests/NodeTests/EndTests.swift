// What counts as an operator's end, and what does not.

import Client
import MNP
import NIOCore
import Node
import OperatorFile
import Testing

@Suite(.timeLimit(.minutes(5)))
struct EndTests {
  @Test(arguments: loopCounts)
  func closedStandardOutputIsNoEnd(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node(
        "closer",
        shell: "echo partial; exec >&-; echo closed >&2; cat >/dev/null; echo why >&2; exit 3")
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let reader = try bench.client.pull(from: node.port(0, of: session), task: task)
      let writer = try bench.client.push(to: node.port(0, of: session), task: task)
      #expect(try await reader.first(8) == "partial\n")
      try await eventually("the operator has closed its output") {
        node.log.standardError.contains { $0.message == "closed" }
      }
      try await writer.finish()
      await failure(
        .aborted,
        naming: "node closer", "session s", "task \(task)", "output 0 (out) at byte 8",
        "exited with code 3", "standard error ends with", "why"
      ) {
        try await reader.next()
      }
      let status = try await bench.status(node, session, task) { $0.state == .failed }
      let cause = try #require(status.failure)
      #expect(cause.kind == .operator)
      #expect(cause.exitCode == 3)
      #expect(cause.node == "closer")
      #expect(cause.session == "s")
      #expect(cause.task == "\(task)")
      #expect(cause.stderrTail == ["closed", "why"])
      #expect(!status.outputs[0].done)
      #expect(status.outputs[0].bytes == 8)
    }
  }

  @Test func signalIsNamed() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("killed", shell: "kill -KILL $$")
      let session = try await bench.ready(node, inputs: 0)
      let task = TaskID.random()
      await failure(.aborted, naming: "signal 9 (SIGKILL)") {
        try await bench.pull(node.port(0, of: session), task)
      }
      let status = try await bench.status(node, session, task) { $0.state == .failed }
      #expect(status.failure?.signal == 9)
    }
  }

  /// It goes with its group, by SIGTERM, or where it does not hear that, by SIGKILL.
  @Test(
    arguments: loopCounts,
    ["sleep 600 & echo $! >&2; echo data", "(trap '' TERM; sleep 600; :) & echo $! >&2; echo data"])
  func grandchildDoesNotKeepTheOutputOpen(loops: Int, script: String) async throws {
    try await withBench(loops: loops) { bench in
      var definition = OperatorDefinition.shell(script)
      definition.grace = .milliseconds(100)
      let node = try await bench.node("parent", definition)
      let session = try await bench.ready(node, inputs: 0)
      let task = TaskID.random()
      let data = try await bench.pull(node.port(0, of: session), task)
      #expect(String(buffer: data) == "data\n")
      try await bench.status(node, session, task) { $0.state == .finished }
      let line = try #require(node.log.standardError.first?.message)
      let grandchild = try #require(Int(line))
      #expect(!isRunning(grandchild))
    }
  }

  /// As `head -1` does; the shell's `read` takes a byte at a time, so that what is left is known.
  @Test(arguments: loopCounts)
  func unreadInputIsCounted(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("head", shell: "read line; echo \"$line\"")
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let data = ByteBuffer(repeating: UInt8(ascii: "x"), count: 3 << 20)
      let reader = try bench.client.pull(from: node.port(0, of: session), task: task)
      let writer = try bench.client.push(to: node.port(0, of: session), task: task)
      try await writer.write(ByteBuffer(string: "first\n"))
      try await writer.write(data)
      try await writer.finish()
      #expect(String(buffer: try await reader.rest()) == "first\n")
      let status = try await bench.status(node, session, task) { $0.state == .finished }
      #expect(status.inputs[0].done)
      #expect(status.inputs[0].bytes == Int64(6 + data.readableBytes))
      #expect(status.inputs[0].unread == Int64(data.readableBytes))
    }
  }

  @Test(arguments: loopCounts)
  func realHeadSucceeds(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("head", .command(["head", "-1"]))
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let lines = ByteBuffer(repeating: UInt8(ascii: "\n"), count: 1 << 20)
      try await bench.push(lines, to: node.port(0, of: session), task)
      #expect(try await bench.pull(node.port(0, of: session), task).readableBytes == 1)
      let status = try await bench.status(node, session, task) { $0.state == .finished }
      #expect((1..<1 << 20).contains(Int(status.inputs[0].unread)))
    }
  }

  @Test(arguments: loopCounts)
  func earlyEndCanBeAFailure(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      var definition = OperatorDefinition.shell("read line; echo \"$line\"")
      definition.earlyEnd = .fail
      let node = try await bench.node("strict", definition)
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let reader = try bench.client.pull(from: node.port(0, of: session), task: task)
      // Behind the first line, so that the operator leaves something.
      try? await bench.push("first\nsecond\n", to: node.port(0, of: session), task)
      await failure(.aborted, naming: "early_end: fail", "7 bytes unread") {
        try await reader.rest()
      }
      let status = try await bench.status(node, session, task) { $0.state == .failed }
      #expect(status.failure?.port == "input 0 (in)")
      #expect(status.failure?.offset == 6)
    }
  }

  /// Nothing reads an output that nobody pulls: the operator's end is still its end.
  @Test(arguments: loopCounts)
  func outputThatNobodyPullsHoldsNothing(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let session = try await bench.ready(node)
      let task = TaskID.random()
      try await bench.push("data", to: node.port(0, of: session), task, awaitsTask: true)
      let status = try await bench.client.queryTask(node.session(session), task: task)
      #expect(status.state == .finished)
      #expect(String(buffer: try await bench.pull(node.port(0, of: session), task)) == "data")
    }
  }
}
