// The lines that C3 takes for requirements, and what it makes of them.

enum C3Requirements {
  /// Of scripts in Python and of notebooks: dnf's first, then pip's.
  static func python(_ lines: [CodePoints]) -> [String] {
    // Something has to follow the word, whatever it is.
    let dnf = lines.filter { line in line.places(of: "dnf").contains { $0 + 3 < line.count } }
    return dnf.map(confirmed) + lines.compactMap(pip)
  }

  /// Of scripts in R: each line with "apt" in it, be it in the middle of a word.
  static func r(_ lines: [CodePoints]) -> [String] {
    let apt = lines.filter { $0.contains("apt") }
    return apt.map(confirmed) + lines.compactMap(rPackages)
  }

  /// What the image's build runs in the end: a file of requirements is looked for in the home folder.
  static func inHome(_ requirements: [String]) throws(C3Crash) -> [String] {
    var result: [String] = []
    for text in requirements {
      let line = CodePoints(text)
      let marks = line.places(of: "-r ")
      guard !marks.isEmpty else {
        result.append(text)
        continue
      }
      let namesText = marks.contains { mark in
        let end = line.skip(from: mark + 3) { !$0.isPythonSpace }
        return CodePoints(line[(mark + 3)..<end]).contains(".txt")
      }
      guard namesText else {
        throw .attribute(
          "groups", "the file behind -r in '\(text)' has no name that ends with .txt")
      }
      result.append(line.contains("/") ? text : replacingMarks(line))
    }
    return result
  }

  private static func replacingMarks(_ line: CodePoints) -> String {
    var result = CodePoints()
    var index = 0
    while index < line.count {
      if line.has("-r ", at: index) {
        result += CodePoints("-r ~/")
        index += 3
      } else {
        result.append(line[index])
        index += 1
      }
    }
    return result.text
  }

  private static func confirmed(_ line: CodePoints) -> String {
    let whole = line.contains("-y") ? line : line + CodePoints(" -y")
    return whole.replacing("#", with: "").trimmed.text
  }

  /// A line that begins with the command, be it commented out or for a shell; up to the next comment.
  private static func pip(_ line: CodePoints) -> String? {
    let start = line.skip(from: 0) { $0 == "#" || $0 == " " || $0 == "!" }
    guard line.has("pip", at: start) else { return nil }
    let install = line.skip(from: start + 3) { $0 == " " }
    guard line.has("install", at: install), install + 7 < line.count else { return nil }
    let command = CodePoints(line[start..<install + 7])
    let packages = line.skip(from: install + 7) { $0 == " " }
    guard packages < line.count else { return command.text + " " }
    // Even where the first of it is the comment's mark.
    let end = line.skip(from: packages + 1) { $0 != "#" }
    return command.text + " " + CodePoints(line[packages..<end]).trimmed.text
  }

  private static func rPackages(_ line: CodePoints) -> String? {
    let opening = "install.packages("
    guard let start = line.places(of: opening).first,
      line[(start + opening.unicodeScalars.count)...].contains(")")
    else { return nil }
    var whole = line
    if !line.contains("http://") {
      while let last = whole.last, last == ")" || last == " " { whole.removeLast() }
      whole += CodePoints(", repos='http://cran.us.r-project.org')")
    }
    return "Rscript -e \"\(whole.replacing("#", with: "").trimmed.text)\""
  }
}
