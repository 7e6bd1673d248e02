// What a call tells whoever handles it.

package import GRPC
package import NIOCore

/// Receives the events of one call, on the connection's event loop, one after the other.
///
/// Within any of these, any method of the call may be used: no event ever comes from within a
/// method of the call.
package protocol CallReceiver: AnyObject {
  /// The server's first answer. Client side only, and not for an answer that is only an end.
  func callReceivedHeaders(_ metadata: Metadata)

  /// Bytes have come in one piece, which may hold many messages. Whoever pulls its parts from here,
  /// until there are none or the call is over, returns true; false, which is the default, asks for
  /// the three calls below. What `parts` throws is passed on.
  func callReceived(_ parts: inout MessageParts) throws(GRPCStatus) -> Bool

  /// A message of `length` bytes begins.
  func callReceivedMessage(length: Int)

  /// A piece of the message: a slice of what was read, not empty. Its bytes hold the stream's
  /// credit until `returnCredit` gives them back; keeping the slice keeps its read buffer.
  func callReceived(_ fragment: ByteBuffer)

  func callReceivedMessageEnd()

  /// The client has sent its last message. Server side only: a server's end is `callEnded`.
  func callReceivedEnd()

  /// `isWritable` is true again.
  func callBecameWritable()

  /// The receiver has handled all that had been sent at the call's latest `mark`. Client side only.
  func callMarkAnswered()

  /// Exactly once, last. On a client, how the call ended. On a server, `.ok` when our `finish` has
  /// been handed to the socket whole, whatever status it said; otherwise why the call went away.
  func callEnded(_ status: GRPCStatus, trailers: Metadata)
}

extension CallReceiver {
  package func callReceived(_ parts: inout MessageParts) throws(GRPCStatus) -> Bool { false }

  package func callMarkAnswered() {}
}

/// The parts of messages that came in one piece.
package struct MessageParts {
  var deframer: MessageDeframer
  private var rest: ByteBuffer
  /// Bytes of the fragments so far.
  private(set) var payload = 0

  init(_ bytes: ByteBuffer, _ deframer: MessageDeframer) {
    self.deframer = deframer
    self.rest = bytes
  }

  /// The next part; nil when the piece is used up. Throws for a message that is too long or compressed.
  package mutating func next() throws(GRPCStatus) -> MessagePart? {
    let part = try self.deframer.next(from: &self.rest)
    if case .fragment(let fragment) = part { self.payload += fragment.readableBytes }
    return part
  }
}
