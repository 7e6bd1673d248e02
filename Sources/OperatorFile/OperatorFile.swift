// The operator file: text to definition, and definition back to text.

internal import Yams

extension OperatorDefinition {
  /// Reads an operator file (`headrace serve --operator FILE`).
  ///
  /// - Throws: everything that is wrong with it, each with its line.
  package static func load(_ path: String) throws(FileErrors) -> OperatorDefinition {
    try parse(TextFile.read(path), file: path, folder: TextFile.folder(of: path))
  }

  /// - Parameters:
  ///   - file: the name for error messages.
  ///   - folder: absolute; where the file's relative paths start.
  package static func parse(
    _ text: String, file: String, folder: String
  ) throws(FileErrors) -> OperatorDefinition {
    let diagnostics = Diagnostics()
    let context = ReadingContext(diagnostics: diagnostics, folder: folder)
    guard let node = try YAMLDocument.parse(text, file: file) else {
      throw FileErrors([Diagnostic("is empty", at: SourceLocation(file: file))])
    }
    let reader = FieldReader(node, "the operator", known: OperatorReader.fields, in: context)
    let definition = reader.map {
      OperatorReader.read($0, "the operator", in: context).definition
    }
    try diagnostics.check()
    // Without a reader there was an error, so check() has thrown.
    return definition ?? OperatorDefinition(program: nil, workdir: folder)
  }

  /// The text of an operator file that parses to this definition again, wherever it is put. It
  /// is how `headrace run` hands an operator to the node that it starts.
  package func text() throws -> String {
    var fields: [(Node, Node)] = []
    func add(_ name: String, _ value: Node) { fields.append((Node(name), value)) }
    switch program {
    case .command(let words): add("command", Node(words.map(Self.quoted)))
    case .builtin(let kind): add("builtin", Node(kind.rawValue))
    case nil: break
    }
    if !parameters.isEmpty {
      add("parameters", Node(parameters.map { (Self.quoted($0.name), Self.node(for: $0)) }))
    }
    let isBuiltin = if case .builtin = program { true } else { false }
    for (name, ports) in [("inputs", inputs), ("outputs", outputs)] {
      guard let ports else { continue }
      add(name, Node(ports.map { Self.node(for: $0, isBuiltin: isBuiltin) }))
    }
    if !environment.isEmpty {
      let value = { (text: String?) in text.map(Self.quoted) ?? Node("null") }
      add("env", Node(environment.map { (Self.quoted($0.name), value($0.value)) }))
    }
    add("workdir", Self.quoted(workdir))
    add("grace", Node(DurationText.text(grace)))
    add("early_end", Node(earlyEnd.rawValue))
    return try serialize(node: Node(fields), width: -1, allowUnicode: true)
  }

  private static func quoted(_ text: String) -> Node { Node(text, .implicit, .doubleQuoted) }

  private static func node(for parameter: ParameterDeclaration) -> Node {
    var fields: [(Node, Node)] = []
    if let value = parameter.defaultValue { fields.append((Node("default"), node(for: value))) }
    if let type = parameter.type { fields.append((Node("type"), Node(type.rawValue))) }
    if let text = parameter.description { fields.append((Node("description"), quoted(text))) }
    return Node(fields)
  }

  private static func node(for value: ParameterValue) -> Node {
    switch value {
    case .string(let text): return quoted(text)
    case .int(let digits): return Node(digits)
    case .bool(let flag): return Node(flag ? "true" : "false")
    case .null: return Node("null")
    case .float(let number):
      let text = DecimalText.shortest(number)
      guard number.isFinite else {
        return Node(number.isNaN ? ".nan" : number < 0 ? "-.inf" : ".inf")
      }
      // A float stays one when it is read again.
      return Node(text.contains { $0 == "." || $0 == "e" } ? text : text + ".0")
    }
  }

  private static func node(for port: PortDefinition, isBuiltin: Bool) -> Node {
    var fields: [(Node, Node)] = [(Node("name"), Node(port.name, .implicit, .doubleQuoted))]
    if !isBuiltin { fields.append((Node("via"), Node(port.via.rawValue))) }
    if let type = port.contentType { fields.append((Node("content_type"), quoted(type))) }
    if let name = port.parameter { fields.append((Node("parameter"), quoted(name))) }
    return Node(fields)
  }
}
