// Pulls that read when the task has already ended, and those that go away at the very end.

import Client
import MNP
import NIOCore
import Node
import OperatorFile
import Testing

@Suite(.timeLimit(.minutes(5)))
struct LatePullTests {
  private static let size = 8 << 20

  /// A task that has finished with all of its output still to be pulled, and a pull of it that has
  /// read one chunk.
  private func finished(
    _ bench: Bench, _ adjust: (inout NodeConfiguration) -> Void = { _ in }
  ) async throws -> (node: TestNode, session: SessionID, task: TaskID, pull: PullReader, read: Int)
  {
    var definition = OperatorDefinition.shell(
      "head -c \(Self.size) /dev/zero > \"$HEADRACE_OUTPUT_0\"")
    definition.inputs = []
    definition.outputs = [PortDefinition(name: "zeros", via: .file)]
    let node = try await bench.node("zeros", definition, adjust)
    let session = try await bench.ready(node, inputs: 0)
    let task = TaskID.random()
    _ = try await bench.client.queryTask(node.session(session), task: task, ensure: true)
    try await bench.status(node, session, task) { $0.state == .finished }
    let pull = try bench.client.pull(from: node.port(0, of: session), task: task)
    let chunk = try #require(try await pull.next())
    return (node, session, task, pull, chunk.readableBytes)
  }

  @Test(arguments: loopCounts)
  func readsOnWhenTheStatusExpires(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let late = try await finished(bench) { $0.limits.statusLifetime = .seconds(1) }
      try await eventually("the status is gone") {
        do {
          _ = try await bench.client.queryTask(late.node.session(late.session), task: late.task)
          return false
        } catch let error as MNPClientError {
          return error.code == .failedPrecondition
        }
      }
      let rest = try await late.pull.rest()
      #expect(late.read + rest.readableBytes == Self.size)
    }
  }

  @Test(arguments: loopCounts)
  func isCutOffWithItsSession(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let late = try await finished(bench)
      try await bench.client.quitSession(late.node.session(late.session))
      await failure(.cancelled, naming: "output 0 (zeros)") { try await late.pull.rest() }
    }
  }

  /// QuitSession waits for the operators that it stops: a pull that comes meanwhile ends with it.
  @Test(arguments: loopCounts)
  func comesWhileItsSessionIsQuit(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      var definition = OperatorDefinition.shell(
        """
        read word
        if [ "$word" = stay ]; then
          trap '' TERM
          echo staying >&2
          while :; do sleep 0.1; done
        fi
        head -c \(Self.size) /dev/zero > "$HEADRACE_OUTPUT_0"
        """)
      definition.outputs = [PortDefinition(name: "zeros", via: .file)]
      definition.grace = .seconds(3)
      let node = try await bench.node("zeros", definition)
      let session = try await bench.ready(node)
      let whole = TaskID.random()
      let staying = TaskID.random()
      try await bench.push("go\n", to: node.port(0, of: session), whole)
      try await bench.push("stay\n", to: node.port(0, of: session), staying)
      try await bench.status(node, session, whole) { $0.state == .finished }
      try await eventually("it no longer hears SIGTERM") {
        node.log.standardError.contains { $0.message == "staying" }
      }
      async let quit: Void = bench.client.quitSession(node.session(session))
      try await bench.status(node, session, staying) { $0.state == .failed }
      let pull = try bench.client.pull(from: node.port(0, of: session), task: whole)
      _ = try #require(try await pull.next())
      try await quit
      await failure(.cancelled, naming: "the session was quit") { try await pull.rest() }
    }
  }

  @Test(arguments: loopCounts)
  func readsOnWhileTheNodeDrains(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let late = try await finished(bench)
      try await bench.client.quit(late.node.url)
      let rest = try await late.pull.rest()
      #expect(late.read + rest.readableBytes == Self.size)
      try await bench.client.close()
      try await late.node.node.ended.get()
    }
  }

  @Test(arguments: loopCounts)
  func isCutOffAtTheEndOfTheDrain(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let late = try await finished(bench) { $0.drain = .milliseconds(100) }
      try await bench.client.quit(late.node.url)
      await failure(.cancelled, naming: "the node's drain time ran out") {
        // Not read before the node has ended it: what is on its way would hide the end.
        try await late.node.node.ended.get()
        return try await late.pull.rest()
      }
    }
  }

  /// The end is queued behind bytes that the peer has not taken: when it goes, they are lost.
  @Test(arguments: loopCounts)
  func goneWithBytesBehindTheEnd(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("zeros", shell: "head -c 600000 /dev/zero")
      let session = try await bench.ready(node, inputs: 0)
      let task = TaskID.random()
      let pull = try bench.client.pull(from: node.port(0, of: session), task: task)
      // More than the window lets through, less than that and the node's own queue.
      try await bench.status(node, session, task) { $0.outputs.first?.done == true }
      let before = try await bench.client.queryTask(node.session(session), task: task)
      #expect(before.state == .exists)
      pull.cancel()
      let after = try await bench.status(node, session, task) { $0.state != .exists }
      #expect(after.state == .failed)
      #expect(
        after.error.contains("output 0 (out) at byte 600000: the pull went away before the end"))
    }
  }
}
