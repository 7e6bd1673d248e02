// Values from MessagePack, by their type; and the types themselves, which are JSON in MessagePack.

/// Reads the values of one piece of MessagePack that is all there.
struct MessagePackDecoder {
  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  /// - Parameter bytes: must outlive this value.
  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// A row: one array with a value for each column, which are put behind those in `row`.
  mutating func row(_ columns: [Column], into row: inout [Value]) throws(RowError) {
    try self.fields(columns, expecting: "a row", into: &row)
  }

  mutating func value(_ type: DataType) throws(RowError) -> Value {
    switch type {
    case .plain(let type): return try self.plain(type)
    case .nullable(let underlying):
      var ahead = self.index
      if try MessagePackToken.read(self.bytes, at: &ahead) == .null {
        self.index = ahead
        return .null
      }
      return try self.value(underlying)
    case .array(let underlying):
      let count = try self.array(expecting: "an array")
      return .list(try self.elements(underlying, count: count))
    case .tensor(let shape, let component):
      let count = try self.array(expecting: "a tensor")
      try DataType.check(count, shape)
      return .list(try self.elements(.plain(component), count: count))
    case .structure(let fields):
      var values: [Value] = []
      try self.fields(fields, expecting: "a struct", into: &values)
      return .list(values)
    case .tabular(let columns):
      let count = try self.array(expecting: "a table")
      var rows: [Value] = []
      for number in 0..<count {
        var row: [Value] = []
        do throws(RowError) {
          try self.fields(columns, expecting: "a row", into: &row)
        } catch {
          throw error.inside("element \(number)")
        }
        rows.append(.list(row))
      }
      return .list(rows)
    case .image(let image):
      let token = try self.token()
      guard case .binary(let count) = token else {
        throw RowError(expected: "an image", found: self.shown(token))
      }
      try image.check(count)
      return .bytes(Array(try self.read(count)))
    }
  }

  private mutating func plain(_ type: PlainType) throws(RowError) -> Value {
    let token = try self.token()
    switch (type, token) {
    case (.string, .string(let count)):
      return .string(try self.text(count))
    case (.bool, .bool(let flag)): return .bool(flag)
    case (.void, .null): return .null
    case (.float32, .float32(let number)): return .float32(number)
    case (_, .int(let number)):
      if let value = type.value(number) { return value }
    case (_, .uint(let number)):
      if let value = type.value(number) { return value }
    case (_, .float32(let number)):
      if let value = type.value(Double(number)) { return value }
    case (_, .float64(let number)):
      if let value = type.value(number) { return value }
    default: break
    }
    throw RowError(expected: type.rawValue, found: self.shown(token))
  }

  private mutating func elements(_ type: DataType, count: Int) throws(RowError) -> [Value] {
    var values: [Value] = []
    // What is announced is there: the piece was measured with all its values.
    values.reserveCapacity(count)
    for number in 0..<count {
      do throws(RowError) {
        values.append(try self.value(type))
      } catch {
        throw error.inside("element \(number)")
      }
    }
    return values
  }

  private mutating func fields(
    _ columns: [Column], expecting what: String, into values: inout [Value]
  ) throws(RowError) {
    let count = try self.array(expecting: what)
    guard count == columns.count else {
      throw RowError(expected: "\(what) of \(columns.count) values", found: "one of \(count)")
    }
    // By their numbers: a column that is copied costs more than a value.
    for number in columns.indices {
      do throws(RowError) {
        values.append(try self.value(columns[number].type))
      } catch {
        throw error.inside(columns[number])
      }
    }
  }

  private mutating func array(expecting what: String) throws(RowError) -> Int {
    let token = try self.token()
    guard case .array(let count) = token else {
      throw RowError(expected: what, found: self.shown(token))
    }
    return count
  }

  // MARK: JSON

  /// Any value as JSON, as a bundle's head has its type.
  mutating func json(depth: Int = 0) throws(RowError) -> JSON {
    guard depth <= JSONParser.deepest else {
      throw RowError("lists and maps are nested more than \(JSONParser.deepest) deep")
    }
    let token = try self.token()
    switch token {
    case .null: return .null
    case .bool(let flag): return .bool(flag)
    case .int(let number): return .number("\(number)")
    case .uint(let number): return .number("\(number)")
    case .float32(let number): return .number("\(number)")
    case .float64(let number): return .number("\(number)")
    case .string(let count):
      return .string(try self.text(count))
    case .array(let count):
      var values: [JSON] = []
      for _ in 0..<count { values.append(try self.json(depth: depth + 1)) }
      return .array(values)
    case .map(let count):
      var members: [JSONObject.Member] = []
      var keys: Set<[UInt8]> = []
      for _ in 0..<count {
        guard case .string(let key) = try self.json(depth: depth + 1) else {
          throw RowError("a key is no text")
        }
        guard keys.insert(Array(key.utf8)).inserted else {
          throw RowError("the key \(Printed.quoted(key)) stands twice")
        }
        members.append(JSONObject.Member(key, try self.json(depth: depth + 1)))
      }
      return .object(JSONObject(members))
    case .binary, .other: throw RowError("\(self.shown(token)) is no type")
    }
  }

  // MARK: Bytes

  private mutating func token() throws(RowError) -> MessagePackToken {
    guard let token = try MessagePackToken.read(self.bytes, at: &self.index) else {
      throw RowError("the data ends inside a value")
    }
    return token
  }

  private mutating func text(_ count: Int) throws(RowError) -> String {
    guard let text = String(utf8: try self.read(count)) else {
      throw RowError(expected: "string", found: "text that is not UTF-8")
    }
    return text
  }

  private mutating func read(_ count: Int) throws(RowError) -> UnsafeRawBufferPointer {
    guard self.bytes.count - self.index >= count else {
      throw RowError("the data ends inside a value")
    }
    defer { self.index += count }
    return UnsafeRawBufferPointer(rebasing: self.bytes[self.index..<self.index + count])
  }

  /// What was found: for sentences.
  private func shown(_ token: MessagePackToken) -> String {
    switch token {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .int(let number): "\(number)"
    case .uint(let number): "\(number)"
    case .float32(let number): "\(number)"
    case .float64(let number): "\(number)"
    case .string(let count):
      "the text "
        + Printed.quoted(
          String(decoding: self.bytes[self.index...].prefix(min(count, 400)), as: UTF8.self))
    case .binary(let count): "\(count) bytes"
    case .other: "a value of an extension type"
    case .array(let count): "a list of \(count)"
    case .map: "a map"
    }
  }
}
