// Puts the fragments of a control message together, within its bound.

public import NIOCore

/// Collects one control message at a time: `begin`, `receive` for its bytes, `end`.
public struct MessageCollector: Sendable {
  private var bytes = ByteBuffer()

  public init() {}

  /// A message of `length` bytes begins.
  ///
  /// Throws: ``MNPError`` `tooLarge` above ``maximumControlMessageBytes``, before any of it came.
  public mutating func begin(length: Int) throws(MNPError) {
    guard length <= maximumControlMessageBytes else {
      throw MNPError(
        .tooLarge, "a message of \(length) bytes; \(maximumControlMessageBytes) are the most")
    }
    bytes = ByteBuffer()
  }

  public mutating func receive(_ fragment: ByteBuffer) {
    if bytes.readableBytes == 0 {
      // Most messages come in one piece, and then nothing is copied.
      bytes = fragment
    } else {
      bytes.writeImmutableBuffer(fragment)
    }
  }

  /// The message, whole.
  public mutating func end() -> ByteBuffer {
    defer { bytes = ByteBuffer() }
    return bytes
  }
}
