// The messages that come in on one stream, and the credit for them.

internal import GRPC
internal import HTTP2
internal import NIOCore

/// What calls of both sides do with DATA: find messages in it, hand out their fragments, and
/// return the stream's credit, with a window that follows the consumer.
final class ReceivingHalf {
  var receiver: (any CallReceiver)?
  var deframer: MessageDeframer

  private var connection: Connection?
  private var id: StreamID = 0
  private var window: AdaptiveWindow
  private let budget: WindowBudget
  private(set) var isStopped = false
  private var isReceiving = false
  /// Credit returned while we hand out what came in one piece, for all of its messages.
  private var returned = 0

  /// `window` has been taken from the budget already, and is given back by `stop`.
  init(window: Int, budget: WindowBudget, deframer: MessageDeframer, now: NIODeadline) {
    self.window = AdaptiveWindow(size: window, now: now)
    self.budget = budget
    self.deframer = deframer
  }

  func attach(_ connection: Connection, _ id: StreamID) {
    self.connection = connection
    self.id = id
    let usual = connection.http2.configuration.initialStreamWindow
    if self.window.size != usual {
      connection.http2.setReceiveWindow(id, bytes: self.window.size)
      connection.setNeedsFlush()
    }
  }

  /// Hands out what `bytes` hold. What is not payload is done with here, prefixes and padding;
  /// the payload's credit waits for `returnCredit`.
  func receive(_ bytes: ByteBuffer, flowControlled: Int) throws(GRPCStatus) {
    self.isReceiving = true
    // Its own copy while it works: a class's property would be checked for overlapping accesses
    // three times a message. What the receiver sets meanwhile goes for what comes next.
    var parts = MessageParts(bytes, self.deframer)
    defer {
      self.isReceiving = false
      parts.deframer.maximumLength = self.deframer.maximumLength
      self.deframer = parts.deframer
      let done = self.returned + flowControlled - parts.payload
      self.returned = 0
      if !self.isStopped && done > 0 { self.credit(done) }
    }
    if self.isStopped { return }
    if let receiver = self.receiver, try receiver.callReceived(&parts) { return }
    // The receiver may stop us, or be exchanged, with every part.
    while !self.isStopped, let part = try parts.next() {
      switch part {
      case .fragment(let fragment): self.receiver?.callReceived(fragment)
      case .begin(let length): self.receiver?.callReceivedMessage(length: length)
      case .end: self.receiver?.callReceivedMessageEnd()
      }
    }
  }

  func returnCredit(_ bytes: Int) {
    if self.isReceiving {
      self.returned += bytes
    } else if !self.isStopped && bytes > 0 {
      self.credit(bytes)
    }
  }

  private func credit(_ bytes: Int) {
    guard let connection = self.connection else { return }
    if self.window.consume(bytes) { self.adapt(connection) }
    connection.http2.creditStream(self.id, bytes)
    connection.setNeedsFlush()
  }

  private func adapt(_ connection: Connection) {
    let now = connection.eventLoop.now
    let old = self.window.size
    let new = self.window.decide(
      now: now, roundTrip: connection.currentRoundTrip(now: now), pressure: self.budget.pressure)
    guard new < old || (new > old && self.budget.reserve(new - old)) else { return }
    // A smaller window comes into force by withholding: it is given back to the budget a little
    // before the peer has lost it.
    if new < old { self.budget.release(old - new) }
    self.window.resize(to: new)
    connection.http2.setReceiveWindow(self.id, bytes: new)
  }

  /// Nothing more is handed out, and no credit returned: the call is over, or has been answered.
  func stop() {
    guard !self.isStopped else { return }
    self.isStopped = true
    self.budget.release(self.window.size)
    self.connection = nil
  }
}
