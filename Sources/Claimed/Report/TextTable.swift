// Columns of text.

struct TextTable {
  private let rows: [[String]]

  init(_ rows: [[String]]) { self.rows = rows.map { $0.map(Self.printable) } }

  /// A program's text may hold what would move a terminal's cursor.
  private static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      return text
    }
    return text.unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control
        ? scalar.escaped(asASCII: false) : String(scalar)
    }.joined()
  }

  /// One line a row, two blanks between columns, none at a line's end.
  func lines(indent: String = "  ") -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = zip(row, widths).map { text, width in
        text + String(repeating: " ", count: width - text.count)
      }
      let line = indent + cells.joined(separator: "  ")
      let end = line.lastIndex { $0 != " " }.map(line.index(after:))
      return String(line[..<(end ?? line.startIndex)])
    }
  }
}
