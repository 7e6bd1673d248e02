// A simulated node: knows its sessions, takes calls, and ends in order.

internal import HTTP2
internal import Transport

/// Node's Node, without its listener.
final class SimulatedNode: Host {
  enum Phase {
    case running, draining, closing, ending, ended
  }

  enum Lookup {
    case found(SimulatedTask)
    case refused(CallStatus)
  }

  let limits: NodeLimits
  var peaks = Peaks()
  private(set) var phase = Phase.running
  /// In the order in which they were added.
  private(set) var sessions: [SimulatedSession] = []
  /// Calls come on several loops.
  private let hasLoops: Bool
  private let peers: (Int) -> Host
  private var drainDeadline: SimulatedTimer?
  private var expiry: SimulatedTimer?
  private var grace: SimulatedTimer?

  init(
    _ world: World, number: Int, limits: NodeLimits, budget: Int, hasLoops: Bool,
    peers: @escaping (Int) -> Host
  ) {
    self.limits = limits
    self.hasLoops = hasLoops
    self.peers = peers
    super.init(world, number: number, budget: budget)
    scheduleExpiry()
  }

  override var description: String { "node \(number)" }

  override var isListening: Bool {
    guard super.isListening else { return false }
    return phase == .running || phase == .draining
  }

  func peer(_ number: Int) -> Host { peers(number) }

  /// Whether a new call's connection lives on its task's loop.
  func picksHomeLoop() -> Bool { !hasLoops || world.dice.chance(1, of: 2) }

  var liveTasks: Int { sessions.reduce(0) { $0 + $1.liveTasks } }

  /// Bytes in the pipes of its operators and before them.
  private(set) var held = 0

  func hold(_ bytes: Int) {
    held += bytes
    peaks.held = max(peaks.held, held)
    world.hold(bytes)
  }

  /// Payload bytes that its tasks have got.
  var received: Int64 { sessions.flatMap(\.tasks).reduce(0) { $0 + $1.received } }

  // MARK: Sessions

  func addSession(_ id: String, _ blueprint: Blueprint) -> SimulatedSession {
    let session = SimulatedSession(self, id: id, blueprint)
    sessions.append(session)
    return session
  }

  func session(_ id: String) -> SimulatedSession? { sessions.first { $0.id == id } }

  private func scheduleExpiry() {
    let interval = min(10_000_000_000, max(50_000_000, limits.statusLifetime / 10))
    expiry = SimulatedTimer(on: self, after: interval) { [weak self] in
      guard let self, !isGone else { return }
      for session in sessions { session.expire() }
      scheduleExpiry()
    }
  }

  // MARK: Calls

  override func accept(_ frame: Frame, on stream: Stream) {
    let window = budget.reserveStart()
    switch frame {
    case .push(let session, let task, let input, let awaiting):
      guard let window else { return refuse(stream) }
      let call = PushServer(self, stream, window: window, input: input, awaiting: awaiting)
      stream.accept(call)
      call.open(lookUp(session, task) { $0.inputs > input ? nil : "no such input" })
    case .pull(let session, let task, let output):
      guard let window else { return refuse(stream) }
      let call = PullServer(self, stream, window: window, output: output)
      stream.accept(call)
      call.open(
        lookUp(session, task) {
          guard $0.destinations.indices.contains(output) else { return "no such output" }
          return $0.destinations[output] == nil ? nil : "the node itself forwards it"
        })
    default:
      if let window { budget.release(window) }
    }
  }

  private func refuse(_ stream: Stream) {
    stream.send(.answer(.exhausted("\(self) has no window for a new call")), from: .server)
    stream.close(.server)
  }

  /// Finds a task, or creates it.
  private func lookUp(
    _ session: String, _ task: String, refusal: (Blueprint) -> String?
  ) -> Lookup {
    guard let session = self.session(session) else {
      return .refused(.refused("\(self) has no session \(session)"))
    }
    let found = session.task(task, mayCreate: phase == .running) {
      refusal(session.blueprint).map { .refused($0) }
    }
    return found ?? .refused(.unavailable("\(self) is shutting down"))
  }

  /// An ensuring query. False where there is no such task and none was made.
  func ensure(_ session: String, _ task: String) -> Lookup {
    lookUp(session, task) { _ in nil }
  }

  func quitSession(_ id: String, _ closed: @escaping () -> Void) {
    guard let session = session(id) else { return closed() }
    world.tell("\(self): session \(id) is quit")
    session.quit("the session was quit") { [self] in
      requireEmpty(session)
      sessions.removeAll { $0 === session }
      closed()
    }
  }

  private func requireEmpty(_ session: SimulatedSession) {
    for task in session.tasks {
      world.require(task.hasEnded, "session \(session.id) is closed, and \(task) has not ended")
      world.require(!task.isRead, "session \(session.id) is closed, and \(task) is still read")
      world.require(
        task.held == 0, "session \(session.id) is closed, and \(task) holds \(task.held) bytes")
    }
  }

  // MARK: The end

  func drain() {
    guard phase == .running else { return }
    world.tell("\(self): drains")
    phase = .draining
    drainDeadline = SimulatedTimer(on: self, after: limits.drain) { [weak self] in
      self?.end("the node's drain time ran out")
    }
    endIfDrained()
  }

  func end(_ reason: String) {
    guard phase != .ending, phase != .ended else { return }
    phase = .ending
    drainDeadline?.cancel()
    var open = sessions.count
    guard open > 0 else { return close(grace: 1_000_000_000) }
    for session in sessions {
      session.quit(reason) { [self] in
        requireEmpty(session)
        open -= 1
        if open == 0 { close(grace: 1_000_000_000) }
      }
    }
  }

  func endIfDrained() {
    guard phase == .draining, liveTasks == 0 else { return }
    phase = .closing
    close(grace: limits.drain)
  }

  /// Closes the connections once their calls have ended; those that still run after `grace` are
  /// ended.
  private func close(grace time: Int64) {
    grace?.cancel()
    grace = SimulatedTimer(on: self, after: time) { [weak self] in self?.closed() }
    streamClosed()
  }

  override func streamClosed() {
    guard grace != nil, phase == .closing || phase == .ending, openStreams == 0 else { return }
    later(0) { [self] in
      if openStreams == 0 { closed() }
    }
  }

  private func closed() {
    guard phase != .ended else { return }
    phase = .ended
    grace?.cancel()
    expiry?.cancel()
    drainDeadline?.cancel()
    for connection in connections { connection.close(by: self) }
    requireNothingLeft()
    sessions = []
    world.tell("\(self): ended")
    die(silently: false)
  }

  /// Nothing is left after a drain.
  private func requireNothingLeft() {
    world.require(liveTasks == 0, "\(self) has ended with \(liveTasks) tasks")
    world.require(timers == 0, "\(self) has ended with \(timers) timers")
    world.require(openStreams == 0, "\(self) has ended with \(openStreams) streams")
    world.require(budget.inUse == 0, "\(self) has ended with \(budget.inUse) bytes of windows")
    for task in sessions.flatMap(\.tasks) {
      world.require(
        task.operator?.isRunning != true, "\(self) has ended, and the operator of \(task) runs")
    }
  }
}
