// Makes one connection to a peer: its name, its address, a proxy where there is one.

internal import GRPC
internal import HTTP2
internal import NIOCore
internal import NIOExtras
internal import NIOHTTP1
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
      .flatMap { channel in
        guard let proxy else { return self.eventLoop.makeSucceededFuture(channel) }
        return self.tunnel(channel, proxy, deadline)
      }
      .flatMapThrowing { channel in
        let connection = Connection(
          role: .client, peer: self.peer.description, eventLoop: self.eventLoop,
          configuration: self.configuration, delegate: delegate.value)
        connection.target = self.peer
        try channel.pipeline.syncOperations.addHandler(connection)
        return NIOLoopBound(connection, eventLoop: self.eventLoop)
      }
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
  private func tunnel(
    _ channel: any Channel, _ proxy: Proxy, _ deadline: NIODeadline
  ) -> EventLoopFuture<any Channel> {
    let done = channel.eventLoop.makePromise(of: Void.self)
    var headers = HTTPHeaders([("host", self.peer.authority)])
    if let authorization = proxy.authorization {
      headers.add(name: "proxy-authorization", value: authorization)
    }
    let host = self.peer.host.contains(":") ? "[\(self.peer.host)]" : self.peer.host
    let encoder = HTTPRequestEncoder()
    // What follows the proxy's answer is HTTP/2, and not for this decoder.
    let decoder = ByteToMessageHandler(
      HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
    let connect = NIOHTTP1ProxyConnectHandler(
      targetHost: host, targetPort: self.peer.tcpPort, headers: headers, deadline: deadline,
      promise: done)
    let handlers = NIOLoopBound((encoder, decoder), eventLoop: self.eventLoop)
    do {
      try channel.pipeline.syncOperations.addHandlers([encoder, decoder, connect])
    } catch {
      done.fail(error)
    }
    return done.futureResult
      .flatMap {
        let pipeline = channel.pipeline.syncOperations
        return pipeline.removeHandler(handlers.value.1)
          .and(pipeline.removeHandler(handlers.value.0))
      }
      .map { _ in channel }
      .flatMapErrorThrowing { error in
        channel.close(promise: nil)
        throw GRPCStatus(
          .unavailable, "the proxy \(proxy.address) gives no tunnel to \(self.peer): \(error)")
      }
  }
}
