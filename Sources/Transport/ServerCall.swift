// A call that a client makes of us.

package import GRPC
internal import HTTP2
package import NIOCore

/// One call on a server. Confined to its connection's event loop: not Sendable, every method and
/// property is used from that loop only. Calls to a call that has ended do nothing, since the
/// client may go away at any time.
package final class ServerCall: StreamOwner {
  private enum State {
    /// Nothing sent yet.
    case open
    case sentHeaders
    /// The status is queued behind what was sent. `told`: the receiver knows how the call ended.
    case finished(told: Bool)
    case ended
  }

  package let eventLoop: any EventLoop
  package let head: RequestHead
  /// The client's address, as HOST:PORT.
  package let peerAddress: String

  private let sending: SendingHalf
  private let receiving: ReceivingHalf
  private var state = State.open
  private var deadline: Scheduled<Void>?

  /// Why the call went away, when it has: with its connection, and not by the client's will.
  package private(set) var wentWithConnection = false

  init(head: RequestHead, connection: Connection, id: StreamID, receiving: ReceivingHalf) {
    self.eventLoop = connection.eventLoop
    self.head = head
    self.peerAddress = connection.peer
    self.sending = SendingHalf(connection: connection, id: id)
    self.receiving = receiving
    receiving.attach(connection, id)
  }

  // MARK: For whoever handles the call

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
  /// more than 512 KiB wait, and for a call that has ended.
  package var isWritable: Bool {
    self.eventLoop.assertInEventLoop()
    return self.canSend && self.sending.isWritable
  }

  /// Sends the head of the answer. Optional, and only before anything else is sent: the first
  /// message takes one along otherwise.
  package func sendHeaders(_ metadata: Metadata = .init()) {
    self.eventLoop.preconditionInEventLoop()
    guard case .open = self.state else { return }
    self.state = .sentHeaders
    self.sending.connection.http2.sendHeaders(
      ServerResponse.headers(metadata), on: self.sending.id, endStream: false)
    self.sending.connection.setNeedsFlush()
  }

  /// Sends one message. The buffer must not be written to afterwards (it would be copied).
  package func send(_ message: ByteBuffer) {
    if self.prepareToSend() { self.sending.send(message) }
  }

  /// Sends one message that is `head`, then `payload`.
  package func send(_ head: ByteBuffer, _ payload: ByteBuffer) {
    if self.prepareToSend() { self.sending.send(head, payload) }
  }

  /// Sends one message that is all of `parts`.
  package func send(_ parts: [ByteBuffer]) {
    if self.prepareToSend() { self.sending.send(parts) }
  }

  /// Sends one message of exactly `length` bytes that `fill` writes: for small ones, which need no
  /// buffer of their own then.
  package func send(length: Int, _ fill: (inout ByteBuffer) -> Void) {
    if self.prepareToSend() { self.sending.send(length: length, fill) }
  }

  /// Sends whole messages that carry their prefixes already.
  package func send(framed messages: ByteBuffer) {
    if self.prepareToSend() { self.sending.send(framed: messages) }
  }

  /// Ends the call. With OK the status follows what was sent; any other overtakes what still
  /// waits, so that a failure arrives even where nobody reads. Nothing is received afterwards.
  package func finish(_ status: GRPCStatus, trailers: Metadata = .init()) {
    self.eventLoop.preconditionInEventLoop()
    self.finish(status, trailers, told: false)
  }

  /// Gives back the credit of payload bytes that are done with.
  package func returnCredit(_ bytes: Int) {
    self.eventLoop.assertInEventLoop()
    self.receiving.returnCredit(bytes)
  }

  // MARK: For whoever accepted the call

  func start(
    _ onCall: @Sendable (ServerCall) -> (any CallReceiver)?, endStream: Bool
  ) {
    if let timeout = self.head.timeout {
      guard timeout > .zero else {
        return self.finish(GRPCStatus(.deadlineExceeded, "the timeout is zero"), told: true)
      }
      self.deadline = self.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
        self.fail(GRPCStatus(.deadlineExceeded, "the client's deadline has passed"))
      }
    }
    if let receiver = onCall(self) {
      self.receiver = receiver
      if endStream && self.canSend { receiver.callReceivedEnd() }
    } else {
      self.finish(GRPCStatus(.unimplemented, "unknown method '\(self.head.path)'"), told: true)
    }
  }

  // MARK: StreamOwner

  func received(headers: [HTTPField], kind: HeadersKind, endStream: Bool) {
    // A client's trailers say nothing in gRPC, but end its messages.
    if endStream { self.receivedEnd() }
  }

  func received(data: ByteBuffer, flowControlled: Int, endStream: Bool) {
    guard self.canSend else { return }
    do throws(GRPCStatus) {
      try self.receiving.receive(data, flowControlled: flowControlled)
    } catch {
      return self.fail(error)
    }
    if endStream { self.receivedEnd() }
  }

  private func receivedEnd() {
    guard self.canSend else { return }
    do throws(GRPCStatus) {
      try self.receiving.deframer.finish()
    } catch {
      return self.fail(error)
    }
    self.receiver?.callReceivedEnd()
  }

  func becameWritable() {
    if self.canSend { self.receiver?.callBecameWritable() }
  }

  func markAnswered() {}

  func endSent() {
    // Where the client still sends, it is told to stop: the answer is complete
    // (RFC 9113 section 8.1).
    self.sending.reset(.noError)
    self.end(.ok)
  }

  func closed(_ error: HTTP2ErrorCode) {
    let status =
      error == .cancel
      ? GRPCStatus(.cancelled, "the client \(self.peerAddress) cancelled the call")
      : GRPCStatus(
        .init(streamError: error), "the client \(self.peerAddress) reset the stream (\(error))")
    self.end(status)
  }

  func connectionLost(_ status: GRPCStatus) {
    self.wentWithConnection = true
    self.end(status)
  }

  // MARK: Ends

  private var canSend: Bool {
    switch self.state {
    case .open, .sentHeaders: true
    case .finished, .ended: false
    }
  }

  private func prepareToSend() -> Bool {
    self.eventLoop.assertInEventLoop()
    if case .open = self.state { self.sendHeaders() }
    return self.canSend
  }

  /// Ends the call from here, not from within a method of the call: the receiver is told at once.
  private func fail(_ status: GRPCStatus) {
    guard self.canSend else { return }
    self.finish(status, told: true)
    self.tell(status)
  }

  private func finish(_ status: GRPCStatus, _ trailers: Metadata = .init(), told: Bool) {
    let http2 = self.sending.connection.http2
    switch self.state {
    case .open:
      http2.sendHeaders(
        ServerResponse.trailersOnly(status, trailers), on: self.sending.id, endStream: true)
      self.sending.connection.setNeedsFlush()
    case .sentHeaders:
      if !status.isOK { http2.dropQueue(self.sending.id) }
      self.sending.finish(trailers: ServerResponse.trailers(status, trailers))
    case .finished, .ended:
      return
    }
    self.state = .finished(told: told)
    self.deadline?.cancel()
    self.receiving.stop()
  }

  /// The last thing that happens here, unless the receiver knows how the call ended already.
  private func end(_ status: GRPCStatus) {
    let told: Bool
    switch self.state {
    case .open, .sentHeaders: told = false
    case .finished(let wasTold): told = wasTold
    case .ended: return
    }
    self.state = .ended
    self.deadline?.cancel()
    self.receiving.stop()
    if !told { self.tell(status) }
  }

  private func tell(_ status: GRPCStatus) {
    let receiver = self.receiver
    self.receiver = nil
    receiver?.callEnded(status, trailers: .init())
  }
}
