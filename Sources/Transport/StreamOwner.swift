// What a connection needs of those whose streams it carries.

internal import GRPC
internal import HTTP2
internal import NIOCore

/// A call, as its connection sees it.
protocol StreamOwner: AnyObject {
  func received(headers: [HTTPField], kind: HeadersKind, endStream: Bool)
  /// All of `flowControlled` is the owner's to return to the stream; the connection's credit is
  /// not its business.
  func received(data: ByteBuffer, flowControlled: Int, endStream: Bool)
  func becameWritable()
  /// The PING of the owner's latest mark was answered.
  func markAnswered()
  /// Our END_STREAM has left.
  func endSent()
  /// The last event of a stream.
  func closed(_ error: HTTP2ErrorCode)
  /// The last event of a stream whose connection is gone.
  func connectionLost(_ status: GRPCStatus)
}

/// Who made a connection, and gives its streams their owners.
protocol ConnectionDelegate: AnyObject {
  /// A client opened a stream. Servers only.
  func connection(
    _ connection: Connection, received request: [HTTPField], on id: StreamID, endStream: Bool)
  /// It can take more streams, or fewer, than before.
  func connectionCapacityChanged(_ connection: Connection)
  /// It is gone, and all its owners have been told.
  func connectionClosed(_ connection: Connection, _ status: GRPCStatus)
}
