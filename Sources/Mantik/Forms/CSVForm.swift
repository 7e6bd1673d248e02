// Rows as lines of CSV, the columns' names on the first.

internal import NIOCore

/// Reads `text/csv`. Columns are found by the names in the first line, in any order. A field without
/// anything in it, not even quotes, is null where its column may be null. What is no plain value
/// stands in its field as JSON.
struct CSVReader: RowReader {
  let type: DataType?
  private let columns: [Column]
  private var incoming = Incoming()
  private var scanner = CSVScanner()
  /// For each field what it goes to; empty until the names are read.
  private var targets: [Target] = []
  private var rows = 0

  /// What is asked of a field's column for each row.
  private struct Target {
    /// The column's.
    var number: Int
    var isNullable: Bool
    /// Nothing: its fields are JSON.
    var plain: PlainType?
  }

  init(columns: [Column]) {
    self.type = .tabular(columns)
    self.columns = columns
  }

  mutating func append(_ bytes: ByteBuffer) { self.incoming.append(bytes) }
  mutating func end() { self.incoming.end() }

  mutating func next(_ row: inout [Value]) throws(RowError) -> RowResult {
    if self.targets.isEmpty {
      do throws(RowError) {
        guard let line = try self.record(limit: RowLimits.head) else {
          guard self.incoming.isEnded else { return .needsMore }
          throw RowError("the data has none")
        }
        try self.readNames(line)
      } catch {
        throw error.inside("the line of names")
      }
    }
    do throws(RowError) {
      while let line = try self.record(limit: RowLimits.bytes) {
        // A line with nothing on it, as many files end.
        if self.targets.count > 1, self.scanner.fields.count == 1, Self.isBlank(line) { continue }
        try self.read(line, into: &row)
        self.rows += 1
        return .row
      }
    } catch {
      throw error.inRow(self.rows + 1)
    }
    return self.incoming.isDone ? .end : .needsMore
  }

  private mutating func record(limit: Int) throws(RowError) -> ByteBuffer? {
    guard
      let length = try self.scanner.record(
        in: self.incoming.bytes, isEnded: self.incoming.isEnded, limit: limit)
    else { return nil }
    return self.incoming.take(length)
  }

  private static func isBlank(_ line: ByteBuffer) -> Bool {
    line.readableBytesView.allSatisfy { $0 == 0x0A || $0 == 0x0D }
  }

  // MARK: The first line

  private mutating func readNames(_ line: ByteBuffer) throws(RowError) {
    var names: [String] = []
    for field in self.scanner.fields {
      let bytes = line.withUnsafeReadableBytes { Self.content(field, $0) { Array($0) } }
      guard let name = String(validating: bytes, as: UTF8.self) else {
        throw RowError("a name is not UTF-8")
      }
      names.append(name)
    }
    // What some programs put in front of UTF-8.
    if names[0].unicodeScalars.first == "\u{FEFF}" { names[0].unicodeScalars.removeFirst() }
    let numbers = NameIndex(self.columns.map(\.name))
    var isFound = Array(repeating: false, count: self.columns.count)
    var targets: [Target] = []
    for name in names {
      guard let number = numbers[name] else {
        let known = self.columns.map(\.name).joined(separator: ", ")
        throw RowError("the type has no column \(Printed.quoted(name)); it has \(known)")
      }
      guard !isFound[number] else {
        throw RowError("the column \(Printed.quoted(name)) stands twice")
      }
      isFound[number] = true
      let type = self.columns[number].type
      var target = Target(number: number, isNullable: type.isNullable)
      if case .plain(let plain) = type.withoutNull { target.plain = plain }
      targets.append(target)
    }
    if let missing = isFound.firstIndex(of: false) {
      throw RowError("the column \(Printed.quoted(self.columns[missing].name)) is missing")
    }
    self.targets = targets
  }

  // MARK: Rows

  private func read(_ line: ByteBuffer, into row: inout [Value]) throws(RowError) {
    let fields = self.scanner.fields
    guard fields.count == self.targets.count else {
      throw RowError(
        expected: "\(self.targets.count) fields as in the line of names", found: "\(fields.count)")
    }
    row.removeAll(keepingCapacity: true)
    row.append(contentsOf: repeatElement(.null, count: fields.count))
    try line.withUnsafeReadableBytes { bytes throws(RowError) in
      for (field, target) in zip(fields, self.targets) {
        if field.start == field.end, !field.isQuoted, target.isNullable { continue }
        do throws(RowError) {
          row[target.number] = try Self.content(field, bytes) { content throws(RowError) in
            try self.value(content, target)
          }
        } catch {
          throw error.inside(self.columns[target.number])
        }
      }
    }
  }

  private func value(
    _ content: UnsafeRawBufferPointer, _ target: Target
  ) throws(RowError) -> Value {
    guard let plain = target.plain else {
      let type = self.columns[target.number].type.withoutNull
      return try type.value(of: try Self.json(content, type))
    }
    if let value = Self.plain(content, plain) { return value }
    throw RowError(expected: plain.rawValue, found: Self.shown(content))
  }

  private static func json(
    _ content: UnsafeRawBufferPointer, _ type: DataType
  ) throws(RowError) -> JSON {
    // An image is nothing but its base64.
    if case .image = type { return .string(String(decoding: content, as: UTF8.self)) }
    do throws(JSONError) {
      return try JSONParser.parse(Array(content))
    } catch {
      throw RowError(expected: "\(type.name) as JSON", found: Self.shown(content))
    }
  }

  private static func plain(_ content: UnsafeRawBufferPointer, _ type: PlainType) -> Value? {
    switch type {
    case .string: return String(utf8: content).map { .string($0) }
    case .void: return content.isEmpty ? .null : nil
    case .bool:
      return switch String(decoding: content.prefix(6), as: UTF8.self) {
      case "true", "True", "TRUE": .bool(true)
      case "false", "False", "FALSE": .bool(false)
      default: nil
      }
    default:
      if let number = DecimalNumber(content) { return number.value(as: type) }
      return switch String(decoding: content.prefix(10), as: UTF8.self).lowercased() {
      case "nan": type.value(Double.nan)
      case "inf", "+inf", "infinity", "+infinity": type.value(Double.infinity)
      case "-inf", "-infinity": type.value(-Double.infinity)
      default: nil
      }
    }
  }

  private static func shown(_ content: UnsafeRawBufferPointer) -> String {
    content.isEmpty
      ? "nothing" : Printed.quoted(String(decoding: content.prefix(400), as: UTF8.self))
  }

  /// A field's bytes with its quotes each once.
  private static func content<Result, Failure: Error>(
    _ field: CSVScanner.Field, _ bytes: UnsafeRawBufferPointer,
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let content = UnsafeRawBufferPointer(rebasing: bytes[field.start..<field.end])
    guard field.hasQuotes else { return try body(content) }
    var once: [UInt8] = []
    once.reserveCapacity(content.count)
    var isSecond = false
    for byte in content {
      isSecond = byte == UInt8(ascii: "\"") && !isSecond
      if !isSecond { once.append(byte) }
    }
    return try once.withUnsafeBufferPointer { bytes throws(Failure) in
      try body(UnsafeRawBufferPointer(bytes))
    }
  }
}

/// Writes what `CSVReader` reads, in the type's order, with the line ends of RFC 4180.
struct CSVWriter: RowWriter {
  let columns: [Column]

  mutating func begin(_ output: inout Output) {
    for (number, column) in self.columns.enumerated() {
      if number > 0 { output.write(",") }
      self.writeText(column.name, &output)
    }
    output.write("\r\n")
  }

  mutating func write(_ row: [Value], _ output: inout Output) {
    for (number, value) in row.enumerated() {
      if number > 0 { output.write(",") }
      self.write(value, &output)
    }
    output.write("\r\n")
  }

  private func write(_ value: Value, _ output: inout Output) {
    switch value {
    case .null: break
    case .bool(let flag): output.write(flag ? "true" : "false")
    case .int(let number): output.write(decimal: number)
    case .uint64(let number): output.write(decimal: number)
    // The fewest digits that read back as the same number; nan, inf and -inf.
    case .float32(let number): output.write(text: number.description)
    case .float64(let number): output.write(text: number.description)
    case .string(let text): self.writeText(text, &output)
    case .bytes(let bytes): self.writeText(Value.base64(bytes), &output)
    case .list:
      var json = Output()
      json.writeJSON(value)
      self.writeText(String(decoding: json.bytes, as: UTF8.self), &output)
    }
  }

  /// Quotes where a reader needs them, and around an empty text, which is not null.
  private func writeText(_ text: String, _ output: inout Output) {
    var text = text
    text.withUTF8 { bytes in
      let special: (UInt8) -> Bool = { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
      guard bytes.isEmpty || bytes.contains(where: special) else {
        output.write(bytes)
        return
      }
      output.write(UInt8(ascii: "\""))
      for part in bytes.split(
        separator: UInt8(ascii: "\""), omittingEmptySubsequences: false
      ).enumerated() {
        if part.offset > 0 { output.write("\"\"") }
        output.write(UnsafeBufferPointer(rebasing: part.element))
      }
      output.write(UInt8(ascii: "\""))
    }
  }
}
