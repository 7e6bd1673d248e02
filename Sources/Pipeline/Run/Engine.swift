// The engine's side of one run: inits, pushes, pulls and queries on all nodes of a plan.

internal import Client
internal import MNP
internal import NIOCore
internal import OperatorFile

/// The nodes of a running plan, reached by their URLs.
struct Engine: Sendable {
  let client: MNPClient
  let plan: Plan
  /// The run's id, from which session ids are made.
  let run: String
  /// One task id on all nodes: RUN-ATTEMPT.
  let task: TaskID
  /// The URL of each node, by its name in the plan.
  let urls: [String: NodeURL]

  func session(of node: String) throws -> NodeURL {
    guard let url = urls[node] else { throw NodeFailure("no node runs \(node)") }
    return NodeURL(
      usesTLS: url.usesTLS, host: url.host, tcpPort: url.tcpPort,
      session: try SessionID.make("\(run)-\(node)"))
  }

  func port(_ id: PlanPortID) throws -> NodeURL {
    var url = try session(of: id.node)
    url.port = Int32(id.number)
    return url
  }

  /// Opens a session on every node, each after all that it sends to.
  func initialize() async throws {
    for node in plan.nodes { try await initialize(node) }
  }

  private func initialize(_ node: PlanNode) async throws {
    let url = try session(of: node.name)
    var configuration = Configuration()
    if case .existing = node.host {
      configuration.parameters = node.initParameters.map { .init(name: $0.name, value: $0.text) }
    }
    configuration.inputNames = Self.names(node.inputs)
    configuration.outputNames = Self.names(node.outputs)
    var request = InitRequest(sessionID: url.session)
    request.configuration = AnyMessage(configuration)
    request.inputs = node.inputs.map { .init(contentType: $0.contentType ?? "") }
    request.outputs = try node.outputs.enumerated().map { number, output in
      let from = PlanPortID(node: node.name, number: number)
      let edge = plan.edges.first { $0.from == from }
      let destination = try edge.map { try port($0.to).description } ?? ""
      return .init(contentType: output.contentType ?? "", destinationURL: destination)
    }
    let last: InitResponse
    do {
      last = try await client.initialize(url.node, request)
    } catch {
      throw RunFailure(operator: node.name, error)
    }
    guard last.state == .ready else {
      throw RunFailure(.operatorFailed, operator: node.name, last.error)
    }
  }

  /// Names, or none at all where a port has none.
  private static func names(_ ports: [PlanPort]) -> [String] {
    let names = ports.compactMap(\.name)
    return names.count == ports.count ? names : []
  }

  /// Starts the task of a node that nobody pushes to.
  func ensure(_ node: String) async throws {
    _ = try await client.queryTask(session(of: node), task: task, ensure: true)
  }

  func query(_ node: String, look: Bool) async throws -> QueryTaskResponse {
    try await client.queryTask(session(of: node), task: task, look: look)
  }

  /// All nodes' answers, by name; nodes that cannot be asked are left out.
  ///
  /// - Parameter look: whether they are to look if their operators stand still.
  func queryAll(look: Bool = false) async -> [String: QueryTaskResponse] {
    await withTaskGroup(of: (String, QueryTaskResponse?).self) { group in
      for node in plan.nodes {
        group.addTask { (node.name, try? await query(node.name, look: look)) }
      }
      var answers: [String: QueryTaskResponse] = [:]
      for await (name, answer) in group { answers[name] = answer }
      return answers
    }
  }

  /// Ends the run's sessions wherever they were opened. What cannot be reached is left alone.
  func quitSessions() async {
    await withTaskGroup(of: Void.self) { group in
      for node in plan.nodes {
        group.addTask {
          guard let url = try? session(of: node.name) else { return }
          try? await client.quitSession(url)
        }
      }
    }
  }
}
