// Nodes in this process, on loopback, with a client: what every test here stands on.

import Client
import Logging
import MNP
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Node
import OperatorFile
import Testing
import Transport

/// The number of event loops that a node of a test has: a task's ports are on one loop, or on two.
let loopCounts = [1, 2]

/// A node that listens, and what it has logged.
struct TestNode: Sendable {
  let node: Node
  /// Of the node alone.
  let url: NodeURL
  let name: String
  let log: LogRecord

  func session(_ id: SessionID) -> NodeURL {
    NodeURL(host: url.host, tcpPort: url.tcpPort, session: id)
  }

  func port(_ number: Int32, of id: SessionID) -> NodeURL {
    NodeURL(host: url.host, tcpPort: url.tcpPort, session: id, port: number)
  }
}

/// Nodes and clients of one test, all ended with it.
final class Bench: Sendable {
  let loops: Int
  let client: MNPClient
  private let owned = NIOLockedValueBox(Owned())

  private struct Owned {
    var nodes: [(node: TestNode, group: MultiThreadedEventLoopGroup)] = []
    var clients: [MNPClient] = []
  }

  init(loops: Int) {
    self.loops = loops
    client = Bench.client()
    owned.withLockedValue { $0.clients.append(client) }
  }

  /// Starts a node.
  func node(
    _ name: String, _ definition: OperatorDefinition,
    _ adjust: (inout NodeConfiguration) -> Void = { _ in }
  ) async throws -> TestNode {
    let parameters = try ParameterResolution(
      definition: definition, inherited: ["PATH": "/usr/local/bin:/usr/bin:/bin"], serve: [],
      allowed: .all)
    var configuration = NodeConfiguration(
      name: name, definition: definition, parameters: parameters, transport: .init())
    configuration.tcpPort = 0
    configuration.loops = loops
    configuration.transport.budget = Bench.budget()
    adjust(&configuration)
    let log = LogRecord()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loops)
    let node = try await Node(configuration, group: group, logger: log.logger())
    let address = try await node.start()
    let started = TestNode(
      node: node, url: NodeURL(host: address.host, tcpPort: address.tcpPort), name: name, log: log)
    owned.withLockedValue { $0.nodes.append((started, group)) }
    return started
  }

  /// Starts a node whose operator is a shell script.
  func node(
    _ name: String, shell script: String, _ adjust: (inout NodeConfiguration) -> Void = { _ in }
  ) async throws -> TestNode {
    try await node(name, .shell(script), adjust)
  }

  /// Another client, whose connections are its own: on a node with two loops, one after another
  /// come to different loops.
  func anotherClient() -> MNPClient {
    client(resume: .init())
  }

  /// Another client, whose pushes go on in this way.
  func client(resume: ResumeSettings) -> MNPClient {
    let another = Bench.client(resume)
    owned.withLockedValue { $0.clients.append(another) }
    return another
  }

  private static func client(_ resume: ResumeSettings = .init()) -> MNPClient {
    var transport = TransportConfiguration()
    transport.budget = budget()
    return MNPClient(
      eventLoop: MultiThreadedEventLoopGroup.singleton.next(), transport: transport, resume: resume)
  }

  /// Of one node or client, as if it were a process of its own.
  private static func budget() -> WindowBudget { WindowBudget(limit: 256 << 20) }

  func close() async throws {
    let owned = owned.withLockedValue { $0 }
    for (node, _) in owned.nodes { node.node.end(reason: "the test is over") }
    for client in owned.clients { try await client.close() }
    for (node, group) in owned.nodes {
      try await node.node.ended.get()
      try await group.shutdownGracefully()
    }
  }

  // MARK: Sessions and tasks

  /// A session that must become ready.
  @discardableResult
  func ready(
    _ node: TestNode, _ id: String = "s", inputs: Int = 1, outputs: Int = 1,
    to destinations: [NodeURL] = [], parameters: [String: String] = [:],
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) async throws -> SessionID {
    let session = try SessionID(id)
    let answer = try await initialize(
      node, id, inputs: inputs, outputs: outputs, to: destinations, parameters: parameters)
    try #require(answer.state == .ready, "\(answer.error)", sourceLocation: sourceLocation)
    return session
  }

  func initialize(
    _ node: TestNode, _ id: String = "s", inputs: Int = 1, outputs: Int = 1,
    to destinations: [NodeURL] = [], parameters: [String: String] = [:],
    configuration: AnyMessage? = nil
  ) async throws -> InitResponse {
    let sent = Configuration(parameters: parameters.map { .init(name: $0.key, value: $0.value) })
    let request = InitRequest(
      sessionID: try SessionID(id),
      configuration: configuration ?? (parameters.isEmpty ? nil : AnyMessage(sent)),
      inputs: (0..<inputs).map { _ in .init() },
      outputs: (0..<max(outputs, destinations.count)).map { index in
        .init(
          destinationURL: destinations.indices.contains(index) ? "\(destinations[index])" : "")
      })
    return try await client.initialize(node.url, request)
  }

  /// The task's status as soon as it fits; a failure of the test where that does not come about.
  @discardableResult
  func status(
    _ node: TestNode, _ session: SessionID, _ task: TaskID,
    sourceLocation: Testing.SourceLocation = #_sourceLocation,
    when fits: (QueryTaskResponse) -> Bool
  ) async throws -> QueryTaskResponse {
    var last: QueryTaskResponse?
    try await eventually("a status of task \(task) that fits", sourceLocation: sourceLocation) {
      let status = try await client.queryTask(node.session(session), task: task)
      last = status
      return fits(status)
    } otherwise: {
      "it is \(String(describing: last))"
    }
    return try #require(last)
  }

  /// Pushes all of it, in one go.
  func push(
    _ text: String, to port: NodeURL, _ task: TaskID, awaitsTask: Bool = false
  ) async throws {
    try await push(ByteBuffer(string: text), to: port, task, awaitsTask: awaitsTask)
  }

  func push(
    _ data: ByteBuffer, to port: NodeURL, _ task: TaskID, awaitsTask: Bool = false
  ) async throws {
    let writer = try client.push(to: port, task: task, awaitsTask: awaitsTask)
    if data.readableBytes > 0 { try await writer.write(data) }
    try await writer.finish()
  }

  /// Pulls to the end; throws where there is none.
  func pull(_ port: NodeURL, _ task: TaskID) async throws -> ByteBuffer {
    try await client.pull(from: port, task: task).rest()
  }
}

extension PullReader {
  func rest() async throws -> ByteBuffer {
    var all = ByteBuffer()
    for try await chunk in self { all.writeImmutableBuffer(chunk) }
    return all
  }

  /// Exactly so many bytes, which may come in several chunks.
  func first(_ count: Int) async throws -> String {
    var all = ByteBuffer()
    while all.readableBytes < count, let chunk = try await next() {
      all.writeImmutableBuffer(chunk)
    }
    return String(buffer: all)
  }
}

extension OperatorDefinition {
  static func shell(_ script: String) -> OperatorDefinition { .command(["sh", "-c", script]) }

  static func command(_ words: [String]) -> OperatorDefinition {
    OperatorDefinition(program: .command(words), workdir: "/")
  }

  static func builtin(_ kind: BuiltinKind) -> OperatorDefinition {
    OperatorDefinition(program: .builtin(kind), workdir: "/")
  }
}

/// Runs `body` with a bench, which is closed whatever happens.
func withBench(loops: Int, _ body: (Bench) async throws -> Void) async throws {
  let bench = Bench(loops: loops)
  do {
    try await body(bench)
  } catch {
    try await bench.close()
    throw error
  }
  try await bench.close()
}
