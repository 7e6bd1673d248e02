// The operator file that says what a definition says.

extension OperatorDefinition {
  /// The text of an operator file that parses to this definition again, wherever it is put. It
  /// is how `headrace run` hands an operator to the node that it starts. Secrets are not in it: they are
  /// then required, and come with Init.
  package var text: String {
    var fields: [(String, YAMLText)] = []
    switch program {
    case .command(let words): fields.append(("command", .list(words.map(YAMLText.quoted))))
    case .builtin(let kind): fields.append(("builtin", .plain(kind.rawValue)))
    case nil: break
    }
    if !parameters.isEmpty {
      fields.append(("parameters", .map(parameters.map { ($0.name, YAMLText($0)) })))
    }
    let isBuiltin = if case .builtin = program { true } else { false }
    for (name, ports) in [("inputs", inputs), ("outputs", outputs)] {
      guard let ports else { continue }
      fields.append((name, .list(ports.map { YAMLText($0, isBuiltin: isBuiltin) })))
    }
    if !environment.isEmpty {
      let settings = environment.map {
        ($0.name, $0.value.map(YAMLText.quoted) ?? .plain("null"))
      }
      fields.append(("env", .map(settings)))
    }
    fields.append(("workdir", .quoted(workdir)))
    fields.append(("grace", .plain(DurationText.text(grace))))
    fields.append(("early_end", .plain(earlyEnd.rawValue)))
    return fields.map { "\($0): \($1)\n" }.joined()
  }
}

/// A value of YAML's flow style, on one line.
private indirect enum YAMLText: CustomStringConvertible {
  /// As it is: a word or a number.
  case plain(String)
  case quoted(String)
  case list([YAMLText])
  /// Keys are any text.
  case map([(String, YAMLText)])

  init(_ parameter: ParameterDeclaration) {
    var fields: [(String, YAMLText)] = []
    if let value = parameter.defaultValue, !parameter.isSecret {
      fields.append(("default", YAMLText(value)))
    }
    if let type = parameter.type { fields.append(("type", .plain(type.rawValue))) }
    if let text = parameter.description { fields.append(("description", .quoted(text))) }
    self = .map(fields)
  }

  init(_ value: ParameterValue) {
    switch value {
    case .string(let text): self = .quoted(text)
    case .int(let digits): self = .plain(digits)
    case .bool(let flag): self = .plain(flag ? "true" : "false")
    case .null: self = .plain("null")
    // Programs are told no sign of zero, but it is what the file says.
    case .float(let number) where number == 0:
      self = .plain(number.sign == .minus ? "-0.0" : "0.0")
    case .float(let number) where number.isFinite:
      let text = DecimalText.shortest(number)
      // A float stays one when it is read again.
      self = .plain(text.contains { $0 == "." || $0 == "e" } ? text : text + ".0")
    case .float(let number):
      self = .plain(number.isNaN ? ".nan" : number < 0 ? "-.inf" : ".inf")
    }
  }

  init(_ port: PortDefinition, isBuiltin: Bool) {
    var fields: [(String, YAMLText)] = [("name", .quoted(port.name))]
    if !isBuiltin { fields.append(("via", .plain(port.via.rawValue))) }
    if let type = port.contentType { fields.append(("content_type", .quoted(type))) }
    if let name = port.parameter { fields.append(("parameter", .quoted(name))) }
    self = .map(fields)
  }

  var description: String {
    switch self {
    case .plain(let text): text
    case .quoted(let text): Self.quotes(text)
    case .list(let items): "[" + items.map(\.description).joined(separator: ", ") + "]"
    // With the question mark a key may be longer than the 1,024 characters of YAML 1.2, section 7.4.2.
    case .map(let pairs):
      "{" + pairs.map { "? \(Self.quotes($0)) : \($1)" }.joined(separator: ", ") + "}"
    }
  }

  /// In ASCII: not every character may stand in YAML as it is.
  private static func quotes(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case " "..."~": quoted.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      }
    }
    return quoted + "\""
  }
}
