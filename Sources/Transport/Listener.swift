// A listening socket, and the connections that came of it.

internal import GRPC
internal import HTTP2
internal import NIOConcurrencyHelpers
package import NIOCore
internal import NIOPosix

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Accepts connections and hands their calls to `onCall`. Thread-safe; each call stays on the
/// event loop of its connection.
package final class Listener: Sendable {
  /// Decides on a call, on the call's event loop. Nil for a method that is not known
  /// (UNIMPLEMENTED), or when the call has been finished already.
  package typealias OnCall = @Sendable (ServerCall) -> (any CallReceiver)?

  /// Where it listens, with the TCP port that the system chose for 0.
  package let localAddress: PeerAddress

  private let channel: any Channel
  private let members: Members

  private init(channel: any Channel, localAddress: PeerAddress, members: Members) {
    self.channel = channel
    self.localAddress = localAddress
    self.members = members
  }

  /// Listens on `host` (a name or an address) and a TCP port; 0 takes a free one. Fails with
  /// UNAVAILABLE, and the address in its message.
  package static func bind(
    host: String, tcpPort: Int, group: any EventLoopGroup,
    configuration: TransportConfiguration = .init(), onCall: @escaping OnCall
  ) -> EventLoopFuture<Listener> {
    let members = Members()
    let address = PeerAddress(host: host, tcpPort: tcpPort)
    return ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // One at a time, so that the limit of connections is exact.
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            AcceptGate(limit: configuration.maximumConnections))
        }
      }
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try Self.accept(channel, configuration, members, onCall)
        }
      }
      .bind(host: host, port: tcpPort)
      .flatMapThrowing { channel in
        guard let local = channel.localAddress.flatMap(PeerAddress.init) else {
          throw GRPCStatus(.internalError, "a listening socket without an address")
        }
        return Listener(channel: channel, localAddress: local, members: members)
      }
      .flatMapErrorThrowing { error in
        throw GRPCStatus(.unavailable, "cannot listen on \(address): \(describe(error))")
      }
  }

  private static func accept(
    _ channel: any Channel, _ configuration: TransportConfiguration, _ members: Members,
    _ onCall: @escaping OnCall
  ) throws {
    try channel.prepareForHTTP2(configuration)
    let peer = channel.remoteAddress.flatMap(PeerAddress.init)
    let eventLoop = channel.eventLoop
    let key = ObjectIdentifier(channel)
    let connection = Connection(
      role: .server, peer: peer.map(\.description) ?? "a client", eventLoop: eventLoop,
      configuration: configuration,
      delegate: IncomingCalls(onCall: onCall) { members.remove(key) })
    try channel.pipeline.syncOperations.addHandler(connection)
    members.add(key, NIOLoopBound(connection, eventLoop: eventLoop))
  }

  /// Tells every peer, by GOAWAY, to make its next calls on a new connection, and still takes those:
  /// whoever is served on them learns at once that the node is ending. Calls that run go on.
  package func retireConnections() {
    self.members.tellPresent { $0.drain() }
  }

  /// Accepts no more connections and no more calls. Succeeds when the calls that run have ended;
  /// those that still run after `grace` are ended with UNAVAILABLE.
  package func drain(grace: TimeAmount) -> EventLoopFuture<Void> {
    let gone = self.channel.eventLoop.makePromise(of: Void.self)
    self.channel.close(promise: nil)
    self.members.whenEmpty(gone)
    self.members.tellAll { $0.drain() }
    let timer = self.channel.eventLoop.scheduleTask(in: grace) {
      self.members.tellAll { $0.abort("the time to drain is over") }
    }
    gone.futureResult.whenComplete { _ in timer.cancel() }
    return gone.futureResult
  }

  /// Ends all connections and their calls now.
  package func close() -> EventLoopFuture<Void> {
    let gone = self.channel.eventLoop.makePromise(of: Void.self)
    self.channel.close(promise: nil)
    self.members.whenEmpty(gone)
    self.members.tellAll { $0.abort("the listener is closed") }
    return gone.futureResult
  }

  /// Connections that are open now.
  package var connectionCount: Int { self.members.count }
}

/// The connections of a listener, on whatever loops they are.
private final class Members: Sendable {
  private struct State {
    var connections: [ObjectIdentifier: NIOLoopBound<Connection>] = [:]
    var waiters: [EventLoopPromise<Void>] = []
    /// Applied to what comes late, accepted before the listener was closed.
    var last: (@Sendable (Connection) -> Void)?
  }

  private let state = NIOLockedValueBox(State())

  var count: Int { self.state.withLockedValue { $0.connections.count } }

  func add(_ key: ObjectIdentifier, _ connection: NIOLoopBound<Connection>) {
    let last = self.state.withLockedValue { state in
      state.connections[key] = connection
      return state.last
    }
    last?(connection.value)
  }

  func remove(_ key: ObjectIdentifier) {
    let waiters = self.state.withLockedValue { state -> [EventLoopPromise<Void>] in
      state.connections[key] = nil
      guard state.connections.isEmpty else { return [] }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.succeed() }
  }

  /// For those that are there, and for those that come later.
  func tellAll(_ body: @escaping @Sendable (Connection) -> Void) {
    self.state.withLockedValue { $0.last = body }
    self.tellPresent(body)
  }

  /// For those that are there.
  func tellPresent(_ body: @escaping @Sendable (Connection) -> Void) {
    let connections = self.state.withLockedValue { Array($0.connections.values) }
    for connection in connections {
      connection.eventLoop.execute { body(connection.value) }
    }
  }

  func whenEmpty(_ promise: EventLoopPromise<Void>) {
    let isEmpty = self.state.withLockedValue { state in
      if !state.connections.isEmpty { state.waiters.append(promise) }
      return state.connections.isEmpty
    }
    if isEmpty { promise.succeed() }
  }
}

extension Channel {
  /// The options of every connection, whoever opened it. They are set at once: the channel is on
  /// its event loop already.
  func prepareForHTTP2(_ configuration: TransportConfiguration) throws {
    guard let options = self.syncOptions else {
      preconditionFailure("channels of NIOPosix and NIOEmbedded take options at once")
    }
    try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
    // Where a peer vanished while nothing is asked of it, the kernel notices, within a minute. (Not
    // TCP_USER_TIMEOUT: it also ends connections whose peer lives and just does not read.)
    try options.setOption(.socketOption(.so_keepalive), value: 1)
    #if os(Linux)
      try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 30)
      try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 10)
      try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
    #endif
    try options.setOption(
      .recvAllocator,
      value: AdaptiveRecvByteBufferAllocator(
        minimum: configuration.readBuffer.lowerBound, initial: configuration.readBuffer.lowerBound,
        maximum: configuration.readBuffer.upperBound))
    try options.setOption(
      .maxMessagesPerRead, value: UInt(configuration.readsPerTurn))
    try options.setOption(
      .writeBufferWaterMark,
      value: .init(low: configuration.writeBatch / 4, high: configuration.writeBatch))
  }
}
