// A node: listens, knows its sessions, and ends in order.

internal import Builtins
internal import Client
internal import GRPC
package import Logging
internal import MNP
internal import NIOConcurrencyHelpers
package import NIOCore
internal import NIOPosix
package import Operators
internal import Sessions
package import Transport

/// A node of the protocol: one operator, any number of sessions, each with any number of tasks.
///
/// Reachable from every loop. The lock guards the list of sessions and the node's own phase; it is
/// taken a few times for a call, never for a byte.
package final class Node: Sendable {
  let configuration: NodeConfiguration
  let logger: Logger
  /// What it names to its peers.
  let features: Features
  private let group: any EventLoopGroup
  private let resources: OperatorResources
  /// Outgoing connections, one pool for each loop.
  private let connections: [ObjectIdentifier: NIOLoopBound<Connections>]
  private let state: NIOLockedValueBox<State>
  private let endPromise: EventLoopPromise<Void>

  private enum Phase {
    case running
    /// Quit or SIGTERM: no new sessions or tasks, running ones go on.
    case draining
    /// No task runs any more; calls that still take what one has left go on.
    case closing
    /// Everything is being cancelled.
    case ending
    case ended
  }

  private struct State {
    var phase = Phase.running
    var sessions: [SessionID: NodeSession] = [:]
    var listener: Listener?
    var drainDeadline: Scheduled<Void>?
    var expiry: RepeatedTask?
  }

  /// - Parameters:
  ///   - group: the node's loops, as many as `configuration.loops`.
  ///   - resources: keeper, folders and pipe memory of the operators' processes.
  package init(
    _ configuration: NodeConfiguration, group: any EventLoopGroup,
    resources: OperatorResources = .shared, logger: Logger
  ) async throws {
    var configuration = configuration
    configuration.transport.frontPage = FrontPage.html(
      name: configuration.name, version: configuration.version)
    self.configuration = configuration
    let named = configuration.resume.named
    features = configuration.checksums ? named : named.subtracting(.crc)
    self.group = group
    self.resources = resources.sharing(configuration.transport.budget)
    self.logger = logger
    endPromise = group.any().makePromise()
    state = NIOLockedValueBox(State())
    var pools: [ObjectIdentifier: NIOLoopBound<Connections>] = [:]
    for loop in group.makeIterator() {
      let transport = configuration.transport
      pools[ObjectIdentifier(loop)] = try await loop.submit {
        NIOLoopBound(
          Connections(eventLoop: loop, configuration: transport),
          eventLoop: loop)
      }.get()
    }
    connections = pools
  }

  /// Listens.
  ///
  /// - Returns: the address that was bound, with the port that was taken.
  /// - Throws: when the address is taken or not of this host.
  package func start() async throws -> PeerAddress {
    let listener = try await Listener.bind(
      host: configuration.host, tcpPort: configuration.tcpPort, group: group,
      configuration: configuration.transport
    ) { [self] call in receiver(for: call) }.get()
    // Often enough that a status is kept for hardly longer than its time.
    let tenth = TimeAmount.nanoseconds(configuration.limits.statusLifetime.nanoseconds / 10)
    let interval = min(.seconds(10), max(.milliseconds(50), tenth))
    let expiry = group.any().scheduleRepeatedTask(initialDelay: interval, delay: interval) {
      [weak self] _ in
      guard let self else { return }
      for session in state.withLockedValue({ Array($0.sessions.values) }) { session.expire() }
    }
    state.withLockedValue { state in
      state.listener = listener
      state.expiry = expiry
    }
    return listener.localAddress
  }

  /// Succeeds when the node has ended: nothing of it runs or listens any more.
  package var ended: EventLoopFuture<Void> { endPromise.futureResult }

  // MARK: Calls

  private func receiver(for call: ServerCall) -> (any CallReceiver)? {
    guard let method = MNPMethod(path: call.head.path) else { return nil }
    switch method {
    case .about: return unary(call) { [self] call, _ in about(call) }
    case .initialize: return unary(call) { [self] in initialize($0, request: $1) }
    case .quit: return unary(call) { [self] call, _ in quit(call) }
    case .quitSession: return unary(call) { [self] in quitSession($0, request: $1) }
    case .push: return PushCall(call, node: self)
    case .pull:
      return unary(call) { [self] call, request in
        guard let pull = PullCall.open(call, request: request, node: self) else { return }
        call.receiver = pull
        pull.start()
      }
    case .queryTask: return unary(call) { [self] in queryTask($0, request: $1) }
    }
  }

  private func unary(
    _ call: ServerCall, _ handle: @escaping (ServerCall, ByteBuffer) -> Void
  ) -> UnaryCall {
    UnaryCall(
      call, within: configuration.limits.firstMessageDeadline,
      maximumLength: configuration.limits.controlMessage,
      budget: configuration.transport.budget, handle: handle)
  }

  // MARK: Sessions

  enum SessionRefusal: Error {
    case exists
    case limit
    case draining
  }

  /// Takes the id for a new session.
  func addSession(_ id: SessionID) throws(SessionRefusal) -> NodeSession {
    let result: Result<NodeSession, SessionRefusal> = state.withLockedValue { state in
      guard case .running = state.phase else { return .failure(.draining) }
      guard state.sessions[id] == nil else { return .failure(.exists) }
      guard state.sessions.count < configuration.limits.sessions else { return .failure(.limit) }
      var limits = TaskTable<TaskHandle>.Limits()
      limits.live = configuration.limits.tasksPerSession
      limits.ended = configuration.limits.endedTasks
      limits.bareIDs = configuration.limits.taskIDs
      limits.statusLifetime = UInt64(configuration.limits.statusLifetime.nanoseconds)
      limits.idLifetime = UInt64(configuration.limits.idLifetime.nanoseconds)
      let session = NodeSession(id: id, limits: limits) { [weak self] in self?.endIfDrained() }
      state.sessions[id] = session
      return .success(session)
    }
    return try result.get()
  }

  func removeSession(_ session: NodeSession) {
    state.withLockedValue { state in
      if state.sessions[session.id] === session { state.sessions[session.id] = nil }
    }
  }

  func session(_ id: SessionID) -> NodeSession? {
    state.withLockedValue { $0.sessions[id] }
  }

  /// Finds a task, or creates it with this loop as its home.
  ///
  /// - Parameter port: the port that the call is for. One that the session does not have creates no
  ///   task: a call that cannot be touches nothing.
  func task(
    session id: SessionID, task: TaskID, port: CalledPort? = nil, on loop: any EventLoop,
    creating: Bool
  ) -> NodeSession.TaskLookup {
    guard let session = session(id) else {
      return .refused(
        GRPCStatus(.notFound, "node \(configuration.name) has no session \(id)"))
    }
    let mayCreate = creating && state.withLockedValue { $0.phase == .running }
    let lookup = session.task(
      task.description,
      create: mayCreate
        ? { [self] blueprint, onEnd throws(GRPCStatus) in
          let place = Place(
            node: configuration.name, session: id.description, task: task.description)
          if let refusal = port.flatMap(blueprint.refusal) {
            throw refusal.grpcStatus(at: place)
          }
          return try makeTask(task, at: place, blueprint: blueprint, loop: loop, onEnd: onEnd)
        } : nil)
    if creating, !mayCreate, case .unknown = lookup {
      return .refused(
        GRPCStatus(.unavailable, "node \(configuration.name) is shutting down"))
    }
    return lookup
  }

  private func makeTask(
    _ task: TaskID, at place: Place, blueprint: SessionBlueprint, loop: any EventLoop,
    onEnd: @escaping () -> Void
  ) throws(GRPCStatus) -> TaskHandle {
    let `operator`: any Operator
    switch blueprint.recipe {
    case .process(let command):
      `operator` = ProcessOperator(command: command, eventLoop: loop, resources: resources)
    case .builtin(let kind, let parameters):
      do {
        `operator` =
          kind == .spill
          ? try SpillOperator(parameters: parameters, on: loop, threadPool: resources.threadPool)
          : try BuiltinOperator.make(
            kind, parameters: parameters, inputs: blueprint.inputs.count,
            outputs: blueprint.outputs.count, on: loop)
      } catch {
        throw GRPCStatus(.internalError, "builtin \(kind.rawValue): \(error)")
      }
    }
    var forwarders: [Int: Forwarder] = [:]
    if let pool = connections[ObjectIdentifier(loop)]?.value {
      for (index, output) in blueprint.outputs.enumerated() {
        guard let destination = output.destination else { continue }
        do throws(MNPError) {
          forwarders[index] = try Forwarder(
            pool, to: destination, task: task, features: features, resume: configuration.resume)
        } catch {
          throw GRPCStatus(.internalError, "output \(index): \(error)")
        }
      }
    }
    let run = TaskRun(
      TaskRun.Settings(
        place: place, blueprint: blueprint, inputDeadline: configuration.limits.inputDeadline,
        progressDeadline: configuration.limits.progressDeadline,
        resumeTime: configuration.resume.time, logger: logger),
      loop: loop, operator: `operator`, forwarders: forwarders, onEnd: onEnd)
    return TaskHandle(run, home: loop)
  }

  // MARK: The end

  /// Quit, or the first SIGTERM or SIGINT: GOAWAY, no new sessions and tasks; running ones go on for
  /// the drain's time, then are cancelled. Again, it changes nothing.
  package func drain() {
    let listener: Listener?? = state.withLockedValue { state in
      guard case .running = state.phase else { return nil }
      state.phase = .draining
      state.drainDeadline = group.any().scheduleTask(in: configuration.drain) { [weak self] in
        self?.end(reason: "the node's drain time ran out")
      }
      return .some(state.listener)
    }
    guard let listener else { return }
    logger.info("draining: no new sessions or tasks")
    listener?.retireConnections()
    endIfDrained()
  }

  /// The second signal, or the end of the drain: cancels what runs.
  package func end(reason: String) {
    let sessions: [NodeSession]? = state.withLockedValue { state in
      switch state.phase {
      case .running, .draining, .closing:
        state.phase = .ending
        state.drainDeadline?.cancel()
        return Array(state.sessions.values)
      case .ending, .ended:
        return nil
      }
    }
    guard let sessions else { return }
    let loop = group.any()
    let closings = sessions.map { session in
      let promise = loop.makePromise(of: Void.self)
      session.quit(reason: reason, promise: promise)
      return promise.futureResult
    }
    EventLoopFuture.andAllComplete(closings, on: loop).whenComplete { [self] _ in
      close(grace: .seconds(1))
    }
  }

  private func endIfDrained() {
    let isDrained = state.withLockedValue { state in
      guard case .draining = state.phase,
        state.sessions.values.allSatisfy({ $0.liveTasks == 0 })
      else { return false }
      state.phase = .closing
      return true
    }
    // Pulls may still take what an ended task has left, until the drain's time runs out.
    if isDrained { close(grace: configuration.drain) }
  }

  /// Closes the connections once their calls have ended; what is on its way, such as Quit's own
  /// answer, is sent before. Calls that still run after `grace` are ended.
  private func close(grace: TimeAmount) {
    let listener = state.withLockedValue { $0.listener }
    var closings = group.makeIterator().map { loop in
      loop.flatSubmit { [connections] in
        connections[ObjectIdentifier(loop)]?.value.drain() ?? loop.makeSucceededVoidFuture()
      }
    }
    if let listener { closings.append(listener.drain(grace: grace)) }
    EventLoopFuture.andAllComplete(closings, on: group.any()).whenComplete { [self] _ in closed() }
  }

  private func closed() {
    state.withLockedValue { state in
      state.phase = .ended
      state.sessions = [:]
      state.expiry?.cancel()
      state.drainDeadline?.cancel()
    }
    endPromise.succeed()
  }
}

extension OperatorResources {
  /// These, with pipe memory as a part of the node's budget: what flows through pipes is held there
  /// as well as in windows.
  fileprivate func sharing(_ budget: WindowBudget) -> OperatorResources {
    var resources = self
    resources.budget = PipeBudget(
      limit: self.budget.limit,
      of: .init(take: { budget.reserveSpare($0) }, giveBack: { budget.release($0) }))
    return resources
  }
}
