// A YAML document as JSON: the one tree that headers are read from.

internal import OperatorFile

extension JSON {
  /// Reads YAML by its core schema. Keys are text, as JSON's are.
  ///
  /// - Throws: in the reader's words, with line and column.
  init(yaml text: String) throws(MantikError) {
    let root: YAMLNode?
    do throws(FileErrors) {
      root = try YAMLDocument.parse(text, file: "the header")
    } catch {
      throw MantikError("\(error)")
    }
    guard let root else { throw MantikError("the header is empty") }
    try self.init(root)
  }

  private init(_ node: YAMLNode) throws(MantikError) {
    switch node.shape {
    case .scalar(let scalar): self = Self.scalar(scalar.value)
    case .list(let nodes):
      var values: [JSON] = []
      for node in nodes { values.append(try JSON(node)) }
      self = .array(values)
    case .map(let pairs):
      var members: [JSONObject.Member] = []
      for pair in pairs {
        let (key, value) = (pair.key, pair.value)
        guard let name = key.text else {
          throw MantikError("\(key.location): a key is text, not \(key.kind)")
        }
        members.append(JSONObject.Member(name, try JSON(value)))
      }
      self = .object(JSONObject(members))
    }
  }

  private static func scalar(_ value: ParameterValue) -> JSON {
    switch value {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .string(let text): .string(text)
    case .int(let digits): .number(digits)
    case .float(let number) where number.isFinite: .number(DecimalText.shortest(number))
    // JSON has no number for these; who reads a float takes the words.
    case .float(let number):
      .string(number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity")
    }
  }
}
