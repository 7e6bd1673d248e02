// A value of Mantik: what a cell of a row holds, whatever form it came in.

/// One value. It does not know its type; who reads it has checked it against one.
package enum Value: Hashable, Sendable {
  /// Of `void`, and of what is nullable.
  case null
  case bool(Bool)
  /// Of every whole type but `uint64`.
  case int(Int64)
  case uint64(UInt64)
  case float32(Float)
  case float64(Double)
  case string(String)
  /// An image.
  case bytes([UInt8])
  /// A tensor's components, an array's elements, a struct's fields, or a table's rows, each a list.
  case list([Value])
}

/// What a row may be. Beyond it is no row that anybody wants in memory.
package enum RowLimits {
  /// Bytes in the form in which it comes.
  package static let bytes = 64 << 20
  /// Values, those in lists included: an empty one costs more in memory than in any form.
  package static let values = 4 << 20
  /// Bytes of what stands before the rows: a type, a line of names, a schema.
  package static let head = 1 << 20
}

/// Why data cannot be converted, and where: a row from 1, a column by its name.
package struct RowError: Error, Equatable, CustomStringConvertible {
  package var row: Int?
  /// From the outside in: "column 'x'", "element 3".
  package var path: [String] = []
  package var message: String

  package init(_ message: String, row: Int? = nil) {
    self.message = message
    self.row = row
  }

  init(expected type: String, found: String) {
    self.message = "expected \(type), found \(found)"
  }

  package var description: String {
    let place = (self.row.map { ["row \($0)"] } ?? []) + self.path
    return Printed.sentence(
      place.isEmpty ? self.message : "\(place.joined(separator: ", ")): \(self.message)")
  }

  func inside(_ step: String) -> RowError {
    var error = self
    error.path.insert(step, at: 0)
    return error
  }

  func inside(_ column: Column) -> RowError { self.inside("column \(Printed.quoted(column.name))") }

  func inRow(_ row: Int) -> RowError {
    var error = self
    error.row = error.row ?? row
    return error
  }
}

extension PlainType {
  /// A whole number as a value of this type; nothing where it has no such value. Floats take any,
  /// rounded to the nearest.
  func value(_ number: Int64) -> Value? {
    let fits =
      switch self {
      case .uint8: (0...255).contains(number)
      case .int8: (-128...127).contains(number)
      case .uint32: UInt32(exactly: number) != nil
      case .int32: Int32(exactly: number) != nil
      case .int64: true
      case .uint64: number >= 0
      case .float32, .float64: true
      case .bool, .string, .void: false
      }
    guard fits else { return nil }
    return switch self {
    case .uint64: .uint64(UInt64(number))
    case .float32: .float32(Float(number))
    case .float64: .float64(Double(number))
    default: .int(number)
    }
  }

  func value(_ number: UInt64) -> Value? {
    switch self {
    case .uint64: .uint64(number)
    case .float32: .float32(Float(number))
    case .float64: .float64(Double(number))
    default: Int64(exactly: number).flatMap { self.value($0) }
    }
  }

  /// A fraction as a value of this type, rounded to the nearest; nothing where it is too large for it.
  func value(_ number: Double) -> Value? {
    switch self {
    case .float64: return .float64(number)
    case .float32:
      let rounded = Float(number)
      return rounded.isInfinite && number.isFinite ? nil : .float32(rounded)
    default: return nil
    }
  }
}

extension DataType {
  /// The number of a tensor's values.
  static func count(_ shape: [Int]) -> Int { shape.reduce(1, *) }
}

extension ImageType {
  func check(_ count: Int) throws(RowError) {
    guard let expected = self.byteCount, expected != count else { return }
    throw RowError(
      expected: "an image of \(self.width) x \(self.height) pixels, \(expected) bytes",
      found: "\(count) bytes")
  }
}

extension String {
  /// Nothing where the bytes are not UTF-8.
  init?(utf8 bytes: UnsafeRawBufferPointer) {
    let span = bytes.bindMemory(to: UInt8.self).span
    guard let text = try? UTF8Span(validating: span) else { return nil }
    self.init(copying: text)
  }
}
