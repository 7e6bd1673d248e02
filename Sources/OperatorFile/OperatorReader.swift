// Reads the operator schema: from an operator file, or from an entry of a pipeline file over the
// operator file that it names.

/// One reading of the schema's fields.
package struct OperatorReader {
  /// Every field of an operator. docs/schema/operator.schema.json has the same ones; a test
  /// compares them.
  package static let fields = [
    "command", "builtin", "parameters", "inputs", "outputs", "env", "workdir", "grace", "early_end",
  ]
  package static let parameterFields = ["default", "type", "description"]
  package static let portFields = ["name", "via", "content_type", "parameter"]

  private static let parameterAdvice = [
    "required": "a parameter without a default is required; an optional one has 'default: null'"
  ]

  /// What a reading gave, besides the definition.
  package struct Result {
    package var definition: OperatorDefinition
    /// The parameters that these fields themselves gave a value, in their order.
    package var givenParameters: [String] = []
    /// Where the ports that these fields list stand.
    package var inputLocations: [SourceLocation] = []
    package var outputLocations: [SourceLocation] = []
  }

  private let reader: FieldReader
  private let what: String
  private let base: OperatorDefinition?
  private let context: ReadingContext
  private var diagnostics: Diagnostics { context.diagnostics }

  /// Reads what is there. What is wrong goes to the context's diagnostics, and the result is then
  /// good for finding more errors only.
  ///
  /// - Parameters:
  ///   - what: the operator, for sentences: "operator 'trend'".
  ///   - base: what the fields override.
  package static func read(
    _ reader: FieldReader, _ what: String, over base: OperatorDefinition? = nil,
    in context: ReadingContext
  ) -> Result {
    OperatorReader(reader: reader, what: what, base: base, context: context).read()
  }

  private init(
    reader: FieldReader, what: String, base: OperatorDefinition?, context: ReadingContext
  ) {
    self.reader = reader
    self.what = what
    self.base = base
    self.context = context
  }

  private func read() -> Result {
    let program = readProgram() ?? base?.program
    var result = Result(
      definition: base ?? OperatorDefinition(program: program, workdir: context.folder))
    result.definition.program = program
    readParameters(into: &result)
    readPorts(.input, into: &result)
    readPorts(.output, into: &result)
    readEnvironment(into: &result)
    if let node = reader["workdir"], let path = context.word(node, "'workdir' of \(what)") {
      result.definition.workdir = context.absolute(path, node)
    }
    if let node = reader["grace"] {
      if let grace = node.text.flatMap(DurationText.parse) {
        result.definition.grace = grace
      } else {
        diagnostics.error(
          "'grace' of \(what) is a duration of at most a day, \(DurationText.hint)",
          at: node.location)
      }
    }
    if let node = reader["early_end"],
      let earlyEnd = context.choice(
        node, "'early_end' of \(what)", OperatorDefinition.EarlyEnd.self)
    {
      result.definition.earlyEnd = earlyEnd
    }
    checkVariables(result.definition)
    return result
  }

  /// A parameter that is declared outside an operator, in the same two forms: a plain value, or a
  /// mapping.
  package static func declaration(
    _ name: String, _ node: YAMLNode, _ what: String, in context: ReadingContext
  ) -> ParameterDeclaration {
    var declaration = ParameterDeclaration(name: name)
    if case .map = node.shape {
      _ = readDeclaration(node, what, into: &declaration, in: context)
    } else {
      declaration.defaultValue = context.value(node, type: nil, what)
    }
    return declaration
  }

  // MARK: What runs

  private func readProgram() -> OperatorDefinition.Program? {
    if reader["command"] != nil, let builtin = reader["builtin"] {
      diagnostics.error(
        "\(what) has both 'command' and 'builtin'; it runs one of them", at: builtin.location)
    }
    if let node = reader["command"] { return readCommand(node).map { .command($0) } }
    guard let node = reader["builtin"] else { return nil }
    if base != nil {
      diagnostics.error(
        "'builtin' cannot override the program of an operator file", at: node.location)
    }
    return context.choice(node, "'builtin' of \(what)", BuiltinKind.self).map { .builtin($0) }
  }

  private func readCommand(_ node: YAMLNode) -> [String]? {
    if let text = node.text, !text.isEmpty {
      let words = text.split(separator: " ")
      // Words that a shell would have to take apart make no good example.
      let simple = !text.contains { "\"'\\|&;<>()$`*?[]#~{}".contains($0) }
      let example = simple ? ": [\(words.joined(separator: ", "))]" : ""
      diagnostics.error(
        "'command' of \(what) is a list, as no shell takes it apart\(example)", at: node.location)
      return nil
    }
    guard let items = context.list(node, "'command' of \(what)") else { return nil }
    guard let program = items.first else {
      diagnostics.error("'command' of \(what) is empty", at: node.location)
      return nil
    }
    let words = items.compactMap { context.text($0, "an item of 'command' of \(what)") }
    if words.first == "" {
      diagnostics.error("'command' of \(what) names no program", at: program.location)
    }
    return words.count == items.count ? words : nil
  }

  // MARK: Parameters and variables

  private func readParameters(into result: inout Result) {
    guard let node = reader["parameters"],
      let entries = context.entries(node, "'parameters' of \(what)")
    else { return }
    for (name, key, value) in entries {
      guard Name.isVariable(name) else {
        diagnostics.error(
          "'\(name)' cannot be a parameter: \(Name.variableRule)", at: key.location)
        continue
      }
      let known = result.definition.parameters.firstIndex { $0.name == name }
      var declaration =
        known.map { result.definition.parameters[$0] } ?? ParameterDeclaration(name: name)
      let isDeclaration = if case .map = value.shape { true } else { false }
      if known == nil, let owner = closedList(besides: isDeclaration, result.definition) {
        let names = result.definition.parameters.map(\.name)
        diagnostics.error(
          "\(owner) has no parameter '\(name)'\(Suggestion.ending(for: name, among: names))",
          at: key.location)
        continue
      }
      let isGiven: Bool
      let label = "parameter '\(name)' of \(what)"
      if isDeclaration {
        isGiven = Self.readDeclaration(value, label, into: &declaration, in: context)
      } else {
        declaration.defaultValue = context.value(value, type: declaration.type, label)
        declaration.isSecret = context.isSecret(value, label)
        isGiven = true
      }
      if isGiven { result.givenParameters.append(name) }
      if let known {
        result.definition.parameters[known] = declaration
      } else {
        result.definition.parameters.append(declaration)
      }
    }
  }

  /// Who has the last word on which parameters there are, if these fields have not: a builtin, or
  /// for plain values (a declaration may add one) the operator file.
  private func closedList(besides isDeclaration: Bool, _ definition: OperatorDefinition) -> String?
  {
    if case .builtin(let kind) = definition.program { return "the builtin '\(kind.rawValue)'" }
    return base != nil && !isDeclaration ? "the operator file of \(what)" : nil
  }

  /// - Returns: whether it has a default of its own.
  private static func readDeclaration(
    _ node: YAMLNode, _ what: String, into declaration: inout ParameterDeclaration,
    in context: ReadingContext
  ) -> Bool {
    guard
      let fields = FieldReader(
        node, what, known: parameterFields, advice: parameterAdvice, in: context)
    else { return false }
    if let node = fields["type"] {
      declaration.type = context.choice(node, "'type' of \(what)", ParameterType.self)
    }
    if let node = fields["description"] {
      declaration.description = context.text(node, "'description' of \(what)")
    }
    guard let node = fields["default"] else { return false }
    declaration.defaultValue = context.value(node, type: declaration.type, what)
    declaration.isSecret = context.isSecret(node, what)
    return true
  }

  private func readEnvironment(into result: inout Result) {
    guard let node = reader["env"], let entries = context.entries(node, "'env' of \(what)") else {
      return
    }
    for (name, key, value) in entries {
      guard Name.isVariable(name) else {
        diagnostics.error("'\(name)' cannot be a variable: \(Name.variableRule)", at: key.location)
        continue
      }
      context.refuseSecret(value, "'\(name)' in 'env' of \(what)")
      let value = context.value(value, type: nil, "'\(name)' in 'env' of \(what)")
      let setting = EnvironmentSetting(name: name, value: value.environmentText)
      if let known = result.definition.environment.firstIndex(where: { $0.name == name }) {
        result.definition.environment[known] = setting
      } else {
        result.definition.environment.append(setting)
      }
    }
  }

  /// One variable has one source.
  private func checkVariables(_ definition: OperatorDefinition) {
    let fixed = Set(definition.environment.map(\.name))
    for parameter in definition.parameters where fixed.contains(parameter.name) {
      diagnostics.error(
        "\(what) has '\(parameter.name)' both in 'parameters' and in 'env'",
        at: reader.location(of: "env"))
    }
    var owners: [String: String] = [:]
    for (direction, field, ports) in [
      (PortDirection.input, "inputs", definition.inputs ?? []),
      (PortDirection.output, "outputs", definition.outputs ?? []),
    ] {
      for (number, port) in ports.enumerated() {
        guard let name = port.variable(direction, number: number) else { continue }
        let owner = "\(direction.rawValue) '\(port.name)'"
        let other = owners[name] ?? (fixed.contains(name) ? "'env'" : nil)
        if let other {
          diagnostics.error(
            "\(what) has '\(name)' both for \(other) and for the path of \(owner)",
            at: reader.location(of: field))
        }
        owners[name] = owner
      }
    }
  }

  // MARK: Ports

  private func readPorts(_ direction: PortDirection, into result: inout Result) {
    let field = direction.rawValue + "s"
    guard let node = reader[field], let nodes = context.list(node, "'\(field)' of \(what)") else {
      return
    }
    let isBuiltin = if case .builtin = result.definition.program { true } else { false }
    var ports: [PortDefinition] = []
    var locations: [SourceLocation] = []
    for node in nodes {
      guard let port = readPort(node, direction, isBuiltin: isBuiltin) else { continue }
      if ports.contains(where: { $0.name == port.name }) {
        diagnostics.error(
          "\(what) has two \(field) named '\(port.name)'", at: node.location)
      }
      if !isBuiltin, port.via == direction.defaultMedium,
        let other = ports.first(where: { $0.via == port.via })
      {
        diagnostics.error(
          "\(field) '\(other.name)' and '\(port.name)' of \(what) are both via"
            + " \(port.via.rawValue); give one of them 'via: fd' or 'via: fifo'",
          at: node.location)
      }
      ports.append(port)
      locations.append(node.location)
    }
    if direction == .input {
      result.definition.inputs = ports
      result.inputLocations = locations
    } else {
      result.definition.outputs = ports
      result.outputLocations = locations
    }
  }

  private func readPort(
    _ node: YAMLNode, _ direction: PortDirection, isBuiltin: Bool
  ) -> PortDefinition? {
    let label = "an \(direction.rawValue) of \(what)"
    // `inputs: [years]` is short for `inputs: [{name: years}]`.
    if let name = node.text {
      guard checkName(name, label, at: node.location) else { return nil }
      return PortDefinition(name: name, via: direction.defaultMedium)
    }
    guard let fields = FieldReader(node, label, known: Self.portFields, in: context) else {
      return nil
    }
    guard let nameNode = fields["name"] else {
      diagnostics.error("\(label) has no 'name'", at: node.location)
      return nil
    }
    guard let name = context.text(nameNode, "the name of \(label)"),
      checkName(name, label, at: nameNode.location)
    else { return nil }
    let port = "\(direction.rawValue) '\(name)' of \(what)"
    var definition = PortDefinition(name: name, via: direction.defaultMedium)
    for field in ["via", "parameter"] where isBuiltin && fields[field] != nil {
      diagnostics.error(
        "\(port) has '\(field)', but a builtin reads and writes by itself",
        at: fields.location(of: field))
    }
    if let node = fields["via"], let via = readMedium(node, direction, port) {
      definition.via = via
    }
    if let node = fields["content_type"] {
      definition.contentType = context.word(node, "'content_type' of \(port)")
    }
    if let node = fields["parameter"], let name = context.word(node, "'parameter' of \(port)") {
      if !Name.isVariable(name) {
        diagnostics.error(
          "'\(name)' cannot be a parameter: \(Name.variableRule)", at: node.location)
      } else if !definition.via.hasPath {
        diagnostics.error(
          "\(port) has 'parameter', but \(definition.via.rawValue) has no path to put into it",
          at: fields.location(of: "parameter"))
      }
      definition.parameter = name
    }
    return definition
  }

  private func readMedium(
    _ node: YAMLNode, _ direction: PortDirection, _ port: String
  ) -> PortMedium? {
    guard let via = context.choice(node, "'via' of \(port)", PortMedium.self) else { return nil }
    guard direction.media.contains(via) else {
      diagnostics.error(
        "\(port) cannot be via \(via.rawValue), but via "
          + direction.media.map(\.rawValue).joined(separator: ", "), at: node.location)
      return nil
    }
    return via
  }

  private func checkName(_ name: String, _ label: String, at location: SourceLocation) -> Bool {
    guard Name.isValid(name) else {
      diagnostics.error("'\(name)' cannot name \(label): \(Name.rule)", at: location)
      return false
    }
    return true
  }
}
