// The connections that one event loop has to other hosts.

package import GRPC
internal import HTTP2
package import NIOCore

/// Opens calls, and the connections for them: lazily, one for each peer, and one more whenever the
/// calls that wait are more than the streams that the peer allows. No call ever waits for another
/// to end: on a node a call may last as long as its operator, and a circle of them for ever.
///
/// Confined to its event loop.
package final class Connections: ConnectionDelegate {
  package let eventLoop: any EventLoop
  package let configuration: TransportConfiguration

  private var hosts: [PeerAddress: Host] = [:]
  private var isClosed = false
  private var waiters: [EventLoopPromise<Void>] = []

  /// What we have and want of one peer.
  private struct Host {
    var connections: [Connection] = []
    var attempts = 0
    var waiting: [ClientCall] = []
    /// Streams that the latest connection allowed.
    var streamsEach = 100

    var isUnused: Bool {
      self.connections.isEmpty && self.attempts == 0 && self.waiting.isEmpty
    }
  }

  package init(eventLoop: any EventLoop, configuration: TransportConfiguration = .init()) {
    self.eventLoop = eventLoop
    self.configuration = configuration
  }

  /// Connections that are open now, to all peers.
  package var connectionCount: Int {
    self.eventLoop.preconditionInEventLoop()
    return self.hosts.values.reduce(0) { $0 + $1.connections.count }
  }

  /// Begins a call. Never fails by itself: what goes wrong comes by `callEnded`, after this has
  /// returned. `timeout` counts from now, includes connecting, and is told to the server.
  /// `receiveWindow` is what the server may send at first, in bytes: a call whose answer is small
  /// takes no more of the node's budget than it needs.
  package func open(
    to peer: PeerAddress, path: String, metadata: Metadata = .init(), timeout: TimeAmount? = nil,
    receiveWindow: Int = AdaptiveWindow.start, receiver: any CallReceiver
  ) -> ClientCall {
    self.eventLoop.preconditionInEventLoop()
    let call = ClientCall(
      path: path, peer: peer, metadata: metadata, timeout: timeout, receiveWindow: receiveWindow,
      receiver: receiver, eventLoop: self.eventLoop, configuration: self.configuration)
    if let reason = self.refusal(of: peer) {
      call.cancel(reason)
    } else {
      // Held until the call has ended or was refused.
      call.onRefusal = { self.place(call, again: peer) }
      self.hosts[peer, default: Host()].waiting.append(call)
      self.serve(peer)
    }
    return call
  }

  /// A server refused the call without processing it (REFUSED_STREAM, or a GOAWAY below it): it gets a
  /// second chance on another connection (RFC 9113 section 8.7).
  private func place(_ call: ClientCall, again peer: PeerAddress) {
    guard !self.isClosed else {
      return call.fail(
        GRPCStatus(.unavailable, "\(peer) refused the call, and this client is closed"))
    }
    self.hosts[peer, default: Host()].waiting.append(call)
    self.serve(peer)
  }

  private func refusal(of peer: PeerAddress) -> GRPCStatus? {
    if self.isClosed { return GRPCStatus(.unavailable, "this client is closed") }
    // Better than to send in the clear what was meant to be encrypted.
    if peer.tls { return GRPCStatus(.unimplemented, "\(peer) asks for TLS, which is not built in") }
    return nil
  }

  /// No new calls; connections close when their calls have ended. Succeeds when all are closed.
  package func drain() -> EventLoopFuture<Void> {
    self.eventLoop.preconditionInEventLoop()
    self.isClosed = true
    let promise = self.eventLoop.makePromise(of: Void.self)
    self.waiters.append(promise)
    for peer in self.hosts.keys { self.closeIfServed(peer) }
    self.finishIfUnused()
    return promise.futureResult
  }

  /// Ends all calls and connections now.
  package func close() -> EventLoopFuture<Void> {
    let result = self.drain()
    for peer in self.hosts.keys {
      self.failWaiting(peer, GRPCStatus(.unavailable, "this client is closed"))
    }
    self.abortAll("this client is closed")
    return result
  }

  /// Ends all connections now, with their calls; new calls make new ones.
  package func abortAll(_ reason: String) {
    self.eventLoop.preconditionInEventLoop()
    for host in self.hosts.values {
      for connection in host.connections { connection.abort(reason) }
    }
  }

  // MARK: Placing calls

  /// Puts waiting calls on connections, and begins connections for the rest.
  private func serve(_ peer: PeerAddress) {
    guard var host = self.hosts[peer] else { return }
    let calls = host.waiting.filter(\.isWaiting)
    host.waiting = []
    self.hosts[peer] = host
    var left: [ClientCall] = []
    for call in calls where !self.place(call, on: host.connections) { left.append(call) }

    // A receiver that was told something may have opened a call meanwhile: take nothing back.
    host = self.hosts[peer] ?? Host()
    host.waiting = left + host.waiting
    // Those that are being made, or do not know their peer's limit yet, will take some.
    let coming = host.attempts + host.connections.filter { $0.isOpen && !$0.hasSettings }.count
    let needed = (host.waiting.count + host.streamsEach - 1) / host.streamsEach
    let missing = self.isClosed ? 0 : max(0, needed - coming)
    host.attempts += missing
    self.hosts[peer] = host
    for _ in 0..<missing { self.connect(peer) }
    self.closeIfServed(peer)
    self.removeIfUnused(peer)
  }

  /// Of a client that drains: calls that wait were there before the drain, and are placed first.
  private func closeIfServed(_ peer: PeerAddress) {
    guard self.isClosed, let host = self.hosts[peer], host.waiting.isEmpty else { return }
    for connection in host.connections where !connection.http2.isDraining { connection.close() }
  }

  private func place(_ call: ClientCall, on connections: [Connection]) -> Bool {
    for connection in connections where connection.isOpen && connection.http2.canOpenStream {
      if call.refusedBy !== connection, call.open(on: connection) { return true }
    }
    return false
  }

  private func connect(_ peer: PeerAddress) {
    let connector = Connector(
      peer: peer, eventLoop: self.eventLoop, configuration: self.configuration)
    connector.connect(delegate: self).assumeIsolated().whenComplete { result in
      self.hosts[peer]?.attempts -= 1
      switch result {
      case .success(let bound):
        self.connected(peer, bound.value)
      case .failure(let error):
        self.attemptFailed(
          peer, error as? GRPCStatus ?? GRPCStatus(.internalError, "\(error)"))
      }
    }
  }

  private func connected(_ peer: PeerAddress, _ connection: Connection) {
    // It may have been closed between its channel's success and now.
    guard connection.isOpen else {
      return self.attemptFailed(
        peer, GRPCStatus(.unavailable, "\(peer) closed the connection at once"))
    }
    self.hosts[peer, default: Host()].connections.append(connection)
    self.serve(peer)
  }

  /// Where no other attempt is under way, the calls that wait have nothing left to wait for.
  private func attemptFailed(_ peer: PeerAddress, _ status: GRPCStatus) {
    guard let host = self.hosts[peer] else { return }
    if host.attempts == 0 && host.connections.allSatisfy({ !$0.isOpen || $0.hasSettings }) {
      self.failWaiting(peer, status)
    }
    self.removeIfUnused(peer)
  }

  private func failWaiting(_ peer: PeerAddress, _ status: GRPCStatus) {
    let calls = self.hosts[peer]?.waiting ?? []
    self.hosts[peer]?.waiting = []
    for call in calls { call.failUnconnected(status) }
  }

  private func removeIfUnused(_ peer: PeerAddress) {
    if self.hosts[peer]?.isUnused == true { self.hosts[peer] = nil }
    self.finishIfUnused()
  }

  private func finishIfUnused() {
    guard self.isClosed && self.hosts.isEmpty else { return }
    let waiters = self.waiters
    self.waiters = []
    for waiter in waiters { waiter.succeed() }
  }

  // MARK: ConnectionDelegate

  func connection(
    _ connection: Connection, received request: [HTTPField], on id: StreamID, endStream: Bool
  ) {
    preconditionFailure("HTTP2 gives requests to servers only")
  }

  func connectionCapacityChanged(_ connection: Connection) {
    guard let peer = connection.target, var host = self.hosts[peer] else { return }
    if connection.hasSettings && connection.isOpen {
      host.streamsEach = max(1, connection.http2.remoteSettings.maxConcurrentStreams)
      self.hosts[peer] = host
      if connection.http2.remoteSettings.maxConcurrentStreams == 0 && connection.isIdle {
        // Another connection would be told the same.
        self.failWaiting(peer, GRPCStatus(.unavailable, "\(peer) allows no calls"))
      }
    }
    if !host.waiting.isEmpty { self.serve(peer) }
  }

  func connectionClosed(_ connection: Connection, _ status: GRPCStatus) {
    guard let peer = connection.target else { return }
    self.hosts[peer]?.connections.removeAll { $0 === connection }
    if connection.hasSettings {
      self.serve(peer)
    } else {
      // Calls that wait for it would only wait for its like.
      self.attemptFailed(peer, status)
    }
  }
}
