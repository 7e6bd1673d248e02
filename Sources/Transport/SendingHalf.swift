// The messages that go out on one stream.

internal import GRPC
internal import HTTP2
internal import NIOCore

/// Frames messages into a stream's queue. A message is the concatenation of its parts; large parts
/// stay the slices that they are, small ones are copied together behind the prefix.
struct SendingHalf {
  let connection: Connection
  let id: StreamID

  var isWritable: Bool { self.connection.http2.isWritable(self.id) }

  private func begin(length: Int) {
    self.connection.http2.write(on: self.id, capacity: MessageDeframer.prefixLength) {
      MessageFramer.writePrefix(length: length, into: &$0)
    }
    self.connection.setNeedsFlush()
  }

  func send(_ message: ByteBuffer) {
    self.begin(length: message.readableBytes)
    self.connection.http2.write(message, on: self.id)
  }

  func send(_ head: ByteBuffer, _ payload: ByteBuffer) {
    self.begin(length: head.readableBytes + payload.readableBytes)
    self.connection.http2.write(head, on: self.id)
    self.connection.http2.write(payload, on: self.id)
  }

  func send(_ parts: [ByteBuffer]) {
    self.begin(length: parts.reduce(0) { $0 + $1.readableBytes })
    for part in parts { self.connection.http2.write(part, on: self.id) }
  }

  /// Bytes that hold whole messages, framed already.
  func send(framed bytes: ByteBuffer) {
    self.connection.http2.write(bytes, on: self.id)
    self.connection.setNeedsFlush()
  }

  /// A message that `fill` writes right behind what is queued: exactly `length` bytes.
  func send(length: Int, _ fill: (inout ByteBuffer) -> Void) {
    let capacity = MessageDeframer.prefixLength + length
    self.connection.http2.write(on: self.id, capacity: capacity) { buffer in
      let start = buffer.writerIndex
      MessageFramer.writePrefix(length: length, into: &buffer)
      fill(&buffer)
      precondition(buffer.writerIndex - start == capacity, "a message of another length")
    }
    self.connection.setNeedsFlush()
  }

  /// With trailers, or for a client with END_STREAM alone.
  func finish(trailers: [HTTPField]?) {
    self.connection.http2.finish(self.id, trailers: trailers)
    self.connection.setNeedsFlush()
  }

  func reset(_ error: HTTP2ErrorCode) {
    self.connection.http2.reset(self.id, error)
    self.connection.setNeedsFlush()
  }
}
