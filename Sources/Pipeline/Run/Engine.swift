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
  /// 1 for the first.
  let attempt: Int
  /// The URL of each node, by its name in the plan.
  let urls: [String: NodeURL]

  init(
    client: MNPClient, plan: Plan, run: String, attempt: Int, urls: [String: NodeURL]
  ) throws(MNPError) {
    self.client = client
    self.plan = plan
    self.run = run
    self.attempt = attempt
    self.urls = urls
    task = try TaskID.make("\(run)-\(attempt)")
  }

  /// One task id on all nodes: RUN-ATTEMPT.
  let task: TaskID

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
    // A node of the run's own has them in its definition, but for the secrets.
    let isOwn = if case .own = node.host { true } else { false }
    configuration.parameters = node.initParameters.filter { $0.isSecret || !isOwn }
      .map { .init(name: $0.name, value: $0.text, isSecret: $0.isSecret) }
    configuration.inputNames = Self.names(node.inputs)
    configuration.outputNames = Self.names(node.outputs)
    // What a former attempt still sends finds its task ended.
    configuration.endedTasks = (1..<attempt).map { "\(run)-\($0)" }
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
    } catch let error as MNPClientError where error.code == .alreadyExists && attempt > 1 {
      // A node elsewhere that could not be reached when the former attempt ended.
      throw RunFailure(.unreachable, operator: node.name, error.message)
    } catch {
      throw RunFailure(operator: node.name, error)
    }
    guard last.state == .ready else {
      throw RunFailure(.operatorFailed, operator: node.name, last.error, isFinal: true)
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

  /// A node that has not answered within this time is left out; the others do not wait for it.
  private static let queryTimeout = TimeAmount.seconds(5)

  func query(_ node: String, look: Bool) async throws -> QueryTaskResponse {
    try await client.queryTask(
      session(of: node), task: task, look: look, timeout: Self.queryTimeout)
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

  /// Ends the run's sessions wherever they were opened, and with them all that runs in them.
  ///
  /// - Returns: the nodes that did not say that it is so.
  func quitSessions() async -> [String] {
    await withTaskGroup(of: String?.self) { group in
      for node in plan.nodes {
        // Its answer comes when the operator is gone, after its grace at the latest.
        let timeout = TimeAmount(node.definition.grace) + .seconds(5)
        group.addTask {
          do {
            try await client.quitSession(session(of: node.name), timeout: timeout)
            return nil
          } catch let error as MNPClientError where error.code == .notFound {
            return nil
          } catch {
            return node.name
          }
        }
      }
      var silent: [String] = []
      for await name in group.compactMap({ $0 }) { silent.append(name) }
      return silent
    }
  }
}
