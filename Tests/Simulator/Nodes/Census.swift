// Every task of the world by its place, so that what one node says can be held against another.

/// What is known of all nodes at once, which no node of a real network could know.
struct Census {
  private var tasks: [String: SimulatedTask] = [:]
  private var started: Set<String> = []
  /// In the order of their creation.
  private(set) var all: [SimulatedTask] = []
  private var keys: [ObjectIdentifier: String] = [:]
  private var number = 0

  mutating func nextNumber() -> Int {
    number += 1
    return number
  }

  mutating func created(_ task: SimulatedTask, node: Int, session: String) {
    let key = "\(node)/\(session)/\(task.id)"
    tasks[key] = task
    keys[ObjectIdentifier(task)] = key
    all.append(task)
  }

  mutating func started(_ task: SimulatedTask, _ world: World) {
    guard let key = keys[ObjectIdentifier(task)] else { return }
    let isFirst = started.insert(key).inserted
    world.require(isFirst, "\(task) was started a second time")
  }

  /// An awaiting forward was answered OK: the task behind it has finished.
  func requireFinished(_ destination: Destination, task: String, _ world: World) {
    let key = "\(destination.node)/\(destination.session)/\(task)"
    world.require(
      tasks[key]?.isFinished == true, "a forward was answered OK, and task \(key) has not finished")
  }

  func task(_ destination: Destination, _ id: String) -> SimulatedTask? {
    tasks["\(destination.node)/\(destination.session)/\(id)"]
  }
}
