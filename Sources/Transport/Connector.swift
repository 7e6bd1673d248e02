// Makes one connection to a peer: its name, its address, a proxy where there is one.

internal import GRPC
internal import HTTP2
internal import NIOCore
internal import NIOPosix

struct Connector {
  let peer: PeerAddress
  let eventLoop: any EventLoop
  let configuration: TransportConfiguration

  /// Succeeds with a connection that may be used, before the peer has said anything. Fails within
  /// the connect timeout.
  func connect(delegate: any ConnectionDelegate) -> EventLoopFuture<NIOLoopBound<Connection>> {
    let deadline = self.eventLoop.now + self.configuration.connectTimeout
    let proxy = self.configuration.proxy.proxy(for: self.peer)
    let delegate = NIOLoopBound(delegate, eventLoop: self.eventLoop)
    return self.reach(proxy?.address ?? self.peer)
      .flatMapErrorThrowing { error in
        let way = proxy.map { "the proxy \($0.address) for " } ?? ""
        throw GRPCStatus(
          .unavailable, "cannot connect to \(way)\(self.peer): \(describe(error))")
      }
      .flatMap { channel in
        guard let proxy else {
          return self.eventLoop.makeCompletedFuture {
            try self.addConnection(to: channel, delegate.value)
          }
        }
        return self.tunnel(channel, proxy, deadline) {
          try self.addConnection(to: channel, delegate.value)
        }
      }
  }

  private func addConnection(to channel: any Channel, _ delegate: any ConnectionDelegate) throws
    -> NIOLoopBound<Connection>
  {
    let connection = Connection(
      role: .client, peer: self.peer.description, eventLoop: self.eventLoop,
      configuration: self.configuration, delegate: delegate)
    connection.target = self.peer
    try channel.pipeline.syncOperations.addHandler(connection)
    return NIOLoopBound(connection, eventLoop: self.eventLoop)
  }

  private func reach(_ address: PeerAddress) -> EventLoopFuture<any Channel> {
    let configuration = self.configuration
    let bootstrap = ClientBootstrap(group: self.eventLoop)
      .connectTimeout(configuration.connectTimeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.prepareForHTTP2(configuration) }
      }
    // An address needs no resolver, and no thread of one.
    if let socketAddress = try? SocketAddress(ipAddress: address.host, port: address.tcpPort) {
      return bootstrap.connect(to: socketAddress)
    }
    return bootstrap.connect(host: address.host, port: address.tcpPort)
  }

  /// Asks the proxy for a tunnel to the peer (RFC 9110 section 9.3.6).
  ///
  /// - Parameter addConnection: called when the tunnel is there, and before what has come through it
  ///   already is handed on.
  private func tunnel(
    _ channel: any Channel, _ proxy: Proxy, _ deadline: NIODeadline,
    addConnection: @escaping @Sendable () throws -> NIOLoopBound<Connection>
  ) -> EventLoopFuture<NIOLoopBound<Connection>> {
    let established = channel.eventLoop.makePromise(of: Void.self)
    let tunnel = NIOLoopBound(
      ProxyTunnel(
        target: self.peer.authority, authorization: proxy.authorization, deadline: deadline,
        established: established),
      eventLoop: self.eventLoop)
    do {
      try channel.pipeline.syncOperations.addHandler(tunnel.value)
    } catch {
      established.fail(error)
    }
    return established.futureResult
      .flatMapThrowing { try addConnection() }
      .flatMap { connection in
        channel.pipeline.syncOperations.removeHandler(tunnel.value).map { connection }
      }
      .flatMapErrorThrowing { error in
        channel.close(promise: nil)
        throw GRPCStatus(
          .unavailable, "the proxy \(proxy.address) gives no tunnel to \(self.peer): \(error)")
      }
  }
}
