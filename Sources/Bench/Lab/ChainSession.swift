// A session on each node of a chain, each wired to the next.

internal import Client
internal import MNP
internal import Pipeline

/// Opens sessions sinks first, and closes them together.
struct ChainSession: Sendable {
  private let client: MNPClient
  /// With their session, in the order of the data.
  let sessions: [NodeURL]

  /// - Parameters:
  ///   - inputs: of the first node; each other node has one.
  ///   - outputs: of the last node, to be pulled; each other node has one, to the next.
  ///   - parameters: of the first node.
  static func open(
    _ nodes: [NodeURL], inputs: Int = 1, outputs: Int, parameters: [Configuration.Parameter] = [],
    _ client: MNPClient
  ) async throws -> ChainSession {
    let id = SessionID.random()
    let sessions = nodes.map { node in
      NodeURL(usesTLS: node.usesTLS, host: node.host, tcpPort: node.tcpPort, session: id)
    }
    let chain = ChainSession(client: client, sessions: sessions)
    for index in sessions.indices.reversed() {
      var request = InitRequest(sessionID: id)
      request.inputs = Array(repeating: .init(), count: index == 0 ? inputs : 1)
      request.outputs =
        index == sessions.count - 1
        ? Array(repeating: .init(), count: outputs)
        : [.init(destinationURL: chain.input(of: index + 1, port: 0).description)]
      if index == 0, !parameters.isEmpty {
        request.configuration = AnyMessage(Configuration(parameters: parameters))
      }
      let last = try await client.initialize(nodes[index], request)
      guard last.state == .ready else {
        await chain.close()
        throw RunFailure(.operatorFailed, "no session on \(nodes[index]): \(last.error)")
      }
    }
    return chain
  }

  func input(of node: Int = 0, port: Int) -> NodeURL { url(node, port) }

  func output(port: Int) -> NodeURL { url(sessions.count - 1, port) }

  private func url(_ node: Int, _ port: Int) -> NodeURL {
    var url = sessions[node]
    url.port = Int32(port)
    return url
  }

  /// Waits until a task has finished on every node.
  ///
  /// - Returns: what each node says of it.
  /// - Throws: the reason where it failed on any.
  func finish(_ task: TaskID) async throws -> [QueryTaskResponse] {
    var answers: [QueryTaskResponse] = []
    for session in sessions {
      var pause = Duration.milliseconds(1)
      while true {
        let answer = try await client.queryTask(session, task: task)
        if answer.state == .finished {
          answers.append(answer)
          break
        }
        if answer.state == .failed { throw await failure(task) }
        try await _Concurrency.Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(20))
      }
    }
    return answers
  }

  /// Why a task failed: an operator's own end before the streams that broke around it.
  private func failure(_ task: TaskID) async -> RunFailure {
    var broken: RunFailure?
    for session in sessions {
      guard let answer = try? await client.queryTask(session, task: task),
        answer.state == .failed
      else { continue }
      switch answer.failure?.kind {
      case .operator, .start: return RunFailure(.operatorFailed, answer.error)
      default: broken = broken ?? RunFailure(.dataBroken, answer.error)
      }
    }
    return broken ?? RunFailure(.dataBroken, "a stream broke off")
  }

  /// Runs `body`, and closes the sessions whatever comes of it: a node that is not the bench's own
  /// must not be left with them.
  func closing<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      let value = try await body()
      await close()
      return value
    } catch {
      await close()
      throw error
    }
  }

  /// Moves data by `body`; where it breaks, throws the failure of an operator before anything else.
  func moving<Value>(_ task: TaskID, _ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch {
      let failure = await self.failure(task)
      throw failure.kind == .operatorFailed ? failure : error
    }
  }

  /// What cannot be reached is left alone. Also where the Swift task is cancelled.
  private func close() async {
    await _Concurrency.Task.detached { [client, sessions] in
      for session in sessions { try? await client.quitSession(session, timeout: .seconds(10)) }
    }.value
  }
}
