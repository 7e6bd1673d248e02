// Several nodes, wired output to input: data, ends and failures between them.

import Client
import GRPC
import MNP
import NIOCore
import NIOPosix
import Node
import OperatorFile
import Testing
import Transport

@Suite(.timeLimit(.minutes(5)))
struct GraphTests {
  /// Each task is a push of its own to the next node, which allows 40 calls on one connection, and
  /// a process there.
  @Test(arguments: loopCounts)
  func manyTasksThroughOneHost(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let sink = try await bench.node("sink", shell: "exec cat >/dev/null") {
        $0.transport.http2.maxConcurrentStreams = 40
      }
      let source = try await bench.node("source", .builtin(.echo))
      let end = try await bench.ready(sink, outputs: 0)
      let session = try await bench.ready(source, to: [sink.port(0, of: end)])
      let tasks = (0..<140).map { _ in TaskID.random() }
      let writers = try tasks.map {
        try bench.client.push(to: source.port(0, of: session), task: $0, awaitsTask: true)
      }
      for writer in writers { try await writer.write(ByteBuffer(string: "data")) }
      // All of them run at the same time.
      let observer = bench.anotherClient()
      for task in tasks {
        try await bench.status(sink, end, task) { $0.state == .exists && $0.inputs[0].bytes == 4 }
      }
      try await withThrowingTaskGroup { group in
        for writer in writers { group.addTask { try await writer.finish() } }
        try await group.waitForAll()
      }
      for task in tasks {
        let status = try await observer.queryTask(sink.session(end), task: task)
        #expect(status.state == .finished)
      }
    }
  }

  @Test(arguments: loopCounts)
  func diamond(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let join = try await bench.node("join", .builtin(.concat))
      let end = try await bench.ready(join, inputs: 2)
      let lower = try await bench.node("lower", .command(["cat"]))
      let upper = try await bench.node("upper", .command(["tr", "a-z", "A-Z"]))
      let left = try await bench.ready(lower, to: [join.port(0, of: end)])
      let right = try await bench.ready(upper, to: [join.port(1, of: end)])
      let tee = try await bench.node("tee", .builtin(.tee))
      let start = try await bench.ready(
        tee, to: [lower.port(0, of: left), upper.port(0, of: right)])
      let task = TaskID.random()
      let text = String(repeating: "some lines\n", count: 5_000)
      let reader = try bench.client.pull(from: join.port(0, of: end), task: task)
      try await bench.push(text, to: tee.port(0, of: start), task)
      #expect(String(buffer: try await reader.rest()) == text + text.uppercased())
      for (node, session) in [(tee, start), (lower, left), (upper, right), (join, end)] {
        try await bench.status(node, session, task) { $0.state == .finished }
      }
    }
  }

  @Test(arguments: loopCounts)
  func diamondOfLines(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let join = try await bench.node("join", .builtin(.merge))
      let end = try await bench.ready(join, inputs: 2)
      let cat = try await bench.node("cat", .command(["cat"]))
      let left = try await bench.ready(cat, "left", to: [join.port(0, of: end)])
      let right = try await bench.ready(cat, "right", to: [join.port(1, of: end)])
      let split = try await bench.node("split", .builtin(.split))
      let start = try await bench.ready(split, to: [cat.port(0, of: left), cat.port(0, of: right)])
      let task = TaskID.random()
      let lines = (0..<100_000).map { "line \($0)" }
      let reader = try bench.client.pull(from: join.port(0, of: end), task: task)
      async let pushed: Void = bench.push(
        lines.joined(separator: "\n") + "\n", to: split.port(0, of: start), task, awaitsTask: true)
      let merged = String(buffer: try await reader.rest()).split(separator: "\n").map(String.init)
      try await pushed
      #expect(merged.count == lines.count)
      #expect(Set(merged) == Set(lines))
    }
  }

  // MARK: Failures

  /// Three nodes in a row; which one fails is up to the scripts.
  private func chain(_ bench: Bench, _ scripts: [String]) async throws -> [(TestNode, SessionID)] {
    var nodes: [(TestNode, SessionID)] = []
    for (index, script) in scripts.enumerated().reversed() {
      let node = try await bench.node("node\(index)", shell: script)
      let next = nodes.first.map { [$0.0.port(0, of: $0.1)] } ?? []
      nodes.insert((node, try await bench.ready(node, "s\(index)", to: next)), at: 0)
    }
    return nodes
  }

  @Test(arguments: loopCounts)
  func failureInTheLastReachesTheFirst(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let nodes = try await chain(
        bench, ["cat", "cat", "read line; echo broken machine >&2; exit 7"])
      let task = TaskID.random()
      let writer = try bench.client.push(
        to: nodes[0].0.port(0, of: nodes[0].1), task: task, awaitsTask: true)
      try await writer.write(ByteBuffer(string: "line\n"))
      let reader = try bench.client.pull(from: nodes[2].0.port(0, of: nodes[2].1), task: task)
      await failure(
        .aborted, naming: "node node2, session s2, task \(task)", "exited with code 7",
        "broken machine"
      ) { try await reader.rest() }
      for (node, session) in nodes {
        let status = try await bench.status(node, session, task) { $0.state == .failed }
        #expect(status.error.contains("node \(node.name), session \(session), task \(task)"))
        #expect(status.error.contains("node node2, session s2, task \(task)"))
        #expect(status.error.contains("exited with code 7"))
        #expect(status.error.contains("broken machine"))
        #expect(status.failure?.kind == (node.name == "node2" ? .operator : .forward))
      }
      await failure(
        .aborted, naming: "node node0, session s0", "output 0 (out) at byte 5",
        "node node2, session s2, task \(task)", "exited with code 7", "broken machine"
      ) { try await writer.finish() }
    }
  }

  @Test(arguments: loopCounts)
  func failureInTheFirstReachesTheLast(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let nodes = try await chain(bench, ["cat; echo broken machine >&2; exit 7", "cat", "cat"])
      let task = TaskID.random()
      let writer = try bench.client.push(
        to: nodes[0].0.port(0, of: nodes[0].1), task: task, awaitsTask: true)
      try await writer.write(ByteBuffer(string: "line\n"))
      let reader = try bench.client.pull(from: nodes[2].0.port(0, of: nodes[2].1), task: task)
      #expect(try await reader.first(5) == "line\n")
      await failure(
        .aborted, naming: "node node0, session s0, task \(task)", "exited with code 7",
        "broken machine"
      ) { try await writer.finish() }
      await failure(
        .dataLoss, naming: "node node2, session s2", "input 0 (in) at byte 5",
        "node node0, session s0, task \(task)", "exited with code 7", "broken machine"
      ) {
        try await reader.rest()
      }
      for (node, session) in nodes {
        let status = try await bench.status(node, session, task) { $0.state == .failed }
        #expect(status.failure?.kind == (node.name == "node0" ? .operator : .input))
        #expect(status.error.contains("node node0, session s0, task \(task)"))
        #expect(status.error.contains("exited with code 7"))
        #expect(status.error.contains("broken machine"))
      }
    }
  }

  /// Also when the first fails before it has written a byte.
  @Test(arguments: loopCounts)
  func failureBeforeTheFirstByte(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let nodes = try await chain(bench, ["exit 3", "cat", "cat"])
      let task = TaskID.random()
      let reader = try bench.client.pull(from: nodes[2].0.port(0, of: nodes[2].1), task: task)
      let writer = try bench.client.push(
        to: nodes[0].0.port(0, of: nodes[0].1), task: task, awaitsTask: true)
      await failure(.aborted, naming: "exited with code 3") { try await writer.finish() }
      await failure(.dataLoss, naming: "node node0, session s0", "exited with code 3") {
        try await reader.rest()
      }
      for (node, session) in nodes {
        try await bench.status(node, session, task) { $0.state == .failed }
      }
    }
  }

  @Test(arguments: loopCounts)
  func forwardToADeadHost(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let gone = try await bench.node("gone", .command(["cat"]))
      gone.node.end(reason: "the test wants it")
      try await gone.node.ended.get()
      try await expectRefusal(
        bench, at: gone.port(0, of: SessionID("s")), naming: "cannot connect")
    }
  }

  @Test(arguments: loopCounts)
  func forwardToAnUnknownSession(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let next = try await bench.node("next", .command(["cat"]))
      try await expectRefusal(
        bench, at: next.port(0, of: SessionID("nobody")), naming: "node next has no session nobody")
    }
  }

  @Test(arguments: loopCounts)
  func forwardToAPortOutOfRange(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let next = try await bench.node("next", .command(["cat"]))
      let end = try await bench.ready(next)
      try await expectRefusal(bench, at: next.port(7, of: end), naming: "there is no input 7")
    }
  }

  /// Somebody else writes to it.
  @Test(arguments: loopCounts)
  func forwardToATakenPort(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let next = try await bench.node("next", .command(["cat"]))
      let end = try await bench.ready(next)
      let task = TaskID.random()
      let first = try bench.client.push(to: next.port(0, of: end), task: task)
      try await first.write(ByteBuffer(string: "first"))
      try await bench.status(next, end, task) { $0.inputs.first?.bytes == 5 }
      try await expectRefusal(
        bench, at: next.port(0, of: end), task: task,
        naming: "node next", "input 0 (in) has, or had, a writer")
      // Who was first goes on as if nothing had been.
      try await first.finish()
      #expect(String(buffer: try await bench.pull(next.port(0, of: end), task)) == "first")
    }
  }

  /// The node behind takes no more tasks.
  @Test(arguments: loopCounts)
  func forwardToAFullNode(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let next = try await bench.node("next", .command(["cat"])) { $0.limits.tasksPerSession = 1 }
      let end = try await bench.ready(next)
      let running = TaskID.random()
      let first = try bench.client.push(to: next.port(0, of: end), task: running)
      try await bench.status(next, end, running) { $0.state == .exists }
      try await expectRefusal(bench, at: next.port(0, of: end), naming: "running tasks")
      try await first.finish()
      try await bench.status(next, end, running) { $0.state == .finished }
    }
  }

  private func expectRefusal(
    _ bench: Bench, at port: NodeURL, task: TaskID = .random(), naming words: String...
  ) async throws {
    let node = try await bench.node("first", .command(["cat"]))
    let session = try await bench.ready(node, to: [port])
    let writer = try bench.client.push(to: node.port(0, of: session), task: task, awaitsTask: true)
    let error = await failure(
      .aborted, naming: "node first, session s, task \(task), output 0 (out) at byte 0", "\(port)"
    ) { try await writer.finish() }
    for word in words { #expect(error?.message.contains(word) == true, "\(word)") }
    let status = try await bench.status(node, session, task) { $0.state == .failed }
    #expect(status.failure?.kind == .forward)
    #expect(status.failure?.port == "output 0 (out)")
  }
}
