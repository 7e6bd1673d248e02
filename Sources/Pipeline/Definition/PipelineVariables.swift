// The pipeline's parameters and what stands for `${name}`.

internal import OperatorFile

/// Replaces `${name}`. Used by one thread, for the time of one reading.
final class PipelineVariables {
  private struct Variable {
    var value: ParameterValue
    var location: SourceLocation
    var isSet: Bool
    var isSecret: Bool
    var isUsed = false
  }

  private var variables: [String: Variable] = [:]
  private var names: [String] = []
  private let diagnostics: Diagnostics

  init(diagnostics: Diagnostics) {
    self.diagnostics = diagnostics
  }

  /// Reads `parameters:`, which are declared as an operator's are, and puts `--set` over them; the
  /// last of a name counts.
  func read(
    _ node: YAMLNode?, settings: [GivenParameter], in context: ReadingContext
  ) {
    var declarations: [(ParameterDeclaration, SourceLocation)] = []
    if let node, let entries = context.entries(node, "'parameters' of the pipeline") {
      for (name, key, value) in entries {
        guard Name.isVariable(name), !name.contains("}") else {
          diagnostics.error(
            "'\(name)' cannot be a parameter: \(Name.variableRule), and no '}'", at: key.location)
          continue
        }
        let declaration = OperatorReader.declaration(
          name, value, "parameter '\(name)' of the pipeline", in: context)
        declarations.append((declaration, key.location))
      }
    }
    names = declarations.map(\.0.name)
    let given = Dictionary(settings.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    for (declaration, location) in declarations {
      let setting = given[declaration.name]
      variables[declaration.name] = Variable(
        value: value(of: declaration, set: setting?.text, at: location), location: location,
        isSet: setting != nil, isSecret: setting?.isSecret == true)
    }
    for setting in settings where !names.contains(setting.name) {
      let ending = Suggestion.ending(for: setting.name, among: names)
      diagnostics.error(
        "--set \(setting.name): the pipeline has no parameter '\(setting.name)'\(ending)", at: nil)
    }
  }

  private func value(
    of declaration: ParameterDeclaration, set text: String?, at location: SourceLocation
  ) -> ParameterValue {
    if let text {
      if let value = declaration.value(of: text) { return value }
      let hint = declaration.type?.hint ?? "a value"
      diagnostics.error("--set \(declaration.name): not \(hint)", at: nil)
    } else if let value = declaration.defaultValue {
      return value
    } else if !diagnostics.hasErrors {
      diagnostics.error(
        "parameter '\(declaration.name)' of the pipeline has no default: give it a value with"
          + " --set \(declaration.name)=…", at: location)
    }
    return .string("")
  }

  /// What a scalar means: a text that is `${name}` and nothing else is that parameter's value with
  /// its type; within a longer text each is replaced by its text. `$${` stands for `${`.
  func substitute(_ scalar: YAMLScalar, at location: SourceLocation) -> ParameterValue {
    var rest = Substring(scalar.text)
    var result = ""
    while let start = rest.firstRange(of: "${") {
      let before = rest[..<start.lowerBound]
      rest = rest[start.upperBound...]
      if before.last == "$" {
        result += before.dropLast() + "${"
        continue
      }
      guard let end = rest.firstIndex(of: "}") else {
        diagnostics.error("'${' without '}' ('$${' stands for '${' itself)", at: location)
        return .string(scalar.text)
      }
      let name = String(rest[..<end])
      let value = lookUp(name, at: location)
      rest = rest[rest.index(after: end)...]
      if scalar.text == "${\(name)}" { return value }
      result += before + (value.environmentText ?? "")
    }
    return .string(result + rest)
  }

  /// Whether a path begins with what `--set` gave: then it starts where the user stands, as all
  /// paths of a command line do.
  func beginsWithSetting(_ scalar: YAMLScalar) -> Bool {
    guard scalar.text.hasPrefix("${"), let end = scalar.text.firstIndex(of: "}") else {
      return false
    }
    return variables[String(scalar.text[..<end].dropFirst(2))]?.isSet == true
  }

  /// Whether `${name}` of a secret stands anywhere in it.
  func holdsSecret(_ scalar: YAMLScalar) -> Bool {
    variables.contains { $1.isSecret && scalar.text.contains("${\($0)}") }
  }

  private func lookUp(_ name: String, at location: SourceLocation) -> ParameterValue {
    guard let variable = variables[name] else {
      let ending =
        names.isEmpty ? "; it has no 'parameters:'" : Suggestion.ending(for: name, among: names)
      diagnostics.error("the pipeline has no parameter '\(name)'\(ending)", at: location)
      return .string("")
    }
    variables[name]?.isUsed = true
    return variable.value
  }

  /// To be called when everything has been read.
  func warnOfUnused() {
    for name in names {
      guard let variable = variables[name], !variable.isUsed else { continue }
      diagnostics.warning(
        "parameter '\(name)' of the pipeline is used nowhere; operators get it where"
          + " '${\(name)}' stands", at: variable.location)
    }
  }
}
