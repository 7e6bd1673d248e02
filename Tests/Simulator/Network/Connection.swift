// A simulated connection: carries the frames of its streams, until it is lost.

internal import NIOCore
internal import Transport

/// What the network is like. Times in nanoseconds.
package struct NetworkSettings: Sendable {
  /// One way.
  package var latency: Int64 = 200_000
  /// Up to this much more, for each frame.
  package var jitter: Int64 = 100_000
  /// Of each direction of a connection.
  package var bytesPerSecond: Int64 = 1_250_000_000
  package var keepaliveInterval: Int64 = 30_000_000_000
  package var keepaliveTimeout: Int64 = 20_000_000_000
  /// After which a host that does not answer at all is given up.
  package var connectTimeout: Int64 = 10_000_000_000

  package init() {}

  package func time(of bytes: Int) -> Int64 {
    Int64(bytes) * 1_000_000_000 / bytesPerSecond
  }
}

enum Side: Int {
  case client = 0
  case server = 1

  var other: Side { self == .client ? .server : .client }
}

/// Frames of one stream and direction arrive in order; those of different streams overtake each
/// other, which is more than one TCP connection can do.
final class Connection {
  private enum State {
    case connecting, open, cut
  }

  let client: Host
  let server: Host
  private(set) var streams: [Stream] = []
  private let world: World
  private var state = State.connecting
  /// An end that knows of the loss gets nothing more.
  private var isLost = [false, false]
  private var freeAt: [Int64] = [0, 0]
  private var lastSign: [Int64]
  private var waiting: [Stream] = []

  init(from client: Host, to server: Host) {
    self.client = client
    self.server = server
    world = client.world
    lastSign = [world.now, world.now]
    client.attach(self)
    // A TCP handshake, then SETTINGS.
    client.later(3 * (world.network.latency + jitter())) { [weak self] in self?.connected() }
  }

  func host(_ side: Side) -> Host { side == .client ? client : server }

  private func jitter() -> Int64 {
    world.network.jitter > 0 ? Int64(world.dice.below(Int(world.network.jitter))) : 0
  }

  private func connected() {
    guard case .connecting = state else { return }
    guard !server.isSilent else {
      client.later(world.network.connectTimeout) { [weak self] in
        self?.lose(.client, "no connection to \(self?.server.description ?? "")")
      }
      return
    }
    guard server.isListening else { return lose(.client, "\(server) refused the connection") }
    state = .open
    server.attach(self)
    let streams = waiting
    waiting = []
    for stream in streams { stream.client?.connected() }
  }

  // MARK: Streams

  func open(_ client: any StreamEnd) -> Stream {
    let stream = Stream(on: self, client: client)
    streams.append(stream)
    if case .connecting = state { waiting.append(stream) }
    return stream
  }

  var isConnected: Bool {
    if case .connecting = state { false } else { true }
  }

  func add(_ stream: Stream) {
    streams.append(stream)
  }

  func remove(_ stream: Stream) {
    streams.removeAll { $0 === stream }
    client.streamClosed()
    server.streamClosed()
  }

  // MARK: Frames

  /// When this direction can take more: what is written goes no faster than the wire.
  func freeTime(_ side: Side) -> Int64 { freeAt[side.rawValue] }

  /// Takes a frame to the other side; `arrived` is called there, in time and in order.
  func carry(_ frame: Frame, of stream: Stream, from side: Side) {
    guard case .open = state else { return }
    let start = max(world.now, freeAt[side.rawValue])
    let sent = start + world.network.time(of: frame.bytes)
    freeAt[side.rawValue] = sent
    let time = stream.arrival(from: side, notBefore: sent + world.network.latency + jitter())
    let other = side.other
    world.at(time) { [self] in
      stream.landed(frame)
      guard !isLost[other.rawValue], !host(other).isGone else { return }
      lastSign[other.rawValue] = world.now
      stream.deliver(frame, to: other)
    }
  }

  // MARK: Loss

  var isCut: Bool {
    if case .cut = state { true } else { false }
  }

  /// Nothing gets through from now on. What is under way still arrives, up to the moment at which
  /// an end hears of it: at once, or by keepalive.
  func cut(silently: Bool) {
    guard !isCut else { return }
    let wasOpen = isConnected
    state = .cut
    for side in [Side.client, .server] where wasOpen || side == .client {
      let delay = silently ? keepalive(side) : world.network.latency + 3 * jitter()
      host(side).later(delay) { [self] in
        lose(side, silently ? "the peer does not answer" : "the connection was lost")
      }
    }
  }

  /// This end closes it, and knows.
  func close(by host: Host) {
    cut(silently: false)
    lose(host === client ? .client : .server, "closed here")
  }

  /// Nanoseconds until the keepalive of this side gives the peer up.
  private func keepalive(_ side: Side) -> Int64 {
    let settings = world.network
    var keepalive = Keepalive(
      interval: .nanoseconds(settings.keepaliveInterval),
      timeout: .nanoseconds(settings.keepaliveTimeout),
      now: .uptimeNanoseconds(UInt64(lastSign[side.rawValue])))
    var time = world.deadline
    while true {
      switch keepalive.check(now: time) {
      case .wait(let until), .ping(let until): time = until
      case .dead: return (time - world.deadline).nanoseconds
      }
    }
  }

  private func lose(_ side: Side, _ reason: String) {
    guard !isLost[side.rawValue] else { return }
    state = .cut
    isLost[side.rawValue] = true
    host(side).forget(self)
    world.tell("\(client) -> \(server): \(host(side)) hears: \(reason)")
    for stream in streams { stream.lose(side, reason) }
  }
}
