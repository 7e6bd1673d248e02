// Rows in one JSON text: a bundle, which says its type, or the value alone.

internal import NIOCore

/// Reads `application/x-mantik-bundle-json`, `{"type": …, "value": …}`, or `application/json` with a
/// type that is given. A table's rows are read one by one as they come, so its type has to stand
/// before them.
struct JSONReader: RowReader {
  private enum State {
    /// Before the bundle's brace.
    case start
    /// Before the first key or the brace that closes.
    case firstKey
    case comma
    case key
    case colon(key: String)
    case skipped
    /// Before the value: a table's bracket, or the value itself.
    case value
    case firstRow
    case rowEnd
    case row
    /// Behind the value and all else: only blanks may follow.
    case end
  }

  private(set) var type: DataType?
  private let given: DataType?
  private let isBundle: Bool
  private var state: State
  private var isTypeRead = false
  private var isValueRead = false
  private var incoming = Incoming()
  private var framing = JSONFraming()
  private var rows = 0

  init(bundle given: DataType?) {
    self.given = given
    self.isBundle = true
    self.state = .start
  }

  init(value type: DataType) {
    self.type = type
    self.given = type
    self.isBundle = false
    self.state = .value
  }

  mutating func append(_ bytes: ByteBuffer) { self.incoming.append(bytes) }
  mutating func end() { self.incoming.end() }

  mutating func next(_ row: inout [Value]) throws(RowError) -> RowResult {
    while let byte = self.incoming.peekBehindBlanks() {
      if case .end = self.state { throw RowError("more follows after the value") }
      switch try self.step(byte, &row) {
      case .stepped: continue
      case .row: return .row
      case .waits:
        guard self.incoming.isEnded else { return .needsMore }
        throw self.cut
      }
    }
    guard self.incoming.isEnded else { return .needsMore }
    guard case .end = self.state else { throw self.cut }
    return .end
  }

  private enum Step {
    case stepped, row, waits
  }

  private mutating func step(_ byte: UInt8, _ row: inout [Value]) throws(RowError) -> Step {
    switch self.state {
    case .start: return try self.take("{", byte, then: .firstKey)
    case .firstKey:
      return byte == UInt8(ascii: "}") ? try self.close() : self.go(.key)
    case .comma:
      return byte == UInt8(ascii: "}") ? try self.close() : try self.take(",", byte, then: .key)
    case .key:
      guard let json = try self.element(limit: RowLimits.head) else { return .waits }
      guard case .string(let key) = json else { throw RowError("a key is text, not \(json.kind)") }
      return self.go(.colon(key: key))
    case .colon(let key):
      guard byte == UInt8(ascii: ":") else { return try self.take(":", byte, then: .skipped) }
      return try self.member(key)
    case .skipped:
      guard try self.element(limit: RowLimits.bytes) != nil else { return .waits }
      return self.go(.comma)
    case .value: return try self.value(byte, &row)
    case .firstRow:
      return byte == UInt8(ascii: "]") ? self.closeTable() : self.go(.row)
    case .rowEnd:
      return byte == UInt8(ascii: "]") ? self.closeTable() : try self.take(",", byte, then: .row)
    case .row: return try self.row(&row)
    case .end: return .stepped
    }
  }

  /// What is behind the colon, which is next.
  private mutating func member(_ key: String) throws(RowError) -> Step {
    switch key {
    case "type" where !self.isTypeRead:
      // The colon goes with the type: until that is whole, this state is met again.
      var rest = self.incoming.bytes
      rest.moveReaderIndex(forwardBy: 1)
      guard
        let length = try self.framing.length(
          in: rest, isEnded: self.incoming.isEnded, limit: RowLimits.head)
      else { return .waits }
      self.incoming.skip(1)
      self.isTypeRead = true
      try self.readType(self.incoming.take(length))
      return self.go(.comma)
    case "type": throw RowError("\"type\" stands twice")
    case "value":
      guard !self.isValueRead else { throw RowError("\"value\" stands twice") }
      self.type = self.type ?? self.given
      guard self.type != nil else {
        throw RowError(
          "\"value\" comes before \"type\", and rows are read as they come; give the type= beside it"
        )
      }
      self.isValueRead = true
      self.incoming.skip(1)
      return self.go(.value)
    default:
      self.incoming.skip(1)
      return self.go(.skipped)
    }
  }

  private mutating func readType(_ bytes: ByteBuffer) throws(RowError) {
    let json = try Self.parse(bytes)
    do throws(MantikError) {
      self.type = try Self.read(DataType(json: json, at: "type"), as: self.given)
    } catch {
      throw RowError("\(error)")
    }
  }

  private static func read(_ type: DataType, as given: DataType?) throws(MantikError) -> DataType {
    do throws(RowError) { return try type.read(as: given) } catch {
      throw MantikError(error.message)
    }
  }

  private mutating func value(_ byte: UInt8, _ row: inout [Value]) throws(RowError) -> Step {
    guard let type = self.type else { return .waits }
    if type.columns != nil {
      guard byte == UInt8(ascii: "[") else { throw RowError("the value is no list of rows") }
      return try self.take("[", byte, then: .firstRow)
    }
    guard let json = try self.element(limit: RowLimits.bytes) else { return .waits }
    row = [try type.value(of: json)]
    self.state = self.isBundle ? .comma : .end
    return .row
  }

  private mutating func row(_ row: inout [Value]) throws(RowError) -> Step {
    guard let columns = self.type?.columns else { return .waits }
    do throws(RowError) {
      guard let json = try self.element(limit: RowLimits.bytes) else { return .waits }
      row = try DataType.fields(of: json, columns, expecting: "a row")
    } catch {
      throw error.inRow(self.rows + 1)
    }
    self.rows += 1
    self.state = .rowEnd
    return .row
  }

  // MARK: Parts

  private mutating func go(_ state: State) -> Step {
    self.state = state
    return .stepped
  }

  private mutating func take(
    _ wanted: Unicode.Scalar, _ byte: UInt8, then state: State
  ) throws(RowError) -> Step {
    guard byte == UInt8(ascii: wanted) else {
      let place = self.rows > 0 ? " behind row \(self.rows)" : ""
      let found = Printed.quoted(String(Unicode.Scalar(byte)))
      throw RowError("'\(wanted)' is missing\(place), where \(found) stands")
    }
    self.incoming.skip(1)
    return self.go(state)
  }

  private mutating func closeTable() -> Step {
    self.incoming.skip(1)
    return self.go(self.isBundle ? .comma : .end)
  }

  private mutating func close() throws(RowError) -> Step {
    guard self.isValueRead else { throw RowError("the bundle has no \"value\"") }
    self.incoming.skip(1)
    return self.go(.end)
  }

  private mutating func element(limit: Int) throws(RowError) -> JSON? {
    guard
      let length = try self.framing.length(
        in: self.incoming.bytes, isEnded: self.incoming.isEnded, limit: limit)
    else { return nil }
    return try Self.parse(self.incoming.take(length))
  }

  static func parse(_ bytes: ByteBuffer) throws(RowError) -> JSON {
    do throws(JSONError) {
      return try JSONParser.parse(Array(bytes.readableBytesView))
    } catch {
      throw RowError("not JSON: \(error)")
    }
  }

  private var cut: RowError {
    RowError(self.rows > 0 ? "the data ends behind row \(self.rows)" : "the data ends too early")
  }
}

/// Writes what `JSONReader` reads.
struct JSONWriter: RowWriter {
  private let type: DataType
  private let isBundle: Bool
  private var isFirst = true

  init(type: DataType, isBundle: Bool) {
    self.type = type
    self.isBundle = isBundle
  }

  mutating func begin(_ output: inout Output) {
    if self.isBundle {
      output.write("{\"type\":")
      output.writeJSON(self.type.json)
      output.write(",\"value\":")
    }
    if self.type.columns != nil { output.write("[") }
  }

  mutating func write(_ row: [Value], _ output: inout Output) {
    guard self.type.columns != nil else {
      for value in row { output.writeJSON(value) }
      return
    }
    if !self.isFirst { output.write(",") }
    self.isFirst = false
    output.writeJSONList(row) { $0.writeJSON($1) }
  }

  mutating func end(_ output: inout Output) {
    if self.type.columns != nil { output.write("]") }
    if self.isBundle { output.write("}") }
  }
}
