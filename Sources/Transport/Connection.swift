// One HTTP/2 connection on a NIO channel: the only handler between a socket and its calls.

internal import GRPC
internal import HTTP2
internal import NIOCore

/// Reads bytes into HTTP2, hands its events to the streams' owners, and writes what it produces.
///
/// Everything here happens on the channel's event loop. HTTP2 must not be entered while it works,
/// so events are first collected and then handed out; an owner may then use any method of its
/// call, and what comes of that is written once, when the loop's turn ends.
final class Connection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State {
    case open
    /// All is said: our side is shut, and the peer is given a moment to do the same.
    case lingering
    case closed
  }

  let http2: HTTP2Connection
  let eventLoop: any EventLoop
  let configuration: TransportConfiguration
  /// How messages call the other side.
  let peer: String
  /// Whom a client reached.
  var target: PeerAddress?
  /// Keeps its connections, and is told when they are gone: set to nil then.
  private var delegate: (any ConnectionDelegate)?

  private var context: ChannelHandlerContext?
  private var state = State.open
  private var owners: [StreamID: any StreamOwner] = [:]
  private var events: [HTTP2Event] = []
  private var output: [ByteBuffer] = []
  private var isDispatching = false
  private var isReading = false
  private var isFlushing = false
  private var needsFlush = false

  private var keepalive: Keepalive
  private var roundTrip = RoundTrip()
  private var nextPing: UInt64 = 1
  /// The streams whose owners want to know when these PINGs are answered.
  private var marks: [UInt64: StreamID] = [:]
  /// The PING whose answer says that the notice of our GOAWAY has arrived.
  private var drainPing: UInt64?
  private var keepaliveTimer: Scheduled<Void>?
  private var handshakeTimer: Scheduled<Void>?
  /// Runs while the connection is idle, or drains, or lingers.
  private var endTimer: Scheduled<Void>?
  private(set) var hasSettings = false
  /// What went wrong before the channel said that it is closed.
  private var lastWords: String?

  init(
    role: HTTP2Connection.Role, peer: String, eventLoop: any EventLoop,
    configuration: TransportConfiguration, delegate: any ConnectionDelegate
  ) {
    self.http2 = HTTP2Connection(role: role, configuration: configuration.http2)
    self.eventLoop = eventLoop
    self.configuration = configuration
    self.peer = peer
    self.delegate = delegate
    self.keepalive = Keepalive(
      interval: role == .server
        ? configuration.keepaliveInterval : configuration.foreignKeepaliveInterval,
      timeout: configuration.keepaliveTimeout, now: eventLoop.now)
  }

  // MARK: Streams

  var isOpen: Bool { self.state == .open }

  var isIdle: Bool { self.owners.isEmpty }

  func adopt(_ id: StreamID, _ owner: any StreamOwner) {
    self.owners[id] = owner
    // A silence before the first call says nothing about the peer.
    if self.owners.count == 1 && self.http2.role == .client {
      self.endTimer?.cancel()
      self.keepalive.received(now: self.eventLoop.now)
      self.checkKeepalive()
    }
  }

  /// Sends a PING behind all that is in frames by now; the stream's owner hears of its answer.
  func mark(_ id: StreamID) {
    self.marks[self.ping(now: self.eventLoop.now)] = id
  }

  /// The server answers like one of ours, and takes PINGs as often as we like.
  func peerIsOurs() {
    guard self.keepalive.interval > self.configuration.keepaliveInterval else { return }
    self.keepalive.interval = self.configuration.keepaliveInterval
    self.checkKeepalive()
  }

  /// The latest estimate of a round trip; asks for a new one when that is old.
  func currentRoundTrip(now: NIODeadline) -> TimeAmount {
    self.measureRoundTrip(now: now)
    return self.roundTrip.estimate
  }

  // MARK: Reading

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { self.begin() }
  }

  func channelActive(context: ChannelHandlerContext) {
    self.begin()
    context.fireChannelActive()
  }

  private func begin() {
    guard self.handshakeTimer == nil else { return }
    self.handshakeTimer = self.eventLoop.assumeIsolated().scheduleTask(
      in: self.configuration.handshakeTimeout
    ) {
      guard !self.hasSettings else { return }
      let timeout = self.configuration.handshakeTimeout.nanoseconds / 1_000_000
      self.abort("\(self.peer) sent no HTTP/2 settings within \(timeout) ms")
    }
    self.checkKeepalive()
    self.setNeedsFlush()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.isReading = true
    let now = self.eventLoop.now
    self.keepalive.received(now: now)
    self.http2.receive(self.unwrapInboundIn(data), now: now)
    // Reading may leave answers (window updates, acknowledgements) that are no events.
    self.needsFlush = true
    self.dispatch()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    self.isReading = false
    // After what this read made others send: an answer to whoever sent it would wake that one first,
    // and with few cores keep the next node waiting.
    if self.needsFlush { self.scheduleFlush() }
    context.fireChannelReadComplete()
  }

  /// Hands out events, in their order, until there are none. What owners do meanwhile may make
  /// more of them; those wait for their turn here.
  private func dispatch() {
    guard !self.isDispatching else { return }
    self.isDispatching = true
    defer { self.isDispatching = false }
    var batch = self.events
    self.events = []
    while true {
      self.http2.takeEvents(into: &batch)
      guard !batch.isEmpty else { break }
      for index in batch.indices { self.handle(batch[index]) }
    }
    // Empty again, but with its storage: and without the slices of what was read, so that the
    // channel can read into the same buffer again.
    self.events = batch
  }

  private func handle(_ event: HTTP2Event) {
    switch event {
    case .data(let id, let bytes, let flowControlled, let endStream):
      if self.roundTrip.estimate == .zero { self.measureRoundTrip(now: self.eventLoop.now) }
      self.owners[id]?.received(
        data: bytes, flowControlled: flowControlled, endStream: endStream)
      // At once, whatever the owner does with them: a slow call must not stall the others.
      self.http2.creditConnection(flowControlled)
    case .headers(let id, let fields, kind: .request, let endStream):
      guard self.state == .open else { return }
      self.delegate?.connection(self, received: fields, on: id, endStream: endStream)
    case .headers(let id, let fields, let kind, let endStream):
      self.owners[id]?.received(headers: fields, kind: kind, endStream: endStream)
    case .writable(let id):
      self.owners[id]?.becameWritable()
    case .trailersSent(let id):
      if let owner = self.owners[id] {
        owner.endSent()
      } else {
        // An answer without an owner is complete; of a request that still goes on we want no more.
        self.http2.reset(id, .noError)
      }
    case .streamClosed(let id, let error):
      self.owners.removeValue(forKey: id)?.closed(error)
      self.delegate?.connectionCapacityChanged(self)
      self.becameIdle()
    case .settings:
      self.hasSettings = true
      self.handshakeTimer?.cancel()
      self.delegate?.connectionCapacityChanged(self)
      self.becameIdle()
    case .goAway(_, let error, let message):
      if error != .noError {
        let details = message.isEmpty ? "" : ": \(message)"
        self.lastWords = "it ended the connection with \(error)\(details)"
      }
      self.delegate?.connectionCapacityChanged(self)
    case .pingAcknowledged(let id):
      self.roundTrip.answered(id, now: self.eventLoop.now)
      if self.drainPing == id { self.finalGoAway() }
      if let stream = self.marks.removeValue(forKey: id) { self.owners[stream]?.markAnswered() }
    case .connectionFailed(let error, let message):
      self.lose("the HTTP/2 connection failed with \(error): \(message)")
      self.closeSoon()
    }
  }

  // MARK: Writing

  /// Writes what there is to write when the loop's turn ends, and not later.
  func setNeedsFlush() {
    guard !self.needsFlush else { return }
    self.needsFlush = true
    guard !self.isReading && !self.isFlushing else { return }
    self.scheduleFlush()
  }

  private func scheduleFlush() {
    self.eventLoop.assumeIsolated().execute { self.flush() }
  }

  /// Batches go to the socket while it takes them; `channelWritabilityChanged` goes on. Nothing is
  /// taken from the streams' queues before it can leave, so that those stay what bounds a sender.
  private func flush() {
    guard self.needsFlush, !self.isFlushing, self.state == .open, let context = self.context,
      context.channel.isActive
    else { return }
    self.isFlushing = true
    var batches = self.configuration.batchesPerTurn
    while self.needsFlush, batches > 0, self.state == .open, context.channel.isWritable {
      batches -= 1
      self.needsFlush = false
      var output = self.output
      self.output = []
      let hasMore = self.http2.produce(limit: self.configuration.writeBatch, into: &output)
      for buffer in output { context.write(self.wrapOutboundOut(buffer), promise: nil) }
      if !output.isEmpty { context.flush() }
      output.removeAll(keepingCapacity: true)
      self.output = output
      self.dispatch()
      if hasMore { self.needsFlush = true }
    }
    self.isFlushing = false
    if self.http2.isFinished && !self.needsFlush {
      self.closeSlowly()
    } else if self.needsFlush && context.channel.isWritable && self.state == .open {
      self.scheduleFlush()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { self.flush() }
    context.fireChannelWritabilityChanged()
  }

  // MARK: Waiting for the peer

  private func ping(now: NIODeadline) -> UInt64 {
    let id = self.nextPing
    self.nextPing += 1
    self.http2.ping(id)
    self.roundTrip.sent(id, now: now)
    self.setNeedsFlush()
    return id
  }

  private func measureRoundTrip(now: NIODeadline) {
    if self.roundTrip.isDue(now: now) { _ = self.ping(now: now) }
  }

  private func checkKeepalive() {
    self.keepaliveTimer?.cancel()
    self.keepaliveTimer = nil
    guard self.state == .open else { return }
    // A client that waits for nothing need not know, and most servers would not like to be asked.
    guard self.http2.role == .server || !self.owners.isEmpty else { return }
    let now = self.eventLoop.now
    let time: NIODeadline
    switch self.keepalive.check(now: now) {
    case .wait(let until):
      time = until
    case .ping(let until):
      _ = self.ping(now: now)
      time = until
    case .dead:
      let timeout = self.configuration.keepaliveTimeout.nanoseconds / 1_000_000
      return self.abort("\(self.peer) did not answer a PING within \(timeout) ms")
    }
    self.keepaliveTimer = self.eventLoop.assumeIsolated().scheduleTask(deadline: time) {
      self.checkKeepalive()
    }
  }

  private func becameIdle() {
    guard self.http2.role == .client, self.owners.isEmpty, self.state == .open else { return }
    self.keepaliveTimer?.cancel()
    self.endTimer?.cancel()
    self.endTimer = self.eventLoop.assumeIsolated().scheduleTask(
      in: self.configuration.idleTimeout
    ) {
      if self.owners.isEmpty { self.close() }
    }
  }

  // MARK: Ending

  /// No new calls, those that run go on, and the connection closes with the last of them.
  func drain() {
    guard self.state == .open, self.drainPing == nil else { return }
    guard self.http2.role == .server else { return self.close() }
    // Calls that are on their way to us must not be lost: the final GOAWAY waits until the peer
    // has seen the notice, which its answer to a PING behind the notice proves.
    self.http2.shutdownNotice()
    let now = self.eventLoop.now
    self.drainPing = self.ping(now: now)
    self.endTimer?.cancel()
    self.endTimer = self.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
      self.finalGoAway()
    }
  }

  private func finalGoAway() {
    self.endTimer?.cancel()
    self.drainPing = nil
    self.close()
  }

  /// Says GOAWAY; the connection closes when its last call has ended.
  func close() {
    guard self.state == .open else { return }
    self.http2.goAway(.noError, message: "")
    self.setNeedsFlush()
    self.delegate?.connectionCapacityChanged(self)
    if self.owners.isEmpty { self.closeSoon() }
  }

  /// All that is left is our GOAWAY, and a peer that does not read must not keep us with it.
  private func closeSoon() {
    guard self.state == .open else { return }
    self.endTimer?.cancel()
    self.endTimer = self.eventLoop.assumeIsolated().scheduleTask(
      in: self.configuration.lingerTimeout
    ) {
      self.context?.close(mode: .all, promise: nil)
    }
  }

  /// Ends the connection and all its calls now.
  func abort(_ reason: String) {
    guard self.state != .closed else { return }
    self.lose(reason)
    self.context?.close(mode: .all, promise: nil)
  }

  /// Shuts our side and waits for the peer's. To close at once would turn what the peer has sent
  /// meanwhile into a reset, which could overtake the trailers that it has not read yet.
  private func closeSlowly() {
    guard self.state == .open, let context = self.context else { return }
    self.state = .lingering
    self.keepaliveTimer?.cancel()
    self.endTimer?.cancel()
    context.close(mode: .output, promise: nil)
    self.endTimer = self.eventLoop.assumeIsolated().scheduleTask(
      in: self.configuration.lingerTimeout
    ) {
      self.context?.close(mode: .all, promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    self.lastWords = describe(error)
    // The socket is broken: nothing more can be said on it.
    context.close(mode: .all, promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.lose(self.lastWords ?? "it closed the connection")
    self.finish()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.lose(self.lastWords ?? "it closed the connection")
    self.finish()
    self.context = nil
  }

  /// Tells the owners, each for the last time.
  private func lose(_ reason: String) {
    let lost = self.owners
    self.owners = [:]
    let status = GRPCStatus(.unavailable, "the connection to \(self.peer) is lost: \(reason)")
    self.lastWords = reason
    for owner in lost.values { owner.connectionLost(status) }
    self.delegate?.connectionCapacityChanged(self)
  }

  private func finish() {
    guard self.state != .closed else { return }
    self.state = .closed
    self.keepaliveTimer?.cancel()
    self.handshakeTimer?.cancel()
    self.endTimer?.cancel()
    let delegate = self.delegate
    self.delegate = nil
    let reason = self.lastWords ?? "it closed the connection"
    delegate?.connectionClosed(
      self, GRPCStatus(.unavailable, "the connection to \(self.peer) is lost: \(reason)"))
  }
}
