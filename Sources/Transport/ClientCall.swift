// A call that we make of a server.

package import GRPC
internal import HTTP2
package import NIOCore

/// One call on a client. Confined to its event loop: not Sendable, every method and property is
/// used from that loop only. It can be used at once; what is sent before there is a connection is
/// held. Calls to a call that has ended do nothing, since the server may go away at any time.
package final class ClientCall: StreamOwner {
  private enum State {
    /// Not yet on a connection. `held` has whole messages with their prefixes.
    case waiting(held: [ByteBuffer], bytes: Int, halfClosed: Bool)
    case open(SendingHalf, halfClosed: Bool)
    case ended
  }

  /// Bytes held before there is a connection, after which `isWritable` is false.
  package static let heldLimit = 64 << 10

  package let eventLoop: any EventLoop
  package let path: String
  package let peer: PeerAddress

  private let metadata: Metadata
  private let deadline: NIODeadline?
  private var deadlineTimer: Scheduled<Void>?
  private let receiving: ReceivingHalf
  private var response = ClientResponse()
  private var state = State.waiting(held: [], bytes: 0, halfClosed: false)

  /// All that was sent, as a copy, as long as it is little and the server has not answered: a server
  /// that refused the call has processed nothing of it, and then it can be made once more.
  private var kept: ByteBuffer?
  /// Where it was refused, while it waits for another connection.
  private(set) var refusedBy: Connection?
  /// Finds the call another connection; nil when that has been done, and once it has ended.
  var onRefusal: (() -> Void)?

  /// How the call ended, where neither side wanted that.
  package enum Loss: Hashable, Sendable {
    /// There was no connection to be had.
    case connecting
    /// Its connection is gone.
    case connection
  }

  /// Set before `callEnded`.
  package private(set) var loss: Loss?

  /// What the call waits for until it is on a connection, for the message of its deadline.
  var isWaiting: Bool {
    if case .waiting = self.state { true } else { false }
  }

  init(
    path: String, peer: PeerAddress, metadata: Metadata, timeout: TimeAmount?,
    receiveWindow: Int, receiver: any CallReceiver, eventLoop: any EventLoop,
    configuration: TransportConfiguration
  ) {
    self.eventLoop = eventLoop
    self.path = path
    self.peer = peer
    self.metadata = metadata
    self.deadline = timeout.map { eventLoop.now + $0 }
    // Our own calls are never refused: they are what gets held bytes out of the node.
    let window =
      configuration.budget.reserveStart(receiveWindow) ?? configuration.budget.forceStart()
    self.receiving = ReceivingHalf(
      window: window, budget: configuration.budget,
      deframer: MessageDeframer(
        maximumLength: configuration.maximumMessageLength, isServer: false),
      now: eventLoop.now)
    self.receiving.receiver = receiver
    if let timeout {
      self.deadlineTimer = eventLoop.assumeIsolated().scheduleTask(in: timeout) {
        self.deadlinePassed(timeout)
      }
    }
  }

  // MARK: For whoever makes the call

  /// Gets the call's events. May be exchanged at any time, for one that handles the rest.
  package var receiver: (any CallReceiver)? {
    get { self.receiving.receiver }
    set { self.receiving.receiver = newValue }
  }

  /// Bytes of a message that begins from now on; longer ones end the call with RESOURCE_EXHAUSTED.
  package var maximumMessageLength: Int {
    get { self.receiving.deframer.maximumLength }
    set { self.receiving.deframer.maximumLength = newValue }
  }

  /// Whether more should be sent now. After false, `callBecameWritable` follows. It is false while
  /// more than 512 KiB wait (64 KiB before there is a connection), and for a call that has ended.
  package var isWritable: Bool {
    self.eventLoop.assertInEventLoop()
    return switch self.state {
    case .waiting(_, let bytes, _): bytes <= Self.heldLimit
    case .open(let sending, halfClosed: false): sending.isWritable
    case .open, .ended: false
    }
  }

  /// Bytes of messages, prefixes included, that are in frames by now.
  package var sentBytes: Int {
    guard case .open(let sending, _) = self.state else { return 0 }
    return sending.connection.http2.sentBytes(on: sending.id)
  }

  /// The same with those that still wait.
  package var writtenBytes: Int {
    switch self.state {
    case .waiting(_, let bytes, _): bytes
    case .open(let sending, _):
      sending.connection.http2.sentBytes(on: sending.id)
        + sending.connection.http2.queuedBytes(on: sending.id)
    case .ended: 0
    }
  }

  /// Asks for `callMarkAnswered` as soon as the receiver has handled the `sentBytes` of now: by a PING,
  /// which follows them. Not before the server has answered, and one at a time.
  package func mark() {
    guard case .open(let sending, _) = self.state else { return }
    sending.connection.mark(sending.id)
  }

  /// Sends one message. The buffer must not be written to afterwards (it would be copied).
  package func send(_ message: ByteBuffer) {
    self.eventLoop.preconditionInEventLoop()
    if case .open(let sending, halfClosed: false) = self.state {
      if self.kept != nil { self.keep([message]) }
      sending.send(message)
    } else {
      self.hold([message])
    }
  }

  /// Sends one message that is `head`, then `payload`.
  package func send(_ head: ByteBuffer, _ payload: ByteBuffer) {
    self.eventLoop.preconditionInEventLoop()
    if case .open(let sending, halfClosed: false) = self.state {
      if self.kept != nil { self.keep([head, payload]) }
      sending.send(head, payload)
    } else {
      self.hold([head, payload])
    }
  }

  /// Sends one message that is all of `parts`.
  package func send(_ parts: [ByteBuffer]) {
    self.eventLoop.preconditionInEventLoop()
    if case .open(let sending, halfClosed: false) = self.state {
      if self.kept != nil { self.keep(parts) }
      sending.send(parts)
    } else {
      self.hold(parts)
    }
  }

  /// Sends one message of exactly `length` bytes that `fill` writes: for small ones, which need no
  /// buffer of their own then.
  package func send(length: Int, _ fill: (inout ByteBuffer) -> Void) {
    self.eventLoop.assertInEventLoop()
    if case .open(let sending, halfClosed: false) = self.state, self.kept == nil {
      return sending.send(length: length, fill)
    }
    if case .ended = self.state { return }
    var message = ByteBufferAllocator().buffer(capacity: length)
    fill(&message)
    precondition(message.readableBytes == length, "a message of another length")
    self.send(message)
  }

  /// Sends whole messages that carry their prefixes already.
  package func send(framed messages: ByteBuffer) {
    self.eventLoop.preconditionInEventLoop()
    switch self.state {
    case .open(let sending, halfClosed: false):
      self.keep(framed: messages)
      sending.send(framed: messages)
    case .waiting(var held, let bytes, halfClosed: false):
      held.append(messages)
      let count = bytes + messages.readableBytes
      self.state = .waiting(held: held, bytes: count, halfClosed: false)
    default:
      break
    }
  }

  /// No more messages follow.
  package func halfClose() {
    self.eventLoop.preconditionInEventLoop()
    switch self.state {
    case .waiting(let held, let bytes, halfClosed: false):
      self.state = .waiting(held: held, bytes: bytes, halfClosed: true)
    case .open(let sending, halfClosed: false):
      sending.finish(trailers: nil)
      self.state = .open(sending, halfClosed: true)
    default:
      break
    }
  }

  /// Ends the call, here and there. `callEnded` follows when the loop's turn ends.
  package func cancel(_ status: GRPCStatus = GRPCStatus(.cancelled, "cancelled by the caller")) {
    self.eventLoop.preconditionInEventLoop()
    guard self.stop() else { return }
    self.eventLoop.assumeIsolated().execute { self.tell(status, .init()) }
  }

  /// Gives back the credit of payload bytes that are done with.
  package func returnCredit(_ bytes: Int) {
    self.eventLoop.assertInEventLoop()
    self.receiving.returnCredit(bytes)
  }

  private func hold(_ parts: [ByteBuffer]) {
    guard case .waiting(var held, let bytes, halfClosed: false) = self.state else { return }
    let length = parts.reduce(0) { $0 + $1.readableBytes }
    held.append(MessageFramer.prefix(length: length))
    held.append(contentsOf: parts)
    self.state = .waiting(
      held: held, bytes: bytes + MessageDeframer.prefixLength + length, halfClosed: false)
  }

  private func keep(_ parts: [ByteBuffer]) {
    self.keep(framed: MessageFramer.prefix(length: parts.reduce(0) { $0 + $1.readableBytes }))
    for part in parts { self.keep(framed: part) }
  }

  /// Copied, since a slice would keep its whole read buffer.
  private func keep(framed bytes: ByteBuffer) {
    guard let count = self.kept?.readableBytes else { return }
    if count + bytes.readableBytes <= Self.heldLimit {
      self.kept?.writeImmutableBuffer(bytes)
    } else {
      self.kept = nil
    }
  }

  // MARK: For the pool of connections

  /// Goes to a connection, which can take a stream. False when it could not after all.
  func open(on connection: Connection) -> Bool {
    guard case .waiting(let held, let bytes, let halfClosed) = self.state else { return true }
    let remaining = self.deadline.map { max($0 - self.eventLoop.now, .nanoseconds(1)) }
    let headers = ClientRequest.headers(
      path: self.path, authority: self.peer.authority, scheme: self.peer.tls ? "https" : "http",
      timeout: remaining, metadata: self.metadata)
    let isEmpty = held.isEmpty && halfClosed
    let id: StreamID
    do throws(HTTP2OpenError) {
      id = try connection.http2.openStream(headers, endStream: isEmpty)
    } catch {
      switch error {
      case .streamLimitReached, .draining, .identifiersExhausted:
        return false
      case .headerListTooLarge(let size, let limit):
        let message = "the metadata makes \(size) bytes of headers; \(self.peer) takes \(limit)"
        self.fail(GRPCStatus(.resourceExhausted, message))
        return true
      }
    }
    let sending = SendingHalf(connection: connection, id: id)
    self.state = .open(sending, halfClosed: halfClosed)
    if self.onRefusal != nil {
      self.kept = ByteBuffer()
      for buffer in held { self.keep(framed: buffer) }
    }
    self.refusedBy = nil
    connection.adopt(id, self)
    self.receiving.attach(connection, id)
    for buffer in held { connection.http2.write(buffer, on: id) }
    if halfClosed && !isEmpty { sending.finish(trailers: nil) }
    connection.setNeedsFlush()
    if bytes > Self.heldLimit && !halfClosed {
      // Not from within: opening a call may come here.
      self.eventLoop.assumeIsolated().execute {
        if self.isWritable { self.receiver?.callBecameWritable() }
      }
    }
    return true
  }

  /// There is no connection for it.
  func failUnconnected(_ status: GRPCStatus) {
    self.loss = .connecting
    self.fail(status)
  }

  /// Ends the call from the pool; the receiver is told at once.
  func fail(_ status: GRPCStatus) {
    self.perform(self.response.fail(status))
  }

  private func deadlinePassed(_ timeout: TimeAmount) {
    let seconds = Double(timeout.nanoseconds / 1_000_000) / 1000
    let what = self.isWaiting ? "no connection to" : "no end of the call from"
    self.fail(GRPCStatus(.deadlineExceeded, "\(what) \(self.peer) within \(seconds) s"))
  }

  // MARK: StreamOwner

  func received(headers: [HTTPField], kind: HeadersKind, endStream: Bool) {
    switch kind {
    case .trailers:
      self.perform(self.response.received(trailers: headers))
    case .request, .response, .informational:
      self.perform(self.response.received(headers: headers, endStream: endStream))
    }
  }

  func received(data: ByteBuffer, flowControlled: Int, endStream: Bool) {
    do throws(GRPCStatus) {
      try self.receiving.receive(data, flowControlled: flowControlled)
    } catch {
      return self.fail(error)
    }
    if endStream { self.perform(self.response.receivedEndOfData()) }
  }

  func becameWritable() {
    if self.isWritable { self.receiver?.callBecameWritable() }
  }

  func markAnswered() { self.receiver?.callMarkAnswered() }

  func endSent() {}

  func closed(_ error: HTTP2ErrorCode) {
    if error == .refusedStream, self.startAgain() { return }
    self.perform(self.response.streamClosed(error))
  }

  func connectionLost(_ status: GRPCStatus) {
    self.loss = .connection
    self.fail(status)
  }

  /// Once, where nothing of the call is lost: the server has not answered, and all that was sent is here.
  private func startAgain() -> Bool {
    guard case .open(let sending, let halfClosed) = self.state, let kept, let onRefusal,
      self.response.isUnanswered
    else { return false }
    self.state = .waiting(
      held: kept.readableBytes > 0 ? [kept] : [], bytes: kept.readableBytes, halfClosed: halfClosed)
    self.kept = nil
    self.onRefusal = nil
    self.refusedBy = sending.connection
    onRefusal()
    return true
  }

  // MARK: Ends

  private func perform(_ action: ClientResponse.Action) {
    switch action {
    case .none:
      break
    case .metadata(let metadata, let encoding):
      self.kept = nil
      self.receiving.deframer.encoding = encoding
      if metadata[Self.ourMark] != nil, case .open(let sending, _) = self.state {
        sending.connection.peerIsOurs()
      }
      self.receiver?.callReceivedHeaders(metadata)
    case .end(var status, let trailers):
      if status.isOK {
        do throws(GRPCStatus) { try self.receiving.deframer.finish() } catch { status = error }
      }
      if self.stop() { self.tell(status, trailers) }
    }
  }

  /// What our servers put into the metadata of their first answer.
  private static let ourMark = "headrace"

  /// False when the call had ended before.
  private func stop() -> Bool {
    switch self.state {
    case .waiting: break
    // Nothing happens where both sides have ended already.
    case .open(let sending, _): sending.reset(.cancel)
    case .ended: return false
    }
    self.state = .ended
    self.kept = nil
    self.onRefusal = nil
    self.refusedBy = nil
    self.deadlineTimer?.cancel()
    self.receiving.stop()
    return true
  }

  private func tell(_ status: GRPCStatus, _ trailers: Metadata) {
    let receiver = self.receiver
    self.receiver = nil
    receiver?.callEnded(status, trailers: trailers)
  }
}
