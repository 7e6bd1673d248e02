// Where the fields of a CSV record are, found in one pass over its bytes, however they are cut.

internal import NIOCore

/// Finds one record after the other (RFC 4180; LF alone ends a line too).
struct CSVScanner {
  struct Field: Equatable {
    /// Offsets from the record's start, without the quotes around it.
    var start: Int
    var end: Int
    /// Then it is text, and an empty one is not null.
    var isQuoted: Bool
    /// Quotes stand in it, each twice.
    var hasQuotes: Bool
  }

  private enum State {
    case fieldStart
    case plain
    case quoted
    /// A quote inside quotes: the end, or the first of two.
    case quote
    /// Behind a quoted field, a carriage return.
    case quoteReturn
  }

  /// Those of the record that was found last.
  private(set) var fields: [Field] = []
  private var state = State.fieldStart
  private var looked = 0
  private var fieldStart = 0
  private var hasQuotes = false
  private var isNew = true

  /// - Parameters:
  ///   - isEnded: whether nothing follows behind `bytes`.
  ///   - limit: the most bytes that the record may have.
  /// - Returns: the length of the record in front of `bytes`, with its line's end; nothing while it
  ///   is not all there, and where there is none.
  mutating func record(
    in bytes: ByteBuffer, isEnded: Bool, limit: Int
  ) throws(RowError) -> Int? {
    if self.isNew {
      self.isNew = false
      self.fields.removeAll(keepingCapacity: true)
    }
    let length = try bytes.withUnsafeReadableBytes { bytes throws(RowError) -> Int? in
      if let length = try self.scan(bytes) { return length }
      guard isEnded, bytes.count > 0 else { return nil }
      return try self.close(bytes)
    }
    guard self.looked <= limit else { throw RowError("this is larger than \(limit) bytes") }
    guard let length else { return nil }
    self.state = .fieldStart
    self.looked = 0
    self.isNew = true
    return length
  }

  private mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(RowError) -> Int? {
    while self.looked < bytes.count {
      let byte = bytes[self.looked]
      switch self.state {
      case .fieldStart:
        self.fieldStart = self.looked
        self.hasQuotes = false
        if byte == UInt8(ascii: "\"") {
          self.fieldStart += 1
          self.state = .quoted
        } else {
          self.state = .plain
          continue
        }
      case .plain:
        let end = self.plainEnd(bytes)
        self.looked = end
        guard end < bytes.count else { return nil }
        if bytes[end] == UInt8(ascii: "\"") {
          throw RowError("a quote stands inside a field without quotes")
        }
        let isLineEnd = bytes[end] == 0x0A
        try self.add(to: isLineEnd ? self.withoutReturn(bytes, end) : end, isQuoted: false)
        if isLineEnd { return end + 1 }
        self.state = .fieldStart
      case .quoted:
        if byte == UInt8(ascii: "\"") { self.state = .quote }
      case .quote:
        if byte == UInt8(ascii: "\"") {
          self.hasQuotes = true
          self.state = .quoted
        } else if byte == UInt8(ascii: ",") {
          try self.add(to: self.looked - 1, isQuoted: true)
          self.state = .fieldStart
        } else if byte == 0x0A {
          try self.add(to: self.looked - 1, isQuoted: true)
          return self.looked + 1
        } else if byte == 0x0D {
          self.state = .quoteReturn
        } else {
          throw RowError("more follows after a field's closing quote")
        }
      case .quoteReturn:
        guard byte == 0x0A else { throw RowError("more follows after a field's closing quote") }
        try self.add(to: self.looked - 2, isQuoted: true)
        return self.looked + 1
      }
      self.looked += 1
    }
    return nil
  }

  /// The last record may lack its line's end.
  private mutating func close(_ bytes: UnsafeRawBufferPointer) throws(RowError) -> Int {
    switch self.state {
    case .fieldStart:
      // Behind a comma: one more field, which is empty.
      self.fieldStart = bytes.count
      try self.add(to: bytes.count, isQuoted: false)
    case .plain: try self.add(to: self.withoutReturn(bytes, bytes.count), isQuoted: false)
    case .quote: try self.add(to: bytes.count - 1, isQuoted: true)
    case .quoteReturn: try self.add(to: bytes.count - 2, isQuoted: true)
    case .quoted: throw RowError("the data ends inside quotes")
    }
    return bytes.count
  }

  /// The next byte that ends a field without quotes, or must not be in one.
  private func plainEnd(_ bytes: UnsafeRawBufferPointer) -> Int {
    var index = self.looked
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: ",") || byte == 0x0A || byte == UInt8(ascii: "\"") { break }
      index += 1
    }
    return index
  }

  private func withoutReturn(_ bytes: UnsafeRawBufferPointer, _ end: Int) -> Int {
    end > self.fieldStart && bytes[end - 1] == 0x0D ? end - 1 : end
  }

  private mutating func add(to end: Int, isQuoted: Bool) throws(RowError) {
    guard self.fields.count < RowLimits.values else {
      throw RowError("this has more than \(RowLimits.values) values")
    }
    self.fields.append(
      Field(
        start: self.fieldStart, end: end, isQuoted: isQuoted, hasQuotes: self.hasQuotes))
  }
}
