// The engine: starts tasks, feeds them, reads them, and now and then gives up.

/// One task on all nodes of a pipeline.
final class EngineRun {
  let id: String
  let pipeline: Pipeline
  private let engine: Engine
  private(set) var pushes: [EnginePush] = []
  private(set) var pulls: [EnginePull] = []
  private var ensured = 0
  private var unensured: Int
  private(set) var isBegun = false
  /// Whether the engine quits the sessions when a call of the task has failed.
  private let quitsAtFailure: Bool
  private var hasQuit = false

  init(_ engine: Engine, _ pipeline: Pipeline, id: String, quitsAtFailure: Bool) {
    self.engine = engine
    self.pipeline = pipeline
    self.id = id
    self.quitsAtFailure = quitsAtFailure
    unensured = pipeline.ensures.count
    pushes = pipeline.pushes.map { EnginePush(engine, self, $0) }
    pulls = pipeline.pulls.map { EnginePull(engine, self, $0) }
  }

  /// - Parameter spread: nanoseconds within which its calls begin, in any order.
  func begin(spread: Int) {
    isBegun = true
    func soon() -> Int64 { Int64(engine.world.dice.below(max(1, spread))) }
    for pull in pulls {
      // Some come when all that they read is long there.
      var delay = soon()
      if spread > 1, engine.world.dice.chance(1, of: 5) {
        delay += Int64(
          engine.world.dice.below(engine.world.dice.pick([400_000_000, 4_000_000_000])))
      }
      engine.later(delay) { pull.start() }
    }
    for push in pushes { engine.later(soon()) { push.start() } }
    for node in pipeline.ensures { engine.later(soon()) { [self] in ensure(node, attempts: 20) } }
  }

  private func ensure(_ number: Int, attempts: Int) {
    let latency = engine.world.network.latency
    engine.later(latency) { [self] in
      let node = engine.node(number)
      guard node.isListening, let node = node as? SimulatedNode else {
        return notEnsured()
      }
      switch node.ensure(pipeline.session, id) {
      case .found:
        ensured += 1
        unensured -= 1
      case .refused(.exhausted) where attempts > 1:
        engine.later(100_000_000) { [self] in ensure(number, attempts: attempts - 1) }
      case .refused: notEnsured()
      }
    }
  }

  private func notEnsured() {
    unensured -= 1
    failed()
  }

  func failed() {
    if quitsAtFailure { quit() }
  }

  func quit() {
    guard !hasQuit else { return }
    hasQuit = true
    for stage in pipeline.stages { engine.quitSession(stage.node, pipeline.session) }
  }

  var hasSucceeded: Bool {
    pushes.allSatisfy { $0.state == .succeeded } && pulls.allSatisfy { $0.state == .succeeded }
      && ensured == pipeline.ensures.count
  }

  var isOver: Bool {
    pushes.allSatisfy(\.state.isOver) && pulls.allSatisfy(\.state.isOver)
      && unensured == 0
  }

  /// What the engine still waits for, in words.
  var open: String {
    (pushes.filter { !$0.state.isOver }.map { "the push to \($0.destination)" }
      + (unensured > 0 ? ["\(unensured) queries"] : [])
      + pulls.filter { !$0.state.isOver }.map { "the pull from node \($0.end.node)" })
      .joined(separator: ", ")
  }
}

/// Host 0.
final class Engine: Host {
  private(set) var runs: [EngineRun] = []
  /// Bytes a second that it reads of each pull; nil is for the dice to decide.
  var readRate: Int64?
  private let nodes: (Int) -> Host

  init(_ world: World, nodes: @escaping (Int) -> Host) {
    self.nodes = nodes
    super.init(world, number: 0, budget: 1 << 40)
  }

  override var description: String { "engine" }

  func node(_ number: Int) -> Host { nodes(number) }

  func add(_ run: EngineRun) {
    runs.append(run)
  }

  func quitSession(_ number: Int, _ session: String) {
    later(world.network.latency) { [self] in
      guard let node = node(number) as? SimulatedNode, !node.isGone else { return }
      node.quitSession(session) {}
    }
  }
}
