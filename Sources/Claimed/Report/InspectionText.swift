// An inspection for people.

extension Inspection {
  /// Sections with a table each; those without anything to say are left out.
  package var text: String {
    var lines = heading
    lines += section(
      "parameters", header: ["", "type", "default", "description"],
      interface.parameters.map {
        [$0.name, $0.type.rawValue, $0.defaultText, $0.description?.firstLine ?? ""]
      })
    lines += section(
      "outputs",
      interface.outputs.map { [$0.name, "set in \($0.place)", $0.description?.firstLine ?? ""] })
    lines += section(
      "ports",
      interface.parameters.compactMap { parameter in
        parameter.port.map { [parameter.name, $0.summary, $0.reason] }
      })
    lines += section(
      "warnings", interface.warnings.map { [$0.place?.description ?? "", $0.message] })
    switch compiled {
    case .differs(let differences):
      lines += section(
        "C3 reads it otherwise", header: ["", "here", "for C3"],
        differences.map { [$0.subject, $0.ours, $0.c3] })
    case .crashes(let crash): lines += ["", "\(crash)"]
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private var heading: [String] {
    var rows = [["name", interface.name], ["kind", interface.kind.words]]
    let description = interface.description?.split(
      separator: "\n", omittingEmptySubsequences: false)
    for (number, line) in (description ?? []).enumerated() {
      rows.append([number == 0 ? "description" : "", String(line)])
    }
    for manager in OperatorInterface.Manager.allCases {
      let words = interface.requirements.filter { $0.manager == manager }.flatMap(\.arguments)
      if !words.isEmpty { rows.append([manager.title, words.joined(separator: " ")]) }
    }
    return TextTable(rows).lines(indent: "")
  }

  private func section(
    _ title: String, header: [String]? = nil, _ rows: [[String]]
  ) -> [String] {
    guard !rows.isEmpty else { return [] }
    return ["", title] + TextTable((header.map { [$0] } ?? []) + rows).lines()
  }
}

extension OperatorKind {
  fileprivate var words: String {
    switch self {
    case .python: "a script in Python"
    case .notebook: "a notebook"
    case .r: "a script in R"
    }
  }
}

extension OperatorInterface.Manager {
  fileprivate var title: String { self == .r ? "R packages" : rawValue }
}

extension PortProposal {
  fileprivate var summary: String {
    guard medium != .none else { return "no port" }
    let kind = direction.map { "\($0.rawValue), \(medium.rawValue)" } ?? medium.rawValue
    return folder.map { "\(kind) in \($0)" } ?? kind
  }
}

extension String {
  fileprivate var firstLine: String { String(prefix { !$0.isNewline }) }
}
