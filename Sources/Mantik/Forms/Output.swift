// What writers write to.

internal import NIOCore

/// Bytes on their way out, ours alone: a number or a short text costs a few instructions, where a
/// `ByteBuffer`, which may be shared, has to make sure of that each time.
package struct Output {
  private static let keptCapacity = 1 << 20

  private(set) var bytes: [UInt8] = []

  var count: Int { self.bytes.count }

  var buffer: ByteBuffer { ByteBuffer(bytes: self.bytes) }

  /// Keeps the room for more, but not that of a row that was far larger than others.
  mutating func removeAll() {
    self.bytes.removeAll(keepingCapacity: self.bytes.capacity <= Self.keptCapacity)
  }

  mutating func write(_ byte: UInt8) { self.bytes.append(byte) }

  mutating func write(bigEndian number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.bigEndian) { self.bytes.append(contentsOf: $0) }
  }

  mutating func write(littleEndian number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { self.bytes.append(contentsOf: $0) }
  }

  mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes.append(contentsOf: bytes) }

  mutating func write(_ bytes: [UInt8]) { self.bytes.append(contentsOf: bytes) }

  mutating func write(_ text: StaticString) {
    text.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
  }

  mutating func write(text: String) {
    var text = text
    text.withUTF8 { self.bytes.append(contentsOf: $0) }
  }

  mutating func write(zeros count: Int) {
    self.bytes.append(contentsOf: repeatElement(0, count: count))
  }

  /// Decimal digits.
  mutating func write(decimal number: some FixedWidthInteger) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var rest = number.magnitude
      var start = 20
      repeat {
        let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
        start -= 1
        digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: remainder)
        rest = quotient
      } while rest > 0
      if number < 0 { self.bytes.append(UInt8(ascii: "-")) }
      self.bytes.append(contentsOf: digits[start...])
    }
  }
}
