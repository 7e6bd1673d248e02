// One session of a simulated node.

internal import Sessions

/// Node's NodeSession: the real session machine and table of tasks.
final class SimulatedSession {
  let id: String
  let blueprint: Blueprint
  private let node: SimulatedNode
  private var machine = SessionMachine()
  private var table: TaskTable<SimulatedTask>
  private var closing: [() -> Void] = []
  private var closingReason = ""

  init(_ node: SimulatedNode, id: String, _ blueprint: Blueprint) {
    self.node = node
    self.id = id
    self.blueprint = blueprint
    var limits = TaskTable<SimulatedTask>.Limits()
    limits.live = node.limits.tasksPerSession
    limits.ended = node.limits.endedTasks
    limits.statusLifetime = UInt64(node.limits.statusLifetime)
    limits.idLifetime = UInt64(node.limits.idLifetime)
    table = TaskTable(limits: limits)
  }

  /// Init has ended. False when the session was quit meanwhile.
  func becomeReady() -> Bool { machine.becameReady() }

  var isReady: Bool { machine.state == .ready }
  var liveTasks: Int { table.liveCount }

  /// In the order of their ids: the table's own changes from process to process.
  var tasks: [SimulatedTask] { table.all.sorted { $0.id < $1.id } }

  func task(_ id: String, mayCreate: Bool, refusal: () -> CallStatus?) -> SimulatedNode.Lookup? {
    switch table.lookUp(id) {
    case .known(let task):
      return .found(task)
    case .expired:
      if node.world.mutation == .forgetsTask { break }
      return .refused(.refused("the task has ended and its status is gone"))
    case .unknown:
      break
    }
    guard mayCreate else { return nil }
    if let refusal = machine.refusal { return .refused(.refused(refusal)) }
    if let refusal = refusal() { return .refused(refusal) }
    let task = SimulatedTask(node, blueprint, id: id) { [weak self] in self?.taskEnded(id) }
    guard node.world.mutation == .forgetsTask || table.insert(task, id: id) else {
      task.release()
      return .refused(.exhausted("session \(self.id) has as many running tasks as it may have"))
    }
    node.world.census.created(task, node: node.number, session: self.id)
    task.start()
    return .found(task)
  }

  private func taskEnded(_ id: String) {
    table.ended(id, now: UInt64(node.world.now))
    node.endIfDrained()
    closeIfEmpty()
  }

  func expire() {
    for task in table.expire(now: UInt64(node.world.now)) { task.release() }
  }

  /// Cancels every task. `closed` is called when nothing of the session runs any more.
  func quit(_ reason: String, _ closed: @escaping () -> Void) {
    closing.append(closed)
    if machine.quit() {
      closingReason = reason
      for task in tasks { task.cancel(reason) }
    }
    closeIfEmpty()
  }

  private func closeIfEmpty() {
    guard table.liveCount == 0, !closing.isEmpty else { return }
    machine.closed()
    let waiting = closing
    closing = []
    for task in tasks {
      task.cancel(closingReason)
      task.release()
    }
    for call in waiting { call() }
  }
}
