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
  package static var prefixLength: Int { 5 }

  private enum Phase {
    case prefix
    case payload
    case failed
  }

  // Plain fields, and not an enum that carries them: this runs three times for each message, also
  // where messages are of a hundred bytes and there are millions a second.
  private var phase = Phase.prefix
  /// Bytes of a prefix that was cut, and how many.
  private var collected: UInt64 = 0
  private var collectedCount = 0
  /// Of the message that is being received.
  private var length = 0
  /// Payload bytes not yet handed out.
  private var remaining = 0
  private var failure: GRPCStatus?

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
    switch self.phase {
    case .prefix:
      // One read of the flag, the length and three bytes of the message.
      guard self.collectedCount == 0,
        let word = bytes.getInteger(at: bytes.readerIndex, as: UInt64.self)
      else { return try self.collectPrefix(from: &bytes) }
      bytes.moveReaderIndex(forwardBy: Self.prefixLength)
      return try self.begin(
        flag: UInt8(word >> 56), length: Int(UInt32(truncatingIfNeeded: word >> 24)))
    case .payload:
      guard self.remaining > 0 else {
        self.phase = .prefix
        return .end
      }
      let count = min(self.remaining, bytes.readableBytes)
      guard count > 0, let fragment = bytes.readSlice(length: count) else { return nil }
      self.remaining -= count
      return .fragment(fragment)
    case .failed:
      throw self.failure ?? GRPCStatus(.internalError)
    }
  }

  /// The stream has ended: throws INTERNAL when that was inside a message.
  package func finish() throws(GRPCStatus) {
    switch self.phase {
    case .prefix:
      guard self.collectedCount == 0 else {
        throw GRPCStatus(.internalError, "the stream ended inside a message's prefix")
      }
    case .payload:
      throw GRPCStatus(
        .internalError,
        "the stream ended \(self.remaining) bytes before the end of a message of \(self.length)")
    case .failed:
      throw self.failure ?? GRPCStatus(.internalError)
    }
  }

  private mutating func collectPrefix(
    from bytes: inout ByteBuffer
  ) throws(GRPCStatus) -> MessagePart? {
    while self.collectedCount < Self.prefixLength {
      guard let byte = bytes.readInteger(as: UInt8.self) else { return nil }
      self.collected = self.collected << 8 | UInt64(byte)
      self.collectedCount += 1
    }
    let (flag, length) = (UInt8(self.collected >> 32), Int(self.collected & 0xFFFF_FFFF))
    self.collected = 0
    self.collectedCount = 0
    return try self.begin(flag: flag, length: length)
  }

  private mutating func begin(flag: UInt8, length: Int) throws(GRPCStatus) -> MessagePart {
    guard flag == 0, length <= self.maximumLength else {
      let status = self.refusal(flag: flag, length: length)
      self.phase = .failed
      self.failure = status
      throw status
    }
    self.phase = .payload
    self.length = length
    self.remaining = length
    return .begin(length: length)
  }

  private func refusal(flag: UInt8, length: Int) -> GRPCStatus {
    switch (flag, self.encoding) {
    case (0, _):
      GRPCStatus(
        .resourceExhausted,
        "a message of \(length) bytes is longer than the limit of \(self.maximumLength)")
    case (1, .identity):
      GRPCStatus(.internalError, "a message is flagged as compressed, without an encoding")
    case (1, .unsupported(let encoding)):
      GRPCStatus(
        self.unsupportedEncoding, "the message encoding '\(encoding)' is not supported")
    default:
      GRPCStatus(.internalError, "a message has the undefined flag \(flag)")
    }
  }
}
