// What goes wrong, when, and where: chosen by the seed.

/// The faults of a scenario. All of them are over at a time that is known before.
package enum Fault: String, CaseIterable, Sendable {
  /// A connection is lost, and both ends hear of it soon.
  case cut
  /// A connection carries nothing any more, and only keepalive finds that.
  case silence
  /// A node's process is killed: its connections are closed by its kernel.
  case killNode
  /// A node's host vanishes.
  case vanish
  /// An operator exits with another code than 0.
  case killOperator
  /// An operator reads and writes nothing for a time.
  case stopOperator
  /// The engine does not read a pull for a time.
  case stopReader
  case cancelPush
  case cancelPull
  case quitSession
  /// SIGTERM: the node drains.
  case drain
  /// Another push comes to a port that has its writer. Nothing may come of it.
  case secondPush

  /// Whether a task may fail of it.
  var isHarmful: Bool {
    switch self {
    case .stopOperator, .stopReader, .secondPush: false
    default: true
    }
  }
}

extension Simulation {
  /// Does it now, where there is something to do it to.
  ///
  /// - Parameter end: when all faults are over.
  func inject(_ fault: Fault, until end: Int64) {
    // Where something runs, if anywhere.
    let busy = nodes.filter { !$0.isGone && $0.liveTasks > 0 }
    let node = world.dice.pick(busy.isEmpty ? nodes : busy)
    guard !node.isGone else { return }
    world.tell("FAULT \(fault.rawValue) at \(node)")
    faults[fault, default: 0] += 1
    switch fault {
    case .cut, .silence:
      let connections = node.connections.filter { !$0.isCut }
      let used = connections.filter { !$0.streams.isEmpty }
      guard !connections.isEmpty else { return }
      world.dice.pick(used.isEmpty ? connections : used).cut(silently: fault == .silence)
    case .killNode: node.die(silently: false)
    case .vanish: node.die(silently: true)
    case .killOperator: runningTask(on: node)?.operator?.die()
    case .stopOperator: runningTask(on: node)?.operator?.stop(until: end)
    case .stopReader: pulls.randomElement(using: &world.dice)?.stop(until: end)
    case .cancelPush: pushes.randomElement(using: &world.dice)?.cancel()
    case .cancelPull: pulls.randomElement(using: &world.dice)?.cancel()
    case .quitSession:
      guard let session = node.sessions.randomElement(using: &world.dice) else { return }
      engine.quitSession(node.number, session.id)
    case .drain: node.drain()
    case .secondPush:
      guard let run = engine.runs.randomElement(using: &world.dice),
        let push = run.pushes.first(where: \.isAccepted)
      else { return }
      Intruder(engine, push.destination, task: run.id, mustBeRefused: !isHarmed)
    }
  }

  private var pulls: [EnginePull] { engine.runs.flatMap(\.pulls) }
  private var pushes: [EnginePush] { engine.runs.flatMap(\.pushes) }

  private func runningTask(on node: SimulatedNode) -> SimulatedTask? {
    node.sessions.flatMap(\.tasks).filter { $0.operator?.isRunning == true }
      .randomElement(using: &world.dice)
  }
}

/// A second writer of a port. It sends nothing and goes away again.
private final class Intruder: PushOwner {
  private let engine: Engine
  private let mustBeRefused: Bool
  private var isGoing = false
  private var push: Push?

  @discardableResult
  init(_ engine: Engine, _ destination: Destination, task: String, mustBeRefused: Bool) {
    self.engine = engine
    self.mustBeRefused = mustBeRefused
    push = Push(
      from: engine, to: engine.node(destination.node), destination, task: task, awaiting: false,
      owner: self)
    engine.later(50_000_000) { [self] in
      isGoing = true
      push?.cancel()
    }
  }

  func pushBecameWritable() {}

  func pushEnded(_ status: CallStatus) {
    push = nil
    engine.world.tell("engine: the second push: \(status)")
    guard mustBeRefused, !isGoing else { return }
    if case .refused = status { return }
    if case .exhausted = status { return }
    engine.world.require(false, "a second push was answered with \(status)")
  }
}
