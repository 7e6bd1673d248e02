// What has connections: a node, or the engine.

internal import Transport

/// One end of the simulated network. What happens in it goes through ``later(_:_:)``, so that
/// nothing happens in a process that has been killed.
class Host: CustomStringConvertible {
  let world: World
  let number: Int
  let budget: WindowBudget
  /// Pending timers.
  var timers = 0
  /// The process has ended, or was killed.
  private(set) var isGone = false
  /// The host has vanished: nobody is told, nobody answers.
  private(set) var isSilent = false
  /// Every connection with an end here, until this end knows of its loss.
  private(set) var connections: [Connection] = []
  private var pool: [Int: Connection] = [:]

  init(_ world: World, number: Int, budget: Int) {
    self.world = world
    self.number = number
    self.budget = WindowBudget(limit: budget)
  }

  var description: String { "host \(number)" }

  /// Whether it takes new connections.
  var isListening: Bool { !isGone }

  /// A client's first frame on a new stream.
  func accept(_ frame: Frame, on stream: Stream) {}

  /// Its last stream may have ended.
  func streamClosed() {}

  func later(_ delay: Int64, _ action: @escaping () -> Void) {
    world.after(delay) { [self] in
      if !isGone { action() }
    }
  }

  // MARK: Connections

  /// The pool's connection to a peer: one for each, replaced when it is lost.
  func connection(to peer: Host) -> Connection {
    if let known = pool[peer.number] { return known }
    let new = Connection(from: self, to: peer)
    pool[peer.number] = new
    return new
  }

  func attach(_ connection: Connection) {
    connections.append(connection)
  }

  func forget(_ connection: Connection) {
    connections.removeAll { $0 === connection }
    let peer = connection.server
    if pool[peer.number] === connection { pool[peer.number] = nil }
  }

  var openStreams: Int { connections.reduce(0) { $0 + $1.streams.count } }

  // MARK: Its end

  /// The process ends. Silently: its whole host does, and no kernel is left to say so.
  func die(silently: Bool) {
    guard !isGone else { return }
    isGone = true
    isSilent = silently
    for connection in connections { connection.cut(silently: silently) }
  }
}
