// A pipeline of a thousand nodes, which no machine here can hold: how long, how full, how soon again.

internal import Transport

/// What is to be simulated.
package struct LargeSetup: Sendable {
  package enum Shape: Sendable {
    /// One source, operators in a row, one sink.
    case chain
    /// Sources in pairs into merging operators, down to one sink.
    case tree
  }

  package enum Incident: Sendable {
    case none
    /// The process in the middle is killed: its kernel closes its connections.
    case kill
    /// The host in the middle vanishes: only keepalive finds that.
    case vanish
    /// The operator in the middle has a tenth of the others' speed.
    case slow
  }

  package var name: String
  package var shape = Shape.chain
  package var nodes = 1000
  /// Runs of the engine at the same time; each makes a task on every node.
  package var runs = 100
  /// Of each source.
  package var bytes: Int64 = 1 << 20
  package var incident = Incident.none
  /// The engine names every task on every node at the start, instead of the sources' alone.
  package var warmsUp = false
  package var network = NetworkSettings()

  package init(_ name: String) {
    self.name = name
  }

  /// The same for every operator. The copying is a memory's speed, with a system call for 64 KiB.
  static var settings: OperatorSettings {
    var settings = OperatorSettings()
    settings.startTime = 2_000_000
    settings.overhead = 20_000
    settings.bytesPerSecond = 2_000_000_000
    return settings
  }
}

/// What came of it. Times in nanoseconds from the engine's first call, sizes in bytes.
package struct LargeFigures: Sendable {
  package var setup: LargeSetup
  package var tasks = 0
  package var events = 0
  package var violation: String?
  /// The first byte at the sink: of the first task, of the last.
  package var firstByte: Int64?
  package var lastFirstByte: Int64?
  /// The end at the sink: of the first task, of the last.
  package var firstWhole: Int64?
  package var allWhole: Int64?
  /// Every task on every node has ended.
  package var allEnded: Int64 = 0
  package var largestWindow = 0
  package var largestQueue = 0
  package var largestPipe = 0
  /// In operators' pipes and before them, at the fullest moment.
  package var mostHeld = 0
  package var mostHeldOfNode = 0
  package var mostGrantedOfNode = 0
  package var failedAt: Int64?
  /// From the failure: the engine knows; every task on every node that is left has ended; all runs
  /// are whole, in their second attempt.
  package var toldAfter: Int64?
  package var endedAfter: Int64?
  package var wholeAfter: Int64?
}

/// Runs one setup.
package final class LargeRun {
  private let setup: LargeSetup
  private let world: World
  private var nodes: [SimulatedNode] = []
  private var engine: Engine!
  private var figures: LargeFigures
  private var pipeline = Pipeline(session: "attempt-1")
  private static let budget = 256 << 20

  package init(_ setup: LargeSetup) {
    self.setup = setup
    world = World(seed: 1, network: setup.network)
    figures = LargeFigures(setup: setup)
    engine = Engine(world) { [unowned self] in host($0) }
    engine.readRate = 2_000_000_000
    nodes = (1...setup.nodes).map { node($0) }
  }

  private func host(_ number: Int) -> Host { number == 0 ? engine : nodes[number - 1] }

  private func node(_ number: Int) -> SimulatedNode {
    SimulatedNode(
      world, number: number, limits: NodeLimits(), budget: Self.budget, hasLoops: false
    ) { [unowned self] in host($0) }
  }

  private var middle: Int { setup.nodes / 2 }

  /// - Returns: the runs of one attempt, with its sessions made on every node.
  private func attempt(_ number: Int) -> [EngineRun] {
    pipeline = setup.pipeline(session: "attempt-\(number)")
    for stage in pipeline.stages {
      _ = nodes[stage.node - 1].addSession(pipeline.session, stage.blueprint).becomeReady()
    }
    return (0..<setup.runs).map {
      let run = EngineRun(engine, pipeline, id: "run\($0)-\(number)", quitsAtFailure: false)
      engine.add(run)
      return run
    }
  }

  package func run() -> LargeFigures {
    let first = attempt(1)
    for run in first { run.begin(spread: 1) }
    sample()
    switch setup.incident {
    case .none, .slow: break
    case .kill, .vanish:
      // When half of what has to pass it has come there.
      let expected = pipeline.stages[middle - 1].blueprint.expectedInputs.reduce(0, +)
      let half = expected * Int64(setup.runs) / 2
      runUntil { [self] in nodes[middle - 1].received >= half }
      figures.failedAt = world.now
      nodes[middle - 1].die(silently: setup.incident == .vanish)
    }
    runUntil { [self] in isOver(first) && allEnded }
    figures.take(first)
    figures.allEnded = lastEnd
    figures.tasks = world.census.all.count
    if let failedAt = figures.failedAt { recover(first, failedAt) }
    finish()
    return figures
  }

  /// The node is replaced, and what has not come through runs again.
  private func recover(_ first: [EngineRun], _ failedAt: Int64) {
    figures.endedAfter = lastEnd - failedAt
    let told = first.flatMap(\.pulls).filter { $0.state != .succeeded }.compactMap(\.endedAt)
    figures.toldAfter = told.max().map { $0 - failedAt }
    nodes[middle - 1] = node(middle)
    let missing = first.filter { !$0.pulls.allSatisfy { $0.state == .succeeded } }.count
    let second = Array(attempt(2).prefix(missing))
    for run in second { run.begin(spread: 1) }
    runUntil { [self] in isOver(second) }
    world.require(second.allSatisfy(\.hasSucceeded), "the second attempt did not succeed")
    let whole = second.flatMap(\.pulls).compactMap(\.endedAt).max()
    figures.wholeAfter = whole.map { $0 - failedAt }
  }

  /// Looks every two milliseconds of the simulated clock: there is much to look at.
  private func runUntil(_ isOver: () -> Bool) {
    while world.violation == nil, !isOver() { world.run(until: world.now + 2_000_000) }
  }

  private var lastEnd: Int64 { world.census.all.compactMap(\.endedAt).max() ?? 0 }

  private func isOver(_ runs: [EngineRun]) -> Bool {
    runs.allSatisfy { $0.isBegun && $0.isOver }
  }

  private var allEnded: Bool { nodes.allSatisfy { $0.isGone || $0.liveTasks == 0 } }

  /// Looks at what nodes have granted, every five milliseconds of the simulated clock.
  private func sample() {
    guard figures.failedAt == nil else { return }
    for node in nodes {
      figures.mostGrantedOfNode = max(figures.mostGrantedOfNode, node.budget.inUse)
    }
    world.after(5_000_000) { [weak self] in self?.sample() }
  }

  private func finish() {
    for node in nodes {
      figures.largestWindow = max(figures.largestWindow, node.peaks.window)
      figures.largestQueue = max(figures.largestQueue, node.peaks.queue)
      figures.largestPipe = max(figures.largestPipe, node.peaks.pipe)
      figures.mostHeldOfNode = max(figures.mostHeldOfNode, node.peaks.held)
    }
    figures.mostHeld = world.mostHeld
    figures.events = world.events
    figures.violation = world.violation?.what
  }
}

extension LargeFigures {
  fileprivate mutating func take(_ runs: [EngineRun]) {
    let pulls = runs.flatMap(\.pulls)
    firstByte = pulls.compactMap(\.firstAt).min()
    lastFirstByte = pulls.compactMap(\.firstAt).max()
    let whole = pulls.filter { $0.state == .succeeded }.compactMap(\.endedAt)
    firstWhole = whole.min()
    allWhole = whole.count == pulls.count ? whole.max() : nil
  }
}
