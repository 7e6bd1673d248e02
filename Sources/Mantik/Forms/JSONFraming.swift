// Finds where a JSON value ends, without reading it.

internal import NIOCore

/// Goes along a value's bytes once, however they are cut. It does not judge what is between brackets:
/// that does who reads the value.
struct JSONFraming {
  private enum State {
    case start
    /// A number or a word: the byte behind it ends it.
    case word
    case text
    case escape
    /// Between the parts of a list or an object.
    case inside
  }

  private var state = State.start
  private var looked = 0
  private var depth = 0
  private var values = 1

  /// - Parameters:
  ///   - isEnded: whether nothing follows behind `bytes`.
  ///   - limit: the most bytes that the value may have.
  /// - Returns: the length of the value in front of `bytes`, with the blanks before it; nothing while
  ///   its end is not there.
  mutating func length(
    in bytes: ByteBuffer, isEnded: Bool, limit: Int
  ) throws(RowError) -> Int? {
    let length = bytes.withUnsafeReadableBytes { self.look($0) }
    guard self.looked <= limit else { throw RowError("this is larger than \(limit) bytes") }
    guard self.values <= RowLimits.values else {
      throw RowError("this has more than \(RowLimits.values) values")
    }
    guard let end = length ?? (isEnded && self.state == .word ? self.looked : nil) else {
      return nil
    }
    self = JSONFraming()
    return end
  }

  private mutating func look(_ bytes: UnsafeRawBufferPointer) -> Int? {
    while self.looked < bytes.count {
      let byte = bytes[self.looked]
      switch self.state {
      case .word:
        if byte.isJSONBlank || [0x2C, 0x5D, 0x7D, 0x3A].contains(byte) { return self.looked }
      case .text:
        if byte == UInt8(ascii: "\\") {
          self.state = .escape
        } else if byte == UInt8(ascii: "\"") {
          self.state = .inside
          if self.depth == 0 { return self.looked + 1 }
        }
      case .escape:
        self.state = .text
      case .start, .inside:
        if self.structure(byte) { return self.looked + 1 }
      }
      self.looked += 1
    }
    return nil
  }

  /// - Returns: whether the value ends with this byte.
  private mutating func structure(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""): self.state = .text
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      self.state = .inside
      self.depth += 1
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      self.depth -= 1
      return self.depth <= 0
    case UInt8(ascii: ","): self.values += 1
    default: if self.state == .start, !byte.isJSONBlank { self.state = .word }
    }
    return false
  }
}
