// What an item of Mantik is: its header, with the meta variables put in.

/// What an item does.
package enum ItemKind: String, CaseIterable, Sendable {
  case dataset, algorithm, trainable, combiner
  /// Runs items of other kinds; it has no ports itself.
  case bridge
}

/// A port of an item.
package struct ItemPort: Hashable, Sendable {
  /// Nothing for what is no data with a type: the trained payload.
  package var type: DataType?
  /// What the engine speaks where nothing else is agreed on.
  package var contentType: String

  fileprivate static func data(_ type: DataType) -> ItemPort {
    ItemPort(type: type, contentType: Form.bundle.contentType)
  }

  /// A zip of the folder that a trainable fills.
  fileprivate static let payload = ItemPort(type: nil, contentType: "application/zip")
}

/// The header of an item. Fields that nobody here knows are kept, in their place, and handed on.
package struct MantikHeader: Hashable, Sendable {
  /// The most bytes that a header may have.
  package static let limit = 1 << 20

  /// As it was written, with the values that meta variables were given since.
  package private(set) var written: JSONObject
  /// The same with the meta variables put in: what a bridge is given.
  package let fields: JSONObject
  package let kind: ItemKind
  package let metaVariables: [MetaVariable]
  package let inputs: [ItemPort]
  package let outputs: [ItemPort]

  /// - Parameter text: JSON, which begins with `{"`, or else YAML.
  package init(text: String) throws(MantikError) {
    guard text.utf8.count <= Self.limit else {
      throw MantikError("the header is larger than \(Self.limit) bytes")
    }
    let start = text.utf8.lazy.filter { !$0.isJSONBlank }.prefix(2)
    let isJSON = start.elementsEqual("{\"".utf8) || start.elementsEqual("{}".utf8)
    try self.init(isJSON ? try Self.json(text) : try JSON(yaml: text))
  }

  package init(_ json: JSON) throws(MantikError) {
    guard case .object(let object) = json else {
      throw MantikError("a header is an object, not \(json.kind)")
    }
    try self.init(written: object, variables: try MetaVariables(object))
  }

  private init(written: JSONObject, variables: MetaVariables) throws(MantikError) {
    self.written = written
    self.metaVariables = variables.all
    self.fields = try variables.putInto(written)
    self.kind = try Self.kind(self.fields)
    (self.inputs, self.outputs) = try Self.ports(self.kind, self.fields)
  }

  /// The same header with other values for meta variables: each of its variable's type.
  ///
  /// - Throws: for one that is not declared, and for one that is fixed.
  package func setting(_ values: [(name: String, json: JSON)]) throws(MantikError) -> MantikHeader {
    var variables = try MetaVariables(self.written)
    for (name, json) in values { try variables.set(name, to: json) }
    var written = self.written
    if !values.isEmpty {
      written[MetaVariables.key] = .array(variables.all.map { .object($0.object) })
    }
    return try MantikHeader(written: written, variables: variables)
  }

  /// A field that is text: `name`, `version`, `account`, `author`, `bridge`, `trainedBridge`.
  package func text(_ field: String) -> String? {
    guard case .string(let text)? = self.fields[field] else { return nil }
    return text
  }

  /// The header of what this trainable makes of itself: an algorithm, run by `trainedBridge` or by
  /// the same bridge, with the meta variables as they were in training, for good.
  ///
  /// - Throws: where this is no trainable.
  package func trained() throws(MantikError) -> MantikHeader {
    guard self.kind == .trainable else {
      throw MantikError("a trainable is trained, not of kind \(self.kind.rawValue)", at: "kind")
    }
    var header = self.written
    header["kind"] = .string(ItemKind.algorithm.rawValue)
    header["bridge"] = header["trainedBridge"] ?? header["bridge"]
    for field in ["name", "version", "trainedBridge"] { header[field] = nil }
    if !self.metaVariables.isEmpty {
      header[MetaVariables.key] = .array(self.metaVariables.map { .object($0.fixed) })
    }
    return try MantikHeader(.object(header))
  }

  // MARK: Reading

  private static func json(_ text: String) throws(MantikError) -> JSON {
    do throws(JSONError) { return try JSONParser.parse(text) } catch {
      throw MantikError("the header is not JSON: \(error)")
    }
  }

  private static func kind(_ fields: JSONObject) throws(MantikError) -> ItemKind {
    guard let json = fields["kind"] else { return .algorithm }
    guard case .string(let name) = json, let kind = ItemKind(rawValue: name) else {
      let kinds = ItemKind.allCases.map(\.rawValue).joined(separator: ", ")
      throw MantikError("the kind is one of \(kinds), not \(json.kind)", at: "kind")
    }
    return kind
  }

  private static func ports(
    _ kind: ItemKind, _ fields: JSONObject
  ) throws(MantikError) -> (inputs: [ItemPort], outputs: [ItemPort]) {
    switch kind {
    case .dataset:
      return ([], [.data(try Self.type("type", fields))])
    case .algorithm:
      let (input, output) = try Self.function(fields)
      return ([.data(input)], [.data(output)])
    case .trainable:
      // What the trained item will take and give has to be right before anything is trained.
      _ = try Self.function(fields)
      let training = try Self.type("trainingType", fields)
      return ([.data(training)], [.payload, .data(try Self.type("statType", fields))])
    case .combiner:
      return (try Self.types("input", fields), try Self.types("output", fields))
    case .bridge:
      return ([], [])
    }
  }

  private static func function(
    _ fields: JSONObject
  ) throws(MantikError) -> (input: DataType, output: DataType) {
    guard case .object(let type)? = fields["type"] else {
      throw MantikError("this is an object with 'input' and 'output'", at: "type")
    }
    return (try Self.type("input", type, in: "type."), try Self.type("output", type, in: "type."))
  }

  private static func type(
    _ field: String, _ object: JSONObject, in path: String = ""
  ) throws(MantikError) -> DataType {
    guard let json = object[field] else {
      throw MantikError("the type is missing", at: path + field)
    }
    return try DataType(json: json, at: path + field)
  }

  private static func types(
    _ field: String, _ object: JSONObject
  ) throws(MantikError) -> [ItemPort] {
    guard case .array(let list)? = object[field] else {
      throw MantikError("this is a list of types", at: field)
    }
    var ports: [ItemPort] = []
    for (number, json) in list.enumerated() {
      ports.append(.data(try DataType(json: json, at: "\(field)[\(number)]")))
    }
    return ports
  }
}
