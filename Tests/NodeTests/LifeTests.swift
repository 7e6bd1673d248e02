// The lives of tasks, sessions and nodes: how they end, and what is left of them.

import Client
import MNP
import NIOCore
import Node
import OperatorFile
import Testing

@Suite(.timeLimit(.minutes(5)))
struct LifeTests {
  // MARK: Tasks

  /// A task whose status is gone is remembered by its id: it never starts a second time.
  @Test(arguments: loopCounts)
  func expiredTask(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("once", shell: "echo started >&2; cat") {
        $0.limits.statusLifetime = .milliseconds(100)
      }
      let session = try await bench.ready(node)
      let port = node.port(0, of: session)
      let task = TaskID.random()
      try await bench.push("data", to: port, task)
      try await eventually("the status is gone") {
        do {
          _ = try await bench.client.queryTask(node.session(session), task: task)
          return false
        } catch let error as MNPClientError {
          return error.code == .failedPrecondition
        }
      }
      let words = "task \(task): the task has ended and its status is gone"
      await failure(.failedPrecondition, naming: words) { try await bench.pull(port, task) }
      await failure(.failedPrecondition, naming: words) {
        try await bench.push("data", to: port, task)
      }
      await failure(.failedPrecondition, naming: words) {
        try await bench.client.queryTask(node.session(session), task: task, ensure: true)
      }
      #expect(node.log.standardError.map(\.message) == ["started"])
    }
  }

  @Test(arguments: loopCounts)
  func inputThatNobodyOpens(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("concat", .builtin(.concat)) {
        $0.limits.inputDeadline = .milliseconds(100)
      }
      let one = try await bench.ready(node, "one")
      let two = try await bench.ready(node, "two", inputs: 2)
      let opened = TaskID.random()
      let writer = try bench.client.push(to: node.port(0, of: one), task: opened)
      try await writer.write(ByteBuffer(string: "data"))
      try await bench.status(node, one, opened) { $0.inputs.first?.bytes == 4 }
      let halfOpened = TaskID.random()
      let half = try bench.client.push(to: node.port(0, of: two), task: halfOpened)
      try await half.write(ByteBuffer(string: "data"))
      await failure(.deadlineExceeded, naming: "input 1", "nobody pushed to it within 0.1 s") {
        try await bench.pull(node.port(0, of: two), halfOpened)
      }
      await failure(.deadlineExceeded) { try await half.finish() }
      // An open push may take all the time it wants.
      #expect(try await bench.client.queryTask(node.session(one), task: opened).state == .exists)
      try await writer.finish()
      #expect(String(buffer: try await bench.pull(node.port(0, of: one), opened)) == "data")
    }
  }

  @Test func pushThatNamesNothing() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"])) {
        $0.limits.firstMessageDeadline = .milliseconds(50)
      }
      let status = try await RawCall.make(.push, of: node.url, [], halfCloses: false)
      #expect(status.code == .deadlineExceeded, "\(status)")
    }
  }

  @Test func taskIsUnknownUntilEnsured() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("source", shell: "echo data")
      let session = try await bench.ready(node, inputs: 0)
      let task = TaskID.random()
      let url = node.session(session)
      #expect(try await bench.client.queryTask(url, task: task).state == .unknown)
      #expect(try await bench.client.queryTask(url, task: task, ensure: true).state == .exists)
      #expect(String(buffer: try await bench.pull(node.port(0, of: session), task)) == "data\n")
      try await bench.status(node, session, task) { $0.state == .finished }
    }
  }

  // MARK: Sessions

  /// The answer comes when the processes are gone, those too that do not hear SIGTERM.
  @Test(arguments: loopCounts, ["exec sleep 600", "trap '' TERM; sleep 600 & wait; sleep 600"])
  func quitSession(loops: Int, script: String) async throws {
    try await withBench(loops: loops) { bench in
      var definition = OperatorDefinition.shell("echo $$ >&2; \(script)")
      definition.grace = .milliseconds(100)
      let node = try await bench.node("sleeper", definition)
      let session = try await bench.ready(node, inputs: 0, outputs: 1)
      let tasks = (0..<3).map { _ in TaskID.random() }
      let readers = try tasks.map {
        try bench.client.pull(from: node.port(0, of: session), task: $0)
      }
      try await eventually("all three run") { node.log.standardError.count == 3 }
      let pids = node.log.standardError.compactMap { Int($0.message) }
      #expect(pids.allSatisfy(isRunning))
      try await bench.client.quitSession(node.session(session))
      #expect(pids.count == 3)
      #expect(!pids.contains(where: isRunning))
      for (task, reader) in zip(tasks, readers) {
        await failure(.cancelled, naming: "session s, task \(task)", "the session was quit") {
          try await reader.rest()
        }
      }
      await failure(.notFound) {
        try await bench.client.queryTask(node.session(session), task: tasks[0])
      }
      // The id is free, and so are the tasks' ids.
      try await bench.ready(node, inputs: 0, outputs: 1)
      #expect(
        try await bench.client.queryTask(node.session(session), task: tasks[0]).state == .unknown)
    }
  }

  @Test(arguments: loopCounts)
  func sessionThatIsQuitTwiceAtOnce(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("sleeper", shell: "echo $$ >&2; exec sleep 600")
      let session = try await bench.ready(node, inputs: 0, outputs: 0)
      let url = node.session(session)
      _ = try await bench.client.queryTask(url, task: .random(), ensure: true)
      async let first: Void = bench.client.quitSession(url)
      async let second: Void = bench.client.quitSession(url)
      // Whichever comes first; the other waits with it, or finds nothing.
      var refusals = 0
      do { try await first } catch { refusals += 1 }
      do { try await second } catch { refusals += 1 }
      #expect(refusals <= 1)
      try await bench.ready(node, inputs: 0, outputs: 0)
    }
  }

  // MARK: Nodes

  @Test(arguments: loopCounts)
  func quitDrains(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"])) { $0.drain = .minutes(5) }
      let session = try await bench.ready(node)
      let port = node.port(0, of: session)
      let task = TaskID.random()
      let writer = try bench.client.push(to: port, task: task)
      try await writer.write(ByteBuffer(string: "before "))
      try await bench.status(node, session, task) { $0.inputs[0].bytes == 7 }
      try await bench.client.quit(node.url)
      try await bench.client.quit(node.url)
      await failure(.unavailable, naming: "node cat is shutting down") {
        try await bench.initialize(node, "another")
      }
      for client in [bench.client, bench.anotherClient()] {
        await failure(.unavailable, naming: "node cat is shutting down") {
          try await client.pull(from: port, task: .random()).rest()
        }
      }
      // What runs goes on, and new calls may belong to it.
      let reader = try bench.client.pull(from: port, task: task)
      #expect(try await reader.first(7) == "before ")
      try await writer.write(ByteBuffer(string: "after"))
      try await writer.finish()
      #expect(String(buffer: try await reader.rest()) == "after")
      try await node.node.ended.get()
    }
  }

  @Test func drainHasAnEnd() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("sleeper", shell: "echo $$ >&2; exec sleep 600") {
        $0.drain = .milliseconds(50)
      }
      let session = try await bench.ready(node, inputs: 0)
      let reader = try bench.client.pull(from: node.port(0, of: session), task: .random())
      try await eventually("it runs") { !node.log.standardError.isEmpty }
      let pid = try #require(node.log.standardError.first.flatMap { Int($0.message) })
      try await bench.client.quit(node.url)
      await failure(.cancelled, naming: "the node's drain time ran out") {
        try await reader.rest()
      }
      try await node.node.ended.get()
      #expect(!isRunning(pid))
    }
  }

  @Test func quitOfAnIdleNode() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      try await bench.ready(node)
      try await bench.client.quit(node.url)
      try await node.node.ended.get()
      let late = bench.anotherClient()
      await failure(.unavailable) { try await late.about(node.url) }
    }
  }

  @Test func quitIsRefused() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"])) { $0.refusesQuit = true }
      await failure(.permissionDenied, naming: "--no-quit") {
        try await bench.client.quit(node.url)
      }
      try await bench.ready(node)
    }
  }
}
