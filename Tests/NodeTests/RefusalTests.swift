// Requests that cannot be: each ends with its status, and nothing else is touched.

import Client
import GRPC
import MNP
import NIOCore
import Node
import OperatorFile
import Testing

@Suite(.timeLimit(.minutes(5)))
struct RefusalTests {
  // MARK: Init

  @Test func duplicateSession() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let session = try await bench.ready(node)
      await failure(.alreadyExists, naming: "node cat has a session s already") {
        try await bench.initialize(node)
      }
      // The first is as it was.
      let task = TaskID.random()
      try await bench.push("data", to: node.port(0, of: session), task)
      #expect(String(buffer: try await bench.pull(node.port(0, of: session), task)) == "data")
    }
  }

  @Test func emptySessionID() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      await failure(.invalidArgument, naming: "the session id is empty") {
        try await bench.client.initialize(node.url, InitRequest(sessionID: nil))
      }
    }
  }

  @Test func destinationThatNamesNoPort() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      await failure(.invalidArgument, naming: "mnp://127.0.0.1:1/s") {
        try await bench.initialize(
          node, to: [NodeURL(host: "127.0.0.1", tcpPort: 1, session: try SessionID("s"))])
      }
      try await bench.ready(node)
    }
  }

  /// Once SS_INITIALIZING was sent, a failure is a state of the session, and its id is free again.
  @Test(arguments: loopCounts)
  func initThatFails(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let missing = try await bench.node("missing", .command(["no-such-command-anywhere"]))
      func error(_ node: TestNode, _ answer: InitResponse) -> String {
        #expect(answer.state == .failed)
        #expect(answer.error.contains("node \(node.name), session s"))
        return answer.error
      }
      #expect(
        error(missing, try await bench.initialize(missing))
          .contains("command not found: no-such-command-anywhere"))
      let foreign = AnyMessage(typeURL: "type.googleapis.com/foreign.Configuration", value: [])
      #expect(
        error(node, try await bench.initialize(node, configuration: foreign))
          .contains("type.googleapis.com/foreign.Configuration"))
      let broken = AnyMessage(typeURL: Configuration.typeURL, value: [0xFF])
      #expect(
        error(node, try await bench.initialize(node, configuration: broken))
          .contains("the configuration cannot be read"))
      for name in ["LD_PRELOAD", "PATH", "PYTHONSTARTUP", "BASH_ENV", "IFS"] {
        #expect(
          error(node, try await bench.initialize(node, parameters: [name: "x"]))
            .contains("'\(name)' from Init: never taken"))
      }
      #expect(
        error(node, try await bench.initialize(node, inputs: 2)).contains("--operator"))
      try await bench.ready(node)
    }
  }

  @Test func statesComeInOrder() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let states = LogRecord()
      let logger = states.logger()
      _ = try await bench.client.initialize(
        node.url, InitRequest(sessionID: try SessionID("s"))
      ) { logger.info("\($0.state)") }
      #expect(states.lines.map(\.message) == ["initializing", "ready"])
    }
  }

  @Test func limits() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"])) {
        $0.limits.sessions = 1
        $0.limits.tasksPerSession = 1
      }
      let session = try await bench.ready(node)
      await failure(.resourceExhausted, naming: "1 sessions") {
        try await bench.initialize(node, "another")
      }
      let first = TaskID.random()
      let writer = try bench.client.push(to: node.port(0, of: session), task: first)
      try await bench.status(node, session, first) { $0.state == .exists }
      await failure(.resourceExhausted, naming: "running tasks") {
        try await bench.push("data", to: node.port(0, of: session), .random())
      }
      // An ended task counts no more.
      try await writer.finish()
      try await bench.status(node, session, first) { $0.state == .finished }
      try await bench.push("data", to: node.port(0, of: session), .random())
    }
  }

  // MARK: Sessions and ports

  @Test func unknownSession() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let nobody = try SessionID("nobody")
      let task = TaskID.random()
      let words = "node cat has no session nobody"
      await failure(.notFound, naming: words) {
        try await bench.push("data", to: node.port(0, of: nobody), task)
      }
      await failure(.notFound, naming: words) {
        try await bench.pull(node.port(0, of: nobody), task)
      }
      for ensure in [false, true] {
        await failure(.notFound, naming: words) {
          try await bench.client.queryTask(node.session(nobody), task: task, ensure: ensure)
        }
      }
      await failure(.notFound, naming: words) {
        try await bench.client.quitSession(node.session(nobody))
      }
    }
  }

  @Test(arguments: loopCounts, [-1, 1, 7, Int32.max, Int32.min])
  func portOutOfRange(loops: Int, port: Int32) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let session = try await bench.ready(node)
      let task = TaskID.random()
      await failure(.invalidArgument, naming: "there is no input \(port)") {
        try await bench.push("data", to: node.port(port, of: session), task)
      }
      await failure(.invalidArgument, naming: "there is no output \(port)") {
        try await bench.pull(node.port(port, of: session), task)
      }
      // Nothing was touched: no task was made.
      #expect(try await bench.client.queryTask(node.session(session), task: task).state == .unknown)
      // And one that runs goes on.
      let writer = try bench.client.push(to: node.port(0, of: session), task: task)
      try await writer.write(ByteBuffer(string: "data"))
      await failure(.invalidArgument, naming: "there is no input \(port)") {
        try await bench.push("data", to: node.port(port, of: session), task)
      }
      await failure(.invalidArgument, naming: "there is no output \(port)") {
        try await bench.pull(node.port(port, of: session), task)
      }
      try await writer.finish()
      #expect(String(buffer: try await bench.pull(node.port(0, of: session), task)) == "data")
    }
  }

  @Test(arguments: loopCounts)
  func secondWriterAndSecondReader(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let session = try await bench.ready(node)
      let port = node.port(0, of: session)
      let task = TaskID.random()
      let other = bench.anotherClient()
      let reader = try bench.client.pull(from: port, task: task)
      let writer = try bench.client.push(to: port, task: task)
      try await writer.write(ByteBuffer(string: "da"))
      #expect(try await reader.first(2) == "da")
      for client in [bench.client, other] {
        await failure(.failedPrecondition, naming: "node cat", "input 0 (in) has, or had, a writer")
        {
          let second = try client.push(to: port, task: task)
          try await second.write(ByteBuffer(string: "false"))
          try await second.finish()
        }
        await failure(
          .failedPrecondition, naming: "node cat", "output 0 (out) has, or had, a reader"
        ) {
          try await client.pull(from: port, task: task).rest()
        }
      }
      try await writer.write(ByteBuffer(string: "ta"))
      try await writer.finish()
      #expect(String(buffer: try await reader.rest()) == "ta")
    }
  }

  @Test func outputWithADestinationIsNotPulled() async throws {
    try await withBench(loops: 1) { bench in
      let last = try await bench.node("last", .command(["cat"]))
      let first = try await bench.node("first", .command(["cat"]))
      let end = try await bench.ready(last)
      let session = try await bench.ready(first, to: [last.port(0, of: end)])
      await failure(.failedPrecondition, naming: "output 0 (out) has a destination") {
        try await bench.pull(first.port(0, of: session), .random())
      }
    }
  }

  // MARK: Bytes that are no request

  @Test func malformedMessages() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let session = try await bench.ready(node)
      let methods: [MNPMethod] = [.initialize, .quitSession, .push, .pull, .queryTask]
      for method in methods {
        for bytes: [UInt8] in [[0xFF], [0x0A, 0x7F, 0x41], [0x0A, 0x02, 0xC3, 0x28]] {
          let status = try await RawCall.make(method, of: node.url, bytes: bytes)
          #expect(status.code == .invalidArgument, "\(method) \(bytes): \(status)")
        }
      }
      // One request message, not two and not none.
      for messages in [[], [[ByteBuffer()], [ByteBuffer()]]] {
        let status = try await RawCall.make(.about, of: node.url, messages)
        #expect(status.code == .unimplemented, "\(status)")
      }
      _ = session
      #expect(try await bench.client.about(node.url).name == "cat")
    }
  }

  enum BadID: CaseIterable {
    case withNUL, long, withSlash, withControl, empty

    var bytes: [UInt8] {
      switch self {
      case .withNUL: Array("a\u{0}b".utf8)
      case .long: Array(repeating: 0x61, count: 10_000)
      case .withSlash: Array("a/b".utf8)
      case .withControl: Array("a\u{7}".utf8)
      case .empty: []
      }
    }
  }

  @Test(arguments: BadID.allCases)
  func idsThatNobodyMayUse(_ bad: BadID) async throws {
    let id = bad.bytes
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      try await bench.ready(node, "a")
      let requests: [(MNPMethod, [UInt8])] = [
        (.initialize, Wire.text(1, id)),
        (.quitSession, Wire.text(1, id)),
        (.push, Wire.text(1, id) + Wire.text(2, "t")),
        (.push, Wire.text(1, "a") + Wire.text(2, id)),
        (.pull, Wire.text(1, id) + Wire.text(2, "t")),
        (.pull, Wire.text(1, "a") + Wire.text(2, id)),
        (.queryTask, Wire.text(1, "a") + Wire.text(2, id)),
      ]
      for (method, bytes) in requests {
        let status = try await RawCall.make(method, of: node.url, bytes: bytes)
        #expect(status.code == .invalidArgument, "\(method): \(status)")
        #expect(status.message.utf8.count < 1000)
      }
    }
  }

  /// What is malformed after the first bytes breaks the push off.
  @Test(arguments: loopCounts)
  func malformedMessageInTheMiddle(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let opening = PushEncoder.opening(PushHeader(sessionID: session, taskID: task, port: 0))
      let data = [PushEncoder.prefix(count: 4), ByteBuffer(string: "data")]
      let status = try await RawCall.make(
        .push, of: node.url, [[opening], data, [ByteBuffer(bytes: [0xFF])]], halfCloses: false)
      #expect(status.code == .invalidArgument, "\(status)")
      let ended = try await bench.status(node, session, task) { $0.state == .failed }
      #expect(ended.failure?.kind == .input)
      #expect(ended.failure?.offset == 4)
      #expect(ended.error.contains("malformed"))
    }
  }
}
