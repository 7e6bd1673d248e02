// What people wrote for people: docstrings and comments.

enum Prose {
  /// A docstring without the indentation that its lines share (PEP 257), and without empty ends.
  static func dedented(_ text: String) -> String? {
    var lines = PythonText.universalNewlines(text).split(
      separator: "\n", omittingEmptySubsequences: false)
    let indent = { (line: Substring) in line.prefix { $0 == " " || $0 == "\t" }.count }
    let shared = lines.dropFirst().filter { !$0.allSatisfy(\.isWhitespace) }.map(indent).min() ?? 0
    for number in lines.indices.dropFirst() { lines[number] = lines[number].dropFirst(shared) }
    let result = lines.joined(separator: "\n").trimmingBlanks()
    return result.isEmpty ? nil : result
  }

  /// What the program says about the expression: the comment lines directly above its line, else above
  /// the statement where it is alone in it, else the comment behind it.
  static func description(of tokens: Range<Int>, isAlone: Bool, _ code: Code) -> String? {
    let first = code.tokens[tokens.lowerBound].line
    if let text = block(above: first, code) { return text }
    if isAlone, let statement = code.statement(at: tokens.lowerBound),
      let text = block(above: code.tokens[statement.tokens.lowerBound].line, code)
    {
      return text
    }
    for line in first...code.tokens[tokens.upperBound - 1].lastLine {
      if let comment = code.comments[line], !comment.isWholeLine, !comment.text.isEmpty {
        return comment.text
      }
    }
    return nil
  }

  /// Comment lines without a gap, up to the line; installations are not part of it.
  private static func block(above line: Int, _ code: Code) -> String? {
    var lines: [String] = []
    var number = line - 1
    while let comment = code.comments[number], comment.isWholeLine,
      InstallCommand.read(comment: comment.text).isEmpty
    {
      lines.append(comment.text)
      number -= 1
    }
    let text = lines.reversed().filter { !isRuler($0) }.joined(separator: " ")
    return text.isEmpty ? nil : text
  }

  /// `-----`, `# %%` and the like.
  static func isRuler(_ text: String) -> Bool { !text.contains { $0.isLetter || $0.isNumber } }

  /// The comment at a script's top, which says what it is for in languages without docstrings:
  /// nothing where it is a licence, or belongs to the statement right under it.
  static func header(_ code: Code) -> String? {
    var number = code.comments[1]?.text.hasPrefix("!") == true ? 2 : 1
    var lines: [String] = []
    while let comment = code.comments[number], comment.isWholeLine {
      lines.append(comment.text)
      number += 1
    }
    let isOfStatement = code.tokens.first?.line == number
    let words = lines.joined(separator: " ").lowercased()
    guard !lines.isEmpty, !isOfStatement, !words.contains("copyright"), !words.contains("spdx-")
    else { return nil }
    let text = lines.filter { !isRuler($0) && InstallCommand.read(comment: $0).isEmpty }
    return text.isEmpty ? nil : text.joined(separator: "\n")
  }

  /// The Markdown at the top of a notebook that was turned into a script: comments up to the first cell.
  static func converted(_ code: Code) -> String? {
    let lines = code.comments.keys.sorted()
    guard let first = lines.first(where: { code.comments[$0]?.text.hasPrefix("In[") == true })
    else {
      return nil
    }
    let text = lines.prefix { $0 < first }.compactMap { code.comments[$0]?.text }
      .filter { !$0.hasPrefix("!") && !$0.hasPrefix("coding:") }.joined(separator: "\n")
    return text.isEmpty ? nil : plain(text)
  }

  /// The first Markdown cell as text, with the second where the first is a heading and no more.
  static func markdown(_ notebook: Notebook) -> String? {
    let cells = notebook.cells.prefix { $0.type == "markdown" }
      .map { plain($0.text) }.filter { !$0.isEmpty }
    guard let first = cells.first else {
      return notebook.cells.first { $0.type == "markdown" }.map { plain($0.text) }
    }
    let isHeading = !first.contains("\n")
    return isHeading && cells.count > 1 ? first + "\n" + cells[1] : first
  }

  /// Without the marks of headings.
  private static func plain(_ text: String) -> String {
    PythonText.universalNewlines(text).split(separator: "\n", omittingEmptySubsequences: false)
      .map { line in
        line.hasPrefix("#") ? line.drop { $0 == "#" }.trimmingBlanks() : String(line)
      }.joined(separator: "\n").trimmingBlanks()
  }
}
