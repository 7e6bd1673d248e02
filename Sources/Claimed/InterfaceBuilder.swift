// From what a reading found to an operator's interface.

internal import OperatorFile

extension OperatorSource {
  /// The interface by the syntax of the operator's language.
  package func interface() -> OperatorInterface {
    let name = fileName.dropLast(kind.suffix.count).replacing("_", with: "-").lowercased()
    var builder: InterfaceBuilder
    switch content {
    case .script(let text):
      let text = PythonText.universalNewlines(text)
      var code = Code()
      if kind == .r {
        RTokenizer.read(text, into: &code)
      } else {
        PythonTokenizer.read(text, into: &code)
      }
      builder = InterfaceBuilder(kind == .r ? RReading.read(code) : PythonReading.read(code))
    case .notebook(let notebook):
      let cells = NotebookCells(notebook)
      builder = InterfaceBuilder(
        cells.isR ? RReading.read(cells.code) : PythonReading.read(cells.code), cells: cells)
    }
    return builder.interface(name: name, kind: kind)
  }
}

/// Puts together what a reading found, by name, and says where it stands.
struct InterfaceBuilder {
  private let findings: Findings
  private let cells: NotebookCells?

  /// How many variables a statement has to do with.
  private let accessCounts: [Int: Int]

  init(_ findings: Findings, cells: NotebookCells? = nil) {
    self.findings = findings
    self.cells = cells
    accessCounts = findings.accesses.reduce(into: [:]) { counts, access in
      guard let statement = findings.code.statementIndex(at: access.tokens.lowerBound) else {
        return
      }
      counts[statement, default: 0] += 1
    }
  }

  private func place(_ line: Int) -> Place { cells?.place(line) ?? Place(line: line) }

  func interface(name: String, kind: OperatorKind) -> OperatorInterface {
    var interface = OperatorInterface(name: name, kind: kind)
    interface.description = cells?.description ?? findings.description
    interface.requirements = requirements
    (interface.parameters, interface.warnings) = parameters
    interface.outputs = outputs
    interface.warnings += findings.warnings.map {
      OperatorInterface.Warning(place: $0.line.map(place), message: $0.message)
    }
    interface.warnings += findings.code.unclosed.prefix(1).map {
      let token = findings.code.tokens[$0]
      return OperatorInterface.Warning(
        place: place(token.line), message: "'\(token.text)' is never closed")
    }
    interface.warnings.sort { ($0.place?.order ?? 0) < ($1.place?.order ?? 0) }
    return interface
  }

  // MARK: Variables

  private var parameters: ([OperatorInterface.Parameter], [OperatorInterface.Warning]) {
    let rules = PortRules(findings.paths, place: place)
    var warnings: [OperatorInterface.Warning] = []
    let parameters = groups(where: { $0.use != .assigned }).map { name, accesses in
      var parameter = OperatorInterface.Parameter(
        name: name, type: accesses.compactMap(\.type).first ?? .string, isRequired: true,
        place: place(line(of: accesses[0])))
      parameter.description = description(of: accesses)
      let isTested = accesses.contains { $0.use == .test }
      let isStrict = accesses.contains { $0.use == .read(isStrict: true) }
      if isTested || !isStrict {
        let defaults = accesses.compactMap { access in
          access.defaultValue.map { (value: $0.typed(parameter.type), line: line(of: access)) }
        }
        parameter.defaultValue = defaults.first?.value
        parameter.isRequired = !isTested && defaults.isEmpty
        if let other = defaults.first(where: { $0.value != parameter.defaultValue }) {
          warnings.append(
            OperatorInterface.Warning(
              place: place(other.line),
              message: "'\(name)' has another default here than in \(place(defaults[0].line))"))
        }
      }
      parameter.port = rules.proposal(for: parameter)
      return parameter
    }
    return (parameters, warnings)
  }

  private var outputs: [OperatorInterface.Output] {
    groups(where: { $0.use == .assigned }).map { name, accesses in
      OperatorInterface.Output(
        name: name, description: description(of: accesses),
        place: place(line(of: accesses[0])))
    }
  }

  private func description(of accesses: [Access]) -> String? {
    accesses.lazy.compactMap { access in
      let statement = findings.code.statementIndex(at: access.tokens.lowerBound)
      return Prose.description(
        of: access.tokens, isAlone: statement.map { accessCounts[$0] == 1 } ?? false, findings.code)
    }.first
  }

  /// By name, in the order in which the program has them.
  private func groups(where condition: (Access) -> Bool) -> [(String, [Access])] {
    var places: [String: Int] = [:]
    var groups: [(String, [Access])] = []
    let accesses = findings.accesses.filter(condition)
      .sorted { $0.tokens.lowerBound < $1.tokens.lowerBound }
    for access in accesses {
      if let place = places[access.name] {
        groups[place].1.append(access)
      } else {
        places[access.name] = groups.count
        groups.append((access.name, [access]))
      }
    }
    return groups
  }

  private func line(of access: Access) -> Int {
    findings.code.tokens[access.tokens.lowerBound].line
  }

  // MARK: Requirements

  /// From comments, lines for a shell, and what the language itself has for it.
  private var requirements: [OperatorInterface.Requirement] {
    var found = findings.requirements
    for (line, comment) in findings.code.comments where comment.isWholeLine {
      found += InstallCommand.read(comment: comment.text).map { ($0, line) }
    }
    for token in findings.code.tokens {
      guard case .shell(let command) = token.kind else { continue }
      found += InstallCommand.read(shell: command).map { ($0, token.line) }
    }
    for (text, line) in cells?.shellLines ?? [] {
      found += InstallCommand.read(shell: text).map { ($0, line) }
    }
    var seen: [InstallCommand] = []
    return found.sorted { $0.line < $1.line }.compactMap { command, line in
      guard !seen.contains(command) else { return nil }
      seen.append(command)
      return OperatorInterface.Requirement(
        manager: command.manager, arguments: command.arguments, place: place(line))
    }
  }
}

extension OperatorInterface.Default {
  /// A text as a value of the type that another place gives the parameter.
  fileprivate func typed(_ type: ParameterType) -> OperatorInterface.Default {
    guard case .value(.string(let text)) = self, let value = type.value(of: text) else {
      return self
    }
    return .value(value)
  }
}

extension Place {
  /// Those of a file in their order.
  fileprivate var order: Int { (cell ?? 0) << 32 + line }
}
