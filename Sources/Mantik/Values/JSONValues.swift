// Values as JSON, by their type.

private import FoundationEssentials

extension DataType {
  /// The value that this JSON is.
  package func value(of json: JSON) throws(RowError) -> Value {
    switch self {
    case .plain(let type): return try type.value(of: json)
    case .nullable(let underlying):
      return json == .null ? .null : try underlying.value(of: json)
    case .array(let underlying):
      return .list(try Self.elements(of: json, underlying, expecting: "an array"))
    case .tensor(let shape, let component):
      let values = try Self.elements(of: json, .plain(component), expecting: "a tensor")
      try Self.check(values.count, shape)
      return .list(values)
    case .structure(let fields):
      return .list(try Self.fields(of: json, fields, expecting: "a struct"))
    case .tabular(let columns):
      guard case .array(let rows) = json else {
        throw RowError(expected: "a table", found: json.kind)
      }
      var values: [Value] = []
      values.reserveCapacity(rows.count)
      for (number, row) in rows.enumerated() {
        do throws(RowError) {
          values.append(.list(try Self.fields(of: row, columns, expecting: "a row")))
        } catch {
          throw error.inside("element \(number)")
        }
      }
      return .list(values)
    case .image(let image):
      guard case .string(let text) = json, let data = Data(base64Encoded: text) else {
        throw RowError(expected: "an image in base64", found: json.kind)
      }
      try image.check(data.count)
      return .bytes(Array(data))
    }
  }

  private static func elements(
    of json: JSON, _ type: DataType, expecting what: String
  ) throws(RowError) -> [Value] {
    guard case .array(let elements) = json else { throw RowError(expected: what, found: json.kind) }
    var values: [Value] = []
    values.reserveCapacity(elements.count)
    for (number, element) in elements.enumerated() {
      do throws(RowError) {
        values.append(try type.value(of: element))
      } catch {
        throw error.inside("element \(number)")
      }
    }
    return values
  }

  /// A row or a struct: a list in the order of the type, or an object with the type's names.
  static func fields(
    of json: JSON, _ columns: [Column], expecting what: String
  ) throws(RowError) -> [Value] {
    switch json {
    case .array(let elements):
      guard elements.count == columns.count else {
        throw RowError(
          expected: "\(what) of \(columns.count) values", found: "one of \(elements.count)")
      }
      var values: [Value] = []
      values.reserveCapacity(columns.count)
      for (column, element) in zip(columns, elements) {
        values.append(try column.value(of: element))
      }
      return values
    case .object(let object):
      return try Self.fields(of: object, columns)
    default:
      throw RowError(expected: what, found: json.kind)
    }
  }

  private static func fields(
    of object: JSONObject, _ columns: [Column]
  ) throws(RowError) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(columns.count)
    var found = 0
    var keys: NameIndex?
    for (number, column) in columns.enumerated() {
      let member: JSON?
      // As a rule the keys come in the order of the columns.
      if number < object.members.count, object.members[number].key.isSame(as: column.name) {
        member = object.members[number].value
      } else {
        let index = keys ?? NameIndex(object.members.lazy.map(\.key))
        keys = index
        member = index[column.name].map { object.members[$0].value }
      }
      if member != nil { found += 1 }
      guard let json = member ?? (column.type.isNullable ? .null : nil) else {
        throw RowError(expected: column.type.name, found: "nothing").inside(column)
      }
      values.append(try column.value(of: json))
    }
    guard found == object.members.count else {
      let known = NameIndex(columns.map(\.name))
      let stranger = object.members.first { known[$0.key] == nil }
      throw RowError("the type has no column \(Printed.quoted(stranger?.key ?? ""))")
    }
    return values
  }

  static func check(_ count: Int, _ shape: [Int]) throws(RowError) {
    guard count == Self.count(shape) else {
      let shape = shape.map(String.init).joined(separator: ", ")
      throw RowError(expected: "a tensor of shape [\(shape)]", found: "\(count) values")
    }
  }
}

extension Column {
  fileprivate func value(of json: JSON) throws(RowError) -> Value {
    do throws(RowError) {
      return try self.type.value(of: json)
    } catch {
      throw error.inside(self)
    }
  }
}

extension PlainType {
  fileprivate func value(of json: JSON) throws(RowError) -> Value {
    switch (self, json) {
    case (.bool, .bool(let flag)): return .bool(flag)
    case (.string, .string(let text)): return .string(text)
    case (.void, .null): return .null
    case (_, .number(var text)):
      if let value = text.withUTF8({
        DecimalNumber(UnsafeRawBufferPointer($0))?.value(as: self)
      }) {
        return value
      }
      if let value = self.value(ofWord: text) { return value }
    case (_, .string(let text)):
      if let value = self.value(ofWord: text) { return value }
    default: break
    }
    throw RowError(expected: self.rawValue, found: json.kind)
  }

  /// What JSON has no numbers for: in quotes as in the JSON of Protocol Buffers, or as bare words,
  /// which Python writes.
  private func value(ofWord word: String) -> Value? {
    switch word {
    case "NaN": self.value(Double.nan)
    case "Infinity": self.value(Double.infinity)
    case "-Infinity": self.value(-Double.infinity)
    default: nil
    }
  }
}

extension Value {
  static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}

extension Output {
  /// A value that was checked against its type.
  mutating func writeJSON(_ value: Value) {
    switch value {
    case .null: self.write("null")
    case .bool(let flag): self.write(flag ? "true" : "false")
    case .int(let number): self.write(decimal: number)
    case .uint64(let number): self.write(decimal: number)
    case .float32(let number): self.writeJSONNumber(number)
    case .float64(let number): self.writeJSONNumber(number)
    case .string(let text): self.writeJSONString(text)
    case .bytes(let bytes): self.writeJSONString(Value.base64(bytes))
    case .list(let values): self.writeJSONList(values) { $0.writeJSON($1) }
    }
  }

  /// In the fewest digits that read back as the same number of its precision.
  private mutating func writeJSONNumber(
    _ number: some BinaryFloatingPoint & CustomStringConvertible
  ) {
    if number.isFinite {
      self.write(text: number.description)
    } else {
      self.write(
        number.isNaN ? "\"NaN\"" : number < 0 ? "\"-Infinity\"" : "\"Infinity\"")
    }
  }
}
