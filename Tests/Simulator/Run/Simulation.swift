// One seed: a world from its beginning to the end of everything in it.

internal import Transport

/// Builds a network of nodes and pipelines from a seed, lets tasks run while faults happen, and sees
/// to the end that everything has ended and nothing is left.
package final class Simulation {
  let world: World
  private(set) var nodes: [SimulatedNode] = []
  private(set) var engine: Engine!
  var faults: [Fault: Int] = [:]
  /// Harmful faults may happen in this seed, or limits be too tight for all to go well.
  private(set) var isHarmed = false
  /// Faults happen before this time, in nanoseconds.
  private let faultsEnd: Int64
  private var plan: [(time: Int64, fault: Fault)] = []

  package init(seed: UInt64, mutation: Mutation? = nil, traced: Int = 0) {
    var dice = Dice(seed: seed)
    world = World(
      seed: dice.next(), network: .random(&dice), mutation: mutation, traced: traced)
    faultsEnd = Int64(dice.order(of: 20_000_000...500_000_000))
    let count = dice.pick(1...6)
    var limits = NodeLimits()
    if dice.chance(1, of: 8) {
      limits.statusLifetime = 2_000_000_000
      limits.idLifetime = 5_000_000_000_000
      // A pull may come too late.
      isHarmed = true
    }
    if dice.chance(1, of: 16) {
      limits.tasksPerSession = 2
      isHarmed = true
    }
    if dice.chance(1, of: 16) {
      limits.endedTasks = 1
      isHarmed = true
    }
    // A budget that is short shrinks windows, and refuses calls.
    let isShort = dice.chance(1, of: 8)
    if isShort { isHarmed = true }
    let budget = isShort ? dice.pick(1...8) << 20 : 256 << 20
    let hasLoops = dice.chance(1, of: 3)
    engine = Engine(world) { [unowned self] in host($0) }
    nodes = (1...count).map { number in
      SimulatedNode(world, number: number, limits: limits, budget: budget, hasLoops: hasLoops) {
        [unowned self] in host($0)
      }
    }
    addPipelines(&dice)
    planFaults(&dice)
  }

  private func host(_ number: Int) -> Host { number == 0 ? engine : nodes[number - 1] }

  private func addPipelines(_ dice: inout Dice) {
    for index in 0..<dice.pick([1, 1, 2]) {
      let chosen = nodes.map(\.number).shuffled(using: &dice).prefix(dice.pick(1...nodes.count))
      let pipeline = Pipeline.random(session: "p\(index)", nodes: Array(chosen), &dice)
      for stage in pipeline.stages {
        guard let node = host(stage.node) as? SimulatedNode else { continue }
        let session = node.addSession(pipeline.session, stage.blueprint)
        node.later(Int64(dice.below(1_000_000))) { _ = session.becomeReady() }
      }
      let quits = dice.chance(1, of: 3)
      for number in 0..<dice.pick([1, 1, 2, 3]) {
        let run = EngineRun(engine, pipeline, id: "t\(index).\(number)", quitsAtFailure: quits)
        engine.add(run)
        let spread = dice.order(of: 1...50_000_000)
        engine.later(1_000_000 + Int64(dice.below(10_000_000))) { run.begin(spread: spread) }
      }
    }
  }

  private func planFaults(_ dice: inout Dice) {
    let count = dice.pick([0, 1, 1, 1, 2, 2, 3, 5])
    for _ in 0..<count {
      let fault = dice.pick(Fault.allCases)
      if fault.isHarmful { isHarmed = true }
      // Most of what runs is short.
      plan.append((Int64(dice.order(of: 2_000_000...Int(faultsEnd))), fault))
    }
    for (time, fault) in plan {
      world.at(time) { [unowned self] in inject(fault, until: faultsEnd) }
    }
  }

  // MARK: The run

  package func run() -> Outcome {
    world.run(until: faultsEnd)
    // Nothing waits longer than for an input that never comes, once; and then for its neighbours.
    let limits = nodes[0].limits
    let deadline = faultsEnd + 2 * limits.inputDeadline + 120_000_000_000
    world.run(until: deadline) { [self] in !allIsOver }
    requireEnds()
    let ended = world.now
    end()
    return Outcome(
      violation: world.violation, events: world.events, faults: faults,
      succeeded: engine.runs.filter(\.hasSucceeded).count, runs: engine.runs.count,
      ended: ended, story: world.story)
  }

  private var allIsOver: Bool {
    world.now > faultsEnd && engine.runs.allSatisfy { $0.isBegun && $0.isOver }
      && nodes.allSatisfy { $0.isGone || $0.liveTasks == 0 }
  }

  /// Everything ends once faults stop.
  private func requireEnds() {
    for run in engine.runs {
      world.require(run.isOver, "task \(run.id) still waits: \(run.open)")
      world.require(
        isHarmed || run.hasSucceeded, "task \(run.id) did not succeed, and nothing was wrong")
      guard run.hasSucceeded, !isHarmed else { continue }
      for stage in run.pipeline.stages {
        let place = Destination(node: stage.node, session: run.pipeline.session, input: 0)
        world.require(
          world.census.task(place, run.id)?.isFinished == true,
          "task \(run.id) has succeeded, and not finished on node \(stage.node)")
      }
    }
    for task in world.census.all where !task.hasEnded {
      world.require(task.isOnLostNode, "\(task) has not ended")
    }
  }

  /// Sessions are quit, or not; then every node that is left drains.
  private func end() {
    for node in nodes where !node.isGone {
      for session in node.sessions where world.dice.chance(1, of: 2) {
        node.quitSession(session.id) {}
      }
      node.drain()
    }
    world.run(until: world.now + 300_000_000_000)
    for node in nodes {
      world.require(node.isGone, "\(node) was drained and has not ended")
    }
    world.require(engine.openStreams == 0, "the engine has \(engine.openStreams) streams left")
    world.require(engine.timers == 0, "the engine has \(engine.timers) timers left")
    world.require(
      engine.budget.inUse == 0, "the engine has \(engine.budget.inUse) bytes of windows left")
  }
}

extension NetworkSettings {
  static func random(_ dice: inout Dice) -> NetworkSettings {
    var settings = NetworkSettings()
    settings.latency = Int64(dice.order(of: 10_000...20_000_000))
    settings.jitter = Int64(dice.order(of: 1000...5_000_000))
    settings.bytesPerSecond = Int64(dice.order(of: 10_000_000...2_000_000_000))
    return settings
  }
}
