// The plan for people: `headrace run --plan`.

internal import OperatorFile

extension Plan {
  /// Several lines, the last one ended too.
  package var text: String {
    var lines = ["pipeline \(name) (\(file))"]
    lines += ["", "nodes, in the order of their inits"]
    lines += Self.table(nodes.map { [$0.name, Self.program($0), Self.parameters($0)] })
    if !edges.isEmpty {
      lines += ["", "edges"]
      lines += Self.table(
        edges.map { edge in
          [
            "\(label(edge.from, .output)) -> \(label(edge.to, .input))", edge.kind.rawValue,
            edge.reason + (edge.contentType.map { ", \($0)" } ?? ""),
          ]
        })
    }
    if !sources.isEmpty {
      lines += ["", "inputs"]
      lines += Self.table(
        sources.map {
          [
            "\($0.place == .standardStream ? "standard input" : "\($0.place)") -> \(label($0.port, .input))"
          ]
        })
    }
    if !sinks.isEmpty {
      lines += ["", "outputs"]
      lines += Self.table(
        sinks.map {
          [
            "\(label($0.port, .output)) -> \($0.place == .standardStream ? "standard output" : "\($0.place)")"
          ]
        })
    }
    if !warnings.isEmpty {
      lines += ["", "warnings"]
      lines += warnings.map { "  \($0)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func program(_ node: PlanNode) -> String {
    if case .existing(let url) = node.host { return "runs at \(url)" }
    switch node.definition.program {
    case .command(let words): return words.map(quoted).joined(separator: " ")
    case .builtin(let kind): return "builtin \(kind.rawValue)"
    case nil: return ""
    }
  }

  /// Words as a shell would need them, so that they can be copied.
  private static func quoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || ("0"..."9").contains($0)
        || "_-+=./,:@%^".unicodeScalars.contains($0)
    }
    if plain && !word.isEmpty { return word }
    return "'"
      + word.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
  }

  private static func parameters(_ node: PlanNode) -> String {
    node.shownParameters.map { "\($0.name)=\(quoted($0.text))" }.joined(separator: " ")
  }

  private static func table(_ rows: [[String]]) -> [String] {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    return rows.map { row in
      var line = "  "
      for (column, cell) in row.enumerated() {
        line += cell + String(repeating: " ", count: widths[column] - cell.count + 2)
      }
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
