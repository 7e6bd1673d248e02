// The columns of a record batch: values by their number, and values put one behind the other.

internal import NIOCore

/// A column of a record batch that came. Its buffers are checked once, for all of its rows.
struct ArrowColumn {
  private let field: ArrowField
  private let column: Column
  private let plain: PlainType
  /// Bits, 1 for a value; nothing where none is null.
  private let validity: ByteBuffer?
  /// Of texts, where each begins and the last ends.
  private let offsets: ByteBuffer?
  private let values: ByteBuffer

  /// - Parameters:
  ///   - column: what its values are to be.
  ///   - buffers: the batch's, from which this column takes its own.
  init(
    _ field: ArrowField, as column: Column, rows: Int, nulls: Int,
    buffers: inout ArraySlice<ByteBuffer>
  ) throws(RowError) {
    self.field = field
    self.column = column
    guard case .plain(let plain) = column.type.withoutNull else {
      throw RowError("\(column.type.name) is no column of Arrow")
    }
    self.plain = plain
    guard field.type != .null else {
      (self.validity, self.offsets, self.values) = (nil, nil, ByteBuffer())
      return
    }
    func take(atLeast count: Int) throws(RowError) -> ByteBuffer {
      guard let buffer = buffers.popFirst(), buffer.readableBytes >= count else {
        throw RowError("its buffers are too short for \(rows) rows").inside(column)
      }
      return buffer
    }
    let bits = (rows + 7) / 8
    let validity = try take(atLeast: 0)
    guard nulls == 0 || validity.readableBytes >= bits else {
      throw RowError("its buffers are too short for \(rows) rows").inside(column)
    }
    self.validity = nulls == 0 ? nil : validity
    switch field.type {
    case .null, .bool:
      self.offsets = nil
      self.values = try take(atLeast: bits)
    case .int(let size, _), .float(let size):
      self.offsets = nil
      self.values = try take(atLeast: rows * size / 8)
    case .text(let size):
      self.offsets = try take(atLeast: rows == 0 ? 0 : (rows + 1) * size / 8)
      self.values = try take(atLeast: 0)
    }
  }

  func value(_ row: Int) throws(RowError) -> Value {
    if self.field.type == .null || self.validity.map({ !Self.bit($0, row) }) ?? false {
      guard self.column.type.isNullable else {
        throw RowError(expected: self.column.type.name, found: "null").inside(self.column)
      }
      return .null
    }
    switch self.field.type {
    case .null: return .null
    case .bool: return .bool(Self.bit(self.values, row))
    case .int(8, true): return .int(Int64(self.number(row, Int8.self)))
    case .int(8, false): return .int(Int64(self.number(row, UInt8.self)))
    case .int(16, true): return .int(Int64(self.number(row, Int16.self)))
    case .int(16, false): return .int(Int64(self.number(row, UInt16.self)))
    case .int(32, true): return .int(Int64(self.number(row, Int32.self)))
    case .int(32, false): return .int(Int64(self.number(row, UInt32.self)))
    case .int(_, true): return .int(self.number(row, Int64.self))
    case .int(_, false): return .uint64(self.number(row, UInt64.self))
    case .float(32): return .float32(Float(bitPattern: self.number(row, UInt32.self)))
    case .float: return .float64(Double(bitPattern: self.number(row, UInt64.self)))
    case .text(let bits):
      guard let range = self.textRange(row, bits: bits),
        let text = self.values.getSlice(
          at: self.values.readerIndex + range.lowerBound, length: range.count
        )?.withUnsafeReadableBytes({ String(utf8: $0) })
      else {
        throw RowError(expected: "string", found: "text that is not UTF-8, or outside of its batch")
          .inside(self.column)
      }
      return .string(text)
    }
  }

  private func textRange(_ row: Int, bits: Int) -> Range<Int>? {
    guard let offsets = self.offsets else { return nil }
    func offset(_ number: Int) -> Int? {
      let index = offsets.readerIndex + number * bits / 8
      return bits == 32
        ? offsets.getInteger(at: index, endianness: .little, as: Int32.self).map { Int($0) }
        : offsets.getInteger(at: index, endianness: .little, as: Int64.self).map { Int($0) }
    }
    guard let start = offset(row), let end = offset(row + 1), start >= 0, start <= end,
      end <= self.values.readableBytes
    else { return nil }
    return start..<end
  }

  /// There is one for each row: that was checked.
  private func number<Number: FixedWidthInteger>(_ row: Int, _ type: Number.Type) -> Number {
    self.values.getInteger(
      at: self.values.readerIndex + row * MemoryLayout<Number>.size, endianness: .little, as: type)
      ?? 0
  }

  private static func bit(_ bits: ByteBuffer, _ row: Int) -> Bool {
    (bits.getInteger(at: bits.readerIndex + row / 8, as: UInt8.self) ?? 0) >> UInt8(row % 8) & 1
      == 1
  }
}

/// A column of a record batch that is being made.
struct ArrowColumnBuilder {
  private let type: ArrowType
  private var validity = BitBuilder()
  private var bits = BitBuilder()
  private var values = Output()
  private var offsets = Output()
  private(set) var nulls = 0

  init(_ type: ArrowType) {
    self.type = type
  }

  /// A value of the column's type.
  mutating func append(_ value: Value) {
    guard self.type != .null else {
      self.nulls += 1
      return
    }
    self.validity.append(value != .null)
    switch (self.type, value) {
    case (.bool, .bool(let flag)): self.bits.append(flag)
    case (.int(8, _), .int(let number)): self.put(Int8(truncatingIfNeeded: number))
    case (.int(32, _), .int(let number)): self.put(Int32(truncatingIfNeeded: number))
    case (_, .int(let number)): self.put(number)
    case (_, .uint64(let number)): self.put(number)
    case (_, .float32(let number)): self.put(number.bitPattern)
    case (_, .float64(let number)): self.put(number.bitPattern)
    case (_, .string(let text)): self.values.write(text: text)
    default:
      self.nulls += 1
      self.putNothing()
    }
    if case .text = self.type {
      self.offsets.write(littleEndian: Int32(self.values.count))
    }
  }

  /// The column's buffers in the order in which a batch has them; afterwards it is empty.
  mutating func take() -> [Output] {
    let type = self.type
    defer { self = ArrowColumnBuilder(type) }
    let validity = self.nulls > 0 ? self.validity.output : Output()
    switch type {
    case .null: return []
    case .bool: return [validity, self.bits.output]
    case .int, .float: return [validity, self.values]
    case .text:
      var offsets = Output()
      offsets.write(littleEndian: Int32(0))
      offsets.write(self.offsets.bytes)
      return [validity, offsets, self.values]
    }
  }

  private mutating func put(_ number: some FixedWidthInteger) {
    self.values.write(littleEndian: number)
  }

  private mutating func putNothing() {
    switch self.type {
    case .bool: self.bits.append(false)
    case .int(let bits, _), .float(let bits): self.values.write(zeros: bits / 8)
    case .null, .text: break
    }
  }
}

/// Bits, the lowest of each byte first.
private struct BitBuilder {
  private var full = Output()
  private var last: UInt8 = 0
  private var count = 0

  mutating func append(_ bit: Bool) {
    self.last |= (bit ? 1 : 0) << UInt8(self.count % 8)
    self.count += 1
    if self.count % 8 == 0 {
      self.full.write(self.last)
      self.last = 0
    }
  }

  var output: Output {
    guard self.count % 8 != 0 else { return self.full }
    var output = self.full
    output.write(self.last)
    return output
  }
}
