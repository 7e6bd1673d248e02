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

  /// Exactly once, last. On a client, how the call ended. On a server, `.ok` when our `finish` has
  /// been handed to the socket whole, whatever status it said; otherwise why the call went away.
  func callEnded(_ status: GRPCStatus, trailers: Metadata)
}
