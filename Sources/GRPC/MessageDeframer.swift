// Finds messages in the bytes of a stream, without holding any of them.

package import NIOCore

/// A piece of the stream of messages. Fragments are slices of what came in.
package enum MessagePart: Equatable {
  case begin(length: Int)
  case fragment(ByteBuffer)
  case end
}

/// Each message is a flag byte, a length of four bytes (big endian), and its bytes.
/// Source: grpc/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message".
///
/// Pulled, not pushed: whoever is told of a part may do anything with the call in between.
package struct MessageDeframer {
  package static let prefixLength = 5

  private enum State {
    case prefix(collected: UInt64, count: Int)
    /// `remaining`: payload bytes not yet handed out.
    case message(length: Int, remaining: Int)
    case failed(GRPCStatus)
  }

  private var state = State.prefix(collected: 0, count: 0)
  /// Bytes of one message; applies to the messages that begin after it was set.
  package var maximumLength: Int
  /// Of the stream's messages; a client learns it from the head of the response.
  package var encoding: MessageEncoding
  private let unsupportedEncoding: GRPCStatus.Code

  /// A server answers a compression it does not have with
  /// UNIMPLEMENTED, for a client the same is the server's fault and INTERNAL
  /// (grpc/doc/compression.md).
  package init(maximumLength: Int, encoding: MessageEncoding = .identity, isServer: Bool) {
    self.maximumLength = maximumLength
    self.encoding = encoding
    self.unsupportedEncoding = isServer ? .unimplemented : .internalError
  }

  /// The next part that `bytes` holds, or nil when it is used up. Throws for a message that is too
  /// long or compressed, from its prefix alone, and the same again ever after.
  package mutating func next(from bytes: inout ByteBuffer) throws(GRPCStatus) -> MessagePart? {
    switch self.state {
    case .prefix(let collected, let count):
      if count == 0, let flag = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self),
        let length = bytes.getInteger(at: bytes.readerIndex + 1, as: UInt32.self)
      {
        bytes.moveReaderIndex(forwardBy: Self.prefixLength)
        return try self.begin(flag: flag, length: Int(length))
      }
      return try self.collectPrefix(from: &bytes, collected, count)
    case .message(_, remaining: 0):
      self.state = .prefix(collected: 0, count: 0)
      return .end
    case .message(let length, let remaining):
      guard let fragment = bytes.readSlice(length: min(remaining, bytes.readableBytes)),
        fragment.readableBytes > 0
      else { return nil }
      self.state = .message(
        length: length, remaining: remaining - fragment.readableBytes)
      return .fragment(fragment)
    case .failed(let status):
      throw status
    }
  }

  /// The stream has ended: throws INTERNAL when that was inside a message.
  package func finish() throws(GRPCStatus) {
    switch self.state {
    case .prefix(_, count: 0):
      break
    case .prefix:
      throw GRPCStatus(.internalError, "the stream ended inside a message's prefix")
    case .message(let length, let remaining):
      throw GRPCStatus(
        .internalError,
        "the stream ended \(remaining) bytes before the end of a message of \(length)")
    case .failed(let status):
      throw status
    }
  }

  private mutating func collectPrefix(
    from bytes: inout ByteBuffer, _ collected: UInt64, _ count: Int
  ) throws(GRPCStatus) -> MessagePart? {
    var (collected, count) = (collected, count)
    while count < Self.prefixLength, let byte = bytes.readInteger(as: UInt8.self) {
      collected = collected << 8 | UInt64(byte)
      count += 1
    }
    guard count == Self.prefixLength else {
      self.state = .prefix(collected: collected, count: count)
      return nil
    }
    return try self.begin(
      flag: UInt8(collected >> 32), length: Int(collected & 0xFFFF_FFFF))
  }

  private mutating func begin(flag: UInt8, length: Int) throws(GRPCStatus) -> MessagePart {
    if let status = self.refusal(flag: flag, length: length) {
      self.state = .failed(status)
      throw status
    }
    self.state = .message(length: length, remaining: length)
    return .begin(length: length)
  }

  private func refusal(flag: UInt8, length: Int) -> GRPCStatus? {
    switch (flag, self.encoding) {
    case (0, _):
      break
    case (1, .identity):
      return GRPCStatus(.internalError, "a message is flagged as compressed, without an encoding")
    case (1, .unsupported(let encoding)):
      return GRPCStatus(
        self.unsupportedEncoding, "the message encoding '\(encoding)' is not supported")
    default:
      return GRPCStatus(.internalError, "a message has the undefined flag \(flag)")
    }
    guard length <= self.maximumLength else {
      return GRPCStatus(
        .resourceExhausted,
        "a message of \(length) bytes is longer than the limit of \(self.maximumLength)")
    }
    return nil
  }
}
