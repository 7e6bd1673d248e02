// Meta variables: values that a header declares, and that stand in for `"${name}"` in the rest of it.

/// A meta variable of a header.
package struct MetaVariable: Hashable, Sendable {
  package let name: String
  package let type: DataType
  /// Of its type.
  package private(set) var value: Value
  /// Then nobody gives it another value.
  package let isFixed: Bool
  /// As it stands in the header, with whatever else is said of it there.
  private(set) var object: JSONObject

  /// - Parameter path: where the variable stands, for errors.
  init(_ json: JSON, at path: String) throws(MantikError) {
    guard case .object(let object) = json else {
      throw MantikError("a meta variable is an object, not \(json.kind)", at: path)
    }
    guard case .string(let name)? = object["name"], !name.isEmpty else {
      throw MantikError("a meta variable has a 'name'", at: path)
    }
    guard let type = object["type"] else {
      throw MantikError("the meta variable \(Printed.quoted(name)) has no 'type'", at: path)
    }
    guard let value = object["value"] else {
      throw MantikError("the meta variable \(Printed.quoted(name)) has no 'value'", at: path)
    }
    self.name = name
    self.object = object
    self.type = try DataType(json: type, at: "\(path).type")
    self.value = try Self.value(value, self.type, at: "\(path).value")
    switch object["fix"] {
    case nil, .bool(false): self.isFixed = false
    case .bool(true): self.isFixed = true
    case let other?: throw MantikError("'fix' is true or false, not \(other.kind)", at: path)
    }
  }

  /// The value as JSON, which is what `"${name}"` becomes.
  var json: JSON { self.object["value"] ?? .null }

  /// - Throws: for a fixed one, and for a value that is not of its type.
  mutating func set(_ json: JSON) throws(MantikError) {
    let path = "metaVariables.\(self.name)"
    guard !self.isFixed else {
      throw MantikError("the meta variable is fixed and keeps its value", at: path)
    }
    self.value = try Self.value(json, self.type, at: path)
    self.object["value"] = json
  }

  /// The same one, for good.
  var fixed: JSONObject {
    var object = self.object
    object["fix"] = .bool(true)
    return object
  }

  private static func value(
    _ json: JSON, _ type: DataType, at path: String
  ) throws(MantikError) -> Value {
    do throws(RowError) { return try type.value(of: json) } catch {
      throw MantikError("\(error)", at: path)
    }
  }
}

/// Puts meta variables into a header.
struct MetaVariables {
  static let key = "metaVariables"

  private(set) var all: [MetaVariable] = []
  private var numbers = NameIndex()

  /// Those that a header declares.
  init(_ header: JSONObject) throws(MantikError) {
    switch header[Self.key] {
    case nil, .null: return
    case .array(let variables):
      for (number, json) in variables.enumerated() {
        let variable = try MetaVariable(json, at: "\(Self.key)[\(number)]")
        guard self.numbers[variable.name] == nil else {
          throw MantikError(
            "the meta variable \(Printed.quoted(variable.name)) stands twice", at: Self.key)
        }
        self.numbers[variable.name] = number
        self.all.append(variable)
      }
    case let other?: throw MantikError("this is a list, not \(other.kind)", at: Self.key)
    }
  }

  /// - Throws: for a variable that is not declared, is fixed, or is of another type.
  mutating func set(_ name: String, to json: JSON) throws(MantikError) {
    guard let number = self.numbers[name] else { throw self.unknown(name, at: Self.key) }
    try self.all[number].set(json)
  }

  /// The header with every `"${name}"` replaced. The variables' own declarations stay as they are.
  func putInto(_ header: JSONObject) throws(MantikError) -> JSONObject {
    var members: [JSONObject.Member] = []
    for member in header.members {
      let value =
        member.key == Self.key ? member.value : try self.put(member.value, at: member.key)
      members.append(JSONObject.Member(member.key, value))
    }
    return JSONObject(members)
  }

  private func put(_ json: JSON, at path: String) throws(MantikError) -> JSON {
    switch json {
    case .string(let text): return try self.put(text, at: path)
    case .array(let values):
      var result: [JSON] = []
      for (number, value) in values.enumerated() {
        result.append(try self.put(value, at: "\(path)[\(number)]"))
      }
      return .array(result)
    case .object(let object):
      var members: [JSONObject.Member] = []
      for member in object.members {
        let value = try self.put(member.value, at: "\(path).\(member.key)")
        members.append(JSONObject.Member(member.key, value))
      }
      return .object(JSONObject(members))
    case .null, .bool, .number: return json
    }
  }

  /// `$$` at the start stands for one dollar, and what follows is no variable then.
  private func put(_ text: String, at path: String) throws(MantikError) -> JSON {
    if text.hasPrefix("$$") { return .string(String(text.dropFirst())) }
    guard text.hasPrefix("${"), text.hasSuffix("}") else { return .string(text) }
    let name = String(text.dropFirst(2).dropLast())
    guard let number = self.numbers[name] else { throw self.unknown(name, at: path) }
    return self.all[number].json
  }

  private func unknown(_ name: String, at path: String) -> MantikError {
    let names = self.all.map(\.name).joined(separator: ", ")
    return MantikError(
      "there is no meta variable \(Printed.quoted(name)); there is \(names.isEmpty ? "none" : names)",
      at: path)
  }
}
