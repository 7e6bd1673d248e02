// What C3 finds in one line, whatever stands around it.
//
// C3 matches patterns against lines. They are greedy and take the rest of the line, which decides what
// is lost; the functions here find by hand what those patterns find.

/// One line of a program, cut at its first `#` and trimmed, as C3 looks for variables in it.
struct C3Line {
  struct Call: Equatable {
    var name: String
    var defaultText: String?
  }

  private let line: CodePoints
  /// The closing parenthesis that ends a call for C3, however many there are.
  private let lastParenthesis: Int?

  init(_ whole: CodePoints) {
    line = CodePoints(whole.prefix { $0 != "#" }).trimmed
    lastParenthesis = line.lastIndex(of: ")")
  }

  /// At most one of each spelling: a call takes the rest of the line with it.
  var pythonInputs: [Call] {
    ["os.getenv(", "os.environ.get("].compactMap { opening in
      for start in line.places(of: opening) {
        let quote = start + opening.unicodeScalars.count
        guard quote < line.count, line[quote].isQuote else { continue }
        if let call = call(nameAt: quote + 1) { return call }
      }
      return nil
    }
  }

  var pythonOutput: String? {
    let opening = "os.environ["
    for start in line.places(of: opening) {
      let quote = start + opening.unicodeScalars.count
      guard quote < line.count, line[quote].isQuote, let end = endOfName(at: quote + 1),
        end < line.count, line[end].isQuote, line.has("]", at: end + 1)
      else { continue }
      return CodePoints(line[quote + 1..<end]).text
    }
    return nil
  }

  /// The last call on the line: here it is the text in front that is greedy.
  var rInput: Call? { rCalls("Sys.getenv(").last }

  var rOutput: String? { rCalls("Sys.setenv(").first?.name }

  private func rCalls(_ opening: String) -> [Call] {
    line.places(of: opening).compactMap { start in
      let name = line.skip(from: start + opening.unicodeScalars.count, while: \.isQuote)
      return call(nameAt: name)
    }
  }

  private func endOfName(at start: Int) -> Int? {
    guard start < line.count, line[start].isNameStart else { return nil }
    return line.skip(from: start, while: \.isNamePart)
  }

  /// A call from its variable's name on. The default goes to the last parenthesis of the line, without
  /// a quote in front, and without one quote or parenthesis at its end.
  private func call(nameAt start: Int) -> Call? {
    guard let end = endOfName(at: start), let lastParenthesis else { return nil }
    let name = CodePoints(line[start..<end]).text
    let behind = line.skip(from: end, while: \.isQuote)
    let comma = line.skip(from: behind, while: \.isPythonSpace)
    if line.has(",", at: comma) {
      var first = line.skip(from: comma + 1, while: \.isPythonSpace)
      if first < line.count, line[first].isQuote { first += 1 }
      if lastParenthesis == first { return Call(name: name) }
      if lastParenthesis > first {
        var text = line[first..<lastParenthesis]
        if let last = text.last, last.isQuote || last == ")" { text = text.dropLast() }
        return Call(name: name, defaultText: CodePoints(text).text)
      }
    }
    return line.has(")", at: behind) ? Call(name: name) : nil
  }
}

/// What C3 looks for in lines as they are, with their comments.
enum C3Search {
  /// Names that stand between quotes, each with the first line in which one does.
  static func quotedNames(_ lines: [CodePoints]) -> [String: Int] {
    var first: [String: Int] = [:]
    for (number, line) in lines.enumerated() {
      for quote in line.indices where line[quote].isQuote {
        guard quote + 1 < line.count, line[quote + 1].isNameStart else { continue }
        let end = line.skip(from: quote + 1, while: \.isNamePart)
        guard end < line.count, line[end].isQuote else { continue }
        let name = CodePoints(line[quote + 1..<end]).text
        if first[name] == nil { first[name] = number }
      }
    }
    return first
  }

  /// Whether `= WORD(os` stands in the line. A dot in the word stands for any character.
  static func isCast(_ word: String, in line: CodePoints) -> Bool {
    let word = CodePoints(word + "(")
    return line.indices.contains { equals in
      guard line[equals] == "=" else { return false }
      let start = line.skip(from: equals + 1, while: \.isPythonSpace)
      guard start + word.count <= line.count,
        zip(line[start...], word).allSatisfy({ $1 == "." || $0 == $1 })
      else { return false }
      return line.has("os", at: line.skip(from: start + word.count, while: \.isPythonSpace))
    }
  }

  /// The comment in the line above, without its marks.
  static func description(above number: Int, _ lines: [CodePoints]) -> String {
    guard number > 0, lines[number - 1].trimmed.first == "#" else { return "" }
    return lines[number - 1].replacing("#", with: "").replacing("\"", with: "'").trimmed.text
  }
}
