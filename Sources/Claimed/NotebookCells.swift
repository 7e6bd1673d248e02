// A notebook as one program, whose lines know their cells.

/// The code cells of a notebook as one program.
struct NotebookCells {
  private(set) var code = Code()
  let isR: Bool
  /// The first line of each code cell among all lines, and its number among all cells.
  private var starts: [(line: Int, cell: Int)] = []
  /// Lines of cells for a shell.
  private(set) var shellLines: [(text: String, line: Int)] = []
  let description: String?

  init(_ notebook: Notebook) {
    let language = (notebook.language ?? notebook.kernelLanguage ?? "python").lowercased()
    isR = language == "r"
    description = Prose.markdown(notebook)
    var line = 1
    for (number, cell) in notebook.cells.enumerated() where cell.type == "code" {
      let text = PythonText.universalNewlines(cell.text)
      starts.append((line, number + 1))
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      switch Self.magic(lines) {
      case nil:
        if isR {
          RTokenizer.read(text, line: line, into: &code)
        } else {
          PythonTokenizer.read(text, line: line, into: &code)
        }
      case "bash", "sh", "script":
        shellLines += lines.enumerated().dropFirst().map { (String($1), line + $0) }
      default: break
      }
      line += lines.count + 1
    }
  }

  /// The magic that makes a cell something else than the notebook's language.
  private static func magic(_ lines: [Substring]) -> String? {
    guard let first = lines.first(where: { !$0.allSatisfy(\.isWhitespace) }), first.hasPrefix("%%")
    else { return nil }
    let word = String(first.dropFirst(2).prefix { !$0.isWhitespace })
    return ["time", "timeit", "capture", "prun"].contains(word) ? nil : word
  }

  func place(_ line: Int) -> Place {
    guard let start = starts.last(where: { $0.line <= line }) else { return Place(line: line) }
    return Place(cell: start.cell, line: line - start.line + 1)
  }
}
