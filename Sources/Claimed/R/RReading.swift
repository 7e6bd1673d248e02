// The environment variables that a script in R reads and sets, by its syntax.

internal import OperatorFile

struct RReading {
  /// What comes with R itself.
  private static let basePackages: Set = [
    "base", "compiler", "datasets", "graphics", "grDevices", "grid", "methods", "parallel",
    "splines", "stats", "stats4", "tcltk", "tools", "utils",
  ]
  private static let casts: [String: ParameterType] = [
    "as.integer": .int, "as.numeric": .float, "as.double": .float, "as.logical": .bool,
  ]

  private let code: Code
  private var findings: Findings

  static func read(_ code: Code) -> Findings {
    var reading = RReading(code)
    for index in code.tokens.indices where code.tokens[index].isMark("(") {
      reading.readCall(open: index)
    }
    reading.readNamespaces()
    reading.findings.description = Prose.header(code)
    reading.findings.paths = PathReading(.r, code, reading.findings.accesses).uses
    return reading.findings
  }

  private init(_ code: Code) {
    self.code = code
    findings = Findings(code: code)
  }

  private mutating func readCall(open: Int) {
    guard let (name, start) = code.function(before: open, joints: ["::"]) else { return }
    let arguments = code.arguments(at: open)
    switch name.split(separator: ":").last.map(String.init) {
    case "Sys.getenv": get(start, open, arguments)
    case "Sys.setenv":
      for argument in arguments {
        guard let name = argument.name else { continue }
        findings.accesses.append(Access(name: name, use: .assigned, tokens: start..<open + 1))
      }
    case "Sys.unsetenv":
      guard let name = arguments.first.flatMap({ code.text($0.value) }) else { return }
      findings.accesses.append(Access(name: name, use: .assigned, tokens: start..<open + 1))
    case "library", "require", "requireNamespace", "loadNamespace":
      guard let first = arguments.first?.value, first.count == 1 else { return }
      require([code.text(first) ?? code.tokens[first.lowerBound].text], at: start)
    case "install.packages":
      guard let first = arguments.first(where: { $0.name == nil || $0.name == "pkgs" }) else {
        return
      }
      require(first.value.compactMap { code.text($0..<$0 + 1) }, at: start)
    case "system", "system2":
      guard code.statement(at: start)?.tokens.lowerBound == start else { return }
      findings.warnings.append(
        (
          code.tokens[start].line,
          "\(name)() goes on where the command fails, and nobody looks at the status"
        ))
    default: break
    }
  }

  private mutating func get(_ start: Int, _ open: Int, _ arguments: [Code.Argument]) {
    guard let close = code.partner(of: open),
      let first = arguments.first(where: { $0.name == nil || $0.name == "x" })
    else { return }
    guard let name = code.text(first.value), Name.isVariable(name) else {
      findings.warnings.append(
        (
          code.tokens[start].line,
          "reads an environment variable whose name is computed: \(code.source(first.value))"
        ))
      return
    }
    let positional = arguments.filter { $0.name == nil }
    let unset =
      arguments.first { $0.name == "unset" }?.value
      ?? (positional.count > 1 ? positional[1].value : nil)
    let type = cast(around: start...close)
    if type == .bool {
      findings.warnings.append(
        (
          code.tokens[start].line,
          "a parameter that is false reaches the program as the empty text, of which as.logical() makes NA"
        ))
    }
    findings.accesses.append(
      Access(
        name: name, use: .read(isStrict: false), type: type,
        defaultValue: unset.map { value(of: $0, as: type) }, tokens: start..<close + 1))
  }

  /// `as.integer(Sys.getenv(…))`, and `Sys.getenv(…) |> as.integer()`.
  private func cast(around range: ClosedRange<Int>) -> ParameterType? {
    if code[range.upperBound + 1]?.isMark("|>", "%>%") == true,
      let name = code[range.upperBound + 2], code[range.upperBound + 3]?.isMark("(") == true
    {
      return Self.casts[name.text]
    }
    let open = range.lowerBound - 1
    guard code[open]?.isMark("(") == true, code.partner(of: open) == range.upperBound + 1,
      let name = code[open - 1], name.kind == .name
    else { return nil }
    return Self.casts[name.text]
  }

  /// A default as R's casts take it: R makes a text of it first.
  private func value(of range: Range<Int>, as type: ParameterType?) -> OperatorInterface.Default {
    let source = code.source(range)
    var text = code.text(range)
    if text == nil, range.count == 1 {
      switch code.tokens[range.lowerBound].kind {
      case .number: text = source.hasSuffix("L") ? String(source.dropLast()) : source
      case .name where ["NA", "NULL", "NA_character_"].contains(source): return .value(.null)
      case .name where ["TRUE", "FALSE"].contains(source): text = source
      default: break
      }
    } else if text == nil, range.count == 2, source.hasPrefix("-") {
      text = source.filter { $0 != " " && $0 != "L" }
    }
    guard let text else { return .source(source) }
    let value: ParameterValue? =
      switch type {
      case .bool:
        ["TRUE", "true", "T", "True"].contains(text)
          ? .bool(true) : ["FALSE", "false", "F", "False"].contains(text) ? .bool(false) : nil
      case .int, .float: type?.value(of: text.trimmingBlanks())
      default: .string(text)
      }
    return value.map(OperatorInterface.Default.value) ?? .source(source)
  }

  // MARK: Packages

  /// `sf::st_read(…)`
  private mutating func readNamespaces() {
    for index in code.tokens.indices.dropFirst() where code.tokens[index].isMark("::", ":::") {
      guard code.tokens[index - 1].kind == .name else { continue }
      require([code.tokens[index - 1].text], at: index - 1)
    }
  }

  private mutating func require(_ packages: [String], at index: Int) {
    for package in packages where !Self.basePackages.contains(package) {
      let command = InstallCommand(manager: .r, arguments: [package])
      guard !findings.requirements.contains(where: { $0.command == command }) else { continue }
      findings.requirements.append((command, code.tokens[index].line))
    }
  }
}
