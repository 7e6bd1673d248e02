// The smallest parts of MessagePack (source: the format's specification at msgpack.org).

/// What stands before a value's bytes or parts, or the whole of a value that has none.
enum MessagePackToken: Equatable {
  case null
  case bool(Bool)
  case int(Int64)
  /// Above what `int` can hold.
  case uint(UInt64)
  case float32(Float)
  case float64(Double)
  /// So many bytes follow.
  case string(Int)
  case binary(Int)
  case other(Int)
  /// So many values follow; of a map, twice as many.
  case array(Int)
  case map(Int)

  /// The bytes that follow.
  var byteCount: Int {
    switch self {
    case .string(let count), .binary(let count), .other(let count): count
    default: 0
    }
  }

  /// The values that follow.
  var valueCount: Int {
    switch self {
    case .array(let count): count
    case .map(let count): 2 * count
    default: 0
    }
  }

  /// Reads the token at `index`, which moves behind it.
  ///
  /// - Returns: nothing where it is not there as a whole.
  static func read(
    _ bytes: UnsafeRawBufferPointer, at index: inout Int
  ) throws(RowError) -> MessagePackToken? {
    guard index < bytes.count else { return nil }
    let first = bytes[index]
    var reader = Reader(bytes: bytes, index: index + 1)
    let token: MessagePackToken?
    switch first {
    case 0x00...0x7F: token = .int(Int64(first))
    case 0x80...0x8F: token = .map(Int(first & 0x0F))
    case 0x90...0x9F: token = .array(Int(first & 0x0F))
    case 0xA0...0xBF: token = .string(Int(first & 0x1F))
    case 0xC0: token = .null
    case 0xC2: token = .bool(false)
    case 0xC3: token = .bool(true)
    case 0xC4: token = reader.count(UInt8.self).map { .binary($0) }
    case 0xC5: token = reader.count(UInt16.self).map { .binary($0) }
    case 0xC6: token = reader.count(UInt32.self).map { .binary($0) }
    // An extension's type is one byte more.
    case 0xC7: token = reader.count(UInt8.self).map { .other($0 + 1) }
    case 0xC8: token = reader.count(UInt16.self).map { .other($0 + 1) }
    case 0xC9: token = reader.count(UInt32.self).map { .other($0 + 1) }
    case 0xCA: token = reader.integer(UInt32.self).map { .float32(Float(bitPattern: $0)) }
    case 0xCB: token = reader.integer(UInt64.self).map { .float64(Double(bitPattern: $0)) }
    case 0xCC: token = reader.integer(UInt8.self).map { .int(Int64($0)) }
    case 0xCD: token = reader.integer(UInt16.self).map { .int(Int64($0)) }
    case 0xCE: token = reader.integer(UInt32.self).map { .int(Int64($0)) }
    case 0xCF:
      token = reader.integer(UInt64.self).map { number in
        Int64(exactly: number).map { .int($0) } ?? .uint(number)
      }
    case 0xD0: token = reader.integer(Int8.self).map { .int(Int64($0)) }
    case 0xD1: token = reader.integer(Int16.self).map { .int(Int64($0)) }
    case 0xD2: token = reader.integer(Int32.self).map { .int(Int64($0)) }
    case 0xD3: token = reader.integer(Int64.self).map { .int($0) }
    case 0xD4...0xD8: token = .other(1 << Int(first - 0xD4) + 1)
    case 0xD9: token = reader.count(UInt8.self).map { .string($0) }
    case 0xDA: token = reader.count(UInt16.self).map { .string($0) }
    case 0xDB: token = reader.count(UInt32.self).map { .string($0) }
    case 0xDC: token = reader.count(UInt16.self).map { .array($0) }
    case 0xDD: token = reader.count(UInt32.self).map { .array($0) }
    case 0xDE: token = reader.count(UInt16.self).map { .map($0) }
    case 0xDF: token = reader.count(UInt32.self).map { .map($0) }
    case 0xE0...0xFF: token = .int(Int64(Int8(bitPattern: first)))
    default: throw RowError("this is no MessagePack: no value begins with the byte 0xC1")
    }
    if token != nil { index = reader.index }
    return token
  }

  private struct Reader {
    let bytes: UnsafeRawBufferPointer
    var index: Int

    mutating func integer<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
      let size = MemoryLayout<Number>.size
      guard self.bytes.count - self.index >= size else { return nil }
      defer { self.index += size }
      let number = self.bytes.loadUnaligned(fromByteOffset: self.index, as: Number.self)
      return Number(bigEndian: number)
    }

    mutating func count(_ type: (some FixedWidthInteger).Type) -> Int? {
      self.integer(type).map { Int($0) }
    }
  }
}
