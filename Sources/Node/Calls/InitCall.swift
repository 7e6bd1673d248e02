// Init: from the request to a session that is ready, or that failed and says why.

internal import Builtins
internal import GRPC
internal import MNP
internal import NIOCore
internal import OperatorFile
internal import Operators
internal import Transport

extension Node {
  /// A request that cannot be ends with a gRPC status. Once SS_INITIALIZING was sent, a failure is
  /// SS_FAILED and the RPC is OK.
  func initialize(_ call: ServerCall, request: ByteBuffer) {
    let message: InitRequest
    let destinations: [NodeURL?]
    let sessionID: SessionID
    do throws(MNPError) {
      message = try InitRequest(decoding: request)
      destinations = try Self.destinations(of: message)
      guard let id = message.sessionID else {
        throw MNPError(.invalidIdentifier, "the session id is empty")
      }
      sessionID = id
    } catch {
      return call.refuse(.invalidArgument, "\(error)")
    }
    let session: NodeSession
    do throws(SessionRefusal) {
      session = try addSession(sessionID)
    } catch {
      return refuse(call, session: sessionID, error)
    }
    call.sendHeaders(.naming(features))
    call.send([InitResponse(state: .initializing).encoded()])
    var outcome = InitResponse(state: .ready)
    do throws(InitFailure) {
      let blueprint = try settle(message, destinations: destinations)
      guard session.becomeReady(blueprint) else {
        throw InitFailure("the session was quit while it started")
      }
      logger.info("session ready", metadata: ["session": "\(session.id)"])
    } catch {
      removeSession(session)
      outcome = InitResponse(
        state: .failed,
        error: "node \(configuration.name), session \(session.id): \(error.message)")
      logger.warning("\(outcome.error)")
    }
    call.send([outcome.encoded()])
    call.finish(.ok, trailers: Metadata())
  }

  private struct InitFailure: Error {
    var message: String

    init(_ message: String) {
      self.message = message
    }
  }

  private func refuse(_ call: ServerCall, session: SessionID, _ refusal: SessionRefusal) {
    let node = "node \(configuration.name)"
    switch refusal {
    case .exists:
      call.refuse(.alreadyExists, "\(node) has a session \(session) already")
    case .limit:
      call.refuse(
        .resourceExhausted,
        "\(node) has \(configuration.limits.sessions) sessions, as many as it may have")
    case .draining:
      call.refuse(.unavailable, "\(node) is shutting down")
    }
  }

  private static func destinations(of message: InitRequest) throws(MNPError) -> [NodeURL?] {
    var destinations: [NodeURL?] = []
    for output in message.outputs {
      let text = output.destinationURL
      destinations.append(text.isEmpty ? nil : try NodeURL(destination: text))
    }
    return destinations
  }

  private func settle(_ message: InitRequest, destinations: [NodeURL?]) throws(InitFailure)
    -> SessionBlueprint
  {
    let sent = try decode(message.configuration)
    let definition = configuration.definition
    let ports: ResolvedPorts
    let parameters: ResolvedParameters
    do throws(PortError) {
      ports = try ResolvedPorts(
        definition,
        ResolvedPorts.Request(
          inputs: message.inputs.map(\.contentType), outputs: message.outputs.map(\.contentType),
          inputNames: sent.inputNames, outputNames: sent.outputNames))
    } catch {
      throw InitFailure("\(error)")
    }
    do throws(ParameterError) {
      parameters = try configuration.parameters.resolve(
        sent.parameters.map { GivenParameter(name: $0.name, text: $0.value, isSecret: $0.isSecret) }
      )
    } catch {
      throw InitFailure("\(error)")
    }
    let secrets = Secrets(parameters.secrets)
    return SessionBlueprint(
      inputs: ports.inputs.map { .init(name: $0.name, contentType: $0.contentType ?? "") },
      outputs: zip(ports.outputs, destinations).map {
        .init(name: $0.name, contentType: $0.contentType ?? "", destination: $1)
      },
      recipe: try recipe(ports, parameters, secrets), secrets: secrets,
      failsOnEarlyEnd: definition.earlyEnd == .fail, endedTasks: sent.endedTasks)
  }

  private func decode(_ configuration: AnyMessage?) throws(InitFailure) -> Configuration {
    guard let configuration else { return Configuration() }
    guard configuration.typeURL == Configuration.typeURL else {
      throw InitFailure("a configuration of type \(configuration.typeURL) is not known here")
    }
    do throws(MNPError) {
      return try Configuration(decoding: ByteBuffer(bytes: configuration.value))
    } catch {
      throw InitFailure("the configuration cannot be read: \(error)")
    }
  }

  private func recipe(
    _ ports: ResolvedPorts, _ parameters: ResolvedParameters, _ secrets: Secrets
  ) throws(InitFailure) -> SessionBlueprint.Recipe {
    let definition = configuration.definition
    switch definition.program {
    case .builtin(let kind):
      do throws(BuiltinError) {
        let settled = try kind.parameters(parameters.values, completedBy: ports)
        try kind.check(parameters: settled)
        return .builtin(kind, parameters: settled)
      } catch {
        throw InitFailure(secrets.hidden(in: "\(error)"))
      }
    case .command(let words):
      let command = OperatorCommand(
        command: words, environment: parameters.environment,
        workingDirectory: definition.workdir,
        inputs: ports.inputs.map(PortBinding.init), outputs: ports.outputs.map(PortBinding.init),
        grace: TimeAmount(definition.grace))
      if let problem = command.problem { throw InitFailure(problem) }
      return .process(command)
    case nil:
      throw InitFailure("the node has no command to run")
    }
  }
}

extension PortBinding {
  fileprivate init(_ port: ResolvedPort) {
    let medium: Via =
      switch port.via {
      case .stdin: .stdin
      case .stdout: .stdout
      case .fd: .fd
      case .fifo: .fifo
      case .file: .file
      }
    self.init(name: port.name ?? "", via: medium, variable: port.variable)
  }
}
