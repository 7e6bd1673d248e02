// A program as tokens: what the readings of all languages walk over.

/// A word of a program.
struct Token: Equatable {
  enum Kind: Equatable {
    case name
    case number
    /// With its value; nothing where only a running program knows it.
    case string(String?)
    /// Text between the fields of a formatted string.
    case piece(String)
    /// An operator, a bracket or another mark.
    case mark
    /// A line for a shell, without its `!` or `%`.
    case shell(String)
  }

  var kind: Kind
  /// As it is written.
  var text: String
  var line: Int
  /// Where it ends: a string may have several lines.
  var lastLine: Int
  /// The token in front follows without a blank.
  var isGlued: Bool
  /// The innermost bracket around it, as an index of the tokens.
  var opener: Int?

  var isString: Bool { if case .string = kind { true } else { false } }

  func isName(_ names: String...) -> Bool { kind == .name && names.contains(text) }
  func isMark(_ marks: String...) -> Bool { kind == .mark && marks.contains(text) }
}

/// A comment, without its marks and the blanks around.
struct Comment: Equatable {
  var text: String
  /// Nothing else is on its line.
  var isWholeLine: Bool
}

/// Tokens, statements and comments of a program, or of all cells of a notebook.
struct Code {
  struct Statement {
    /// Never empty.
    var tokens: Range<Int>
    /// Blanks in front of it; nothing for what follows another one on its line.
    var indent: Int?
  }

  struct Argument {
    var name: String?
    /// May be empty where the program is wrong.
    var value: Range<Int>
  }

  private(set) var tokens: [Token] = []
  private(set) var statements: [Statement] = []
  private(set) var comments: [Int: Comment] = [:]
  /// Brackets without their other half.
  private(set) var unclosed: [Int] = []
  /// Both ways, by the indices of the two brackets.
  private var pairs: [Int: Int] = [:]
  private var openers: [Int] = []
  private var start = 0
  private var indent: Int?

  // MARK: Building

  /// Whether the next token is a statement's first.
  var isAtStatement: Bool { start == tokens.count }
  var depth: Int { openers.count }
  var innermost: Token? { openers.last.map { tokens[$0] } }
  /// The first word of the statement that is being read.
  var statementWord: String? { start < tokens.count ? tokens[start].text : nil }

  mutating func add(
    _ kind: Token.Kind, _ text: String, line: Int, lastLine: Int? = nil, isGlued: Bool = false,
    indent: Int? = nil
  ) {
    if isAtStatement { self.indent = indent }
    tokens.append(
      Token(
        kind: kind, text: text, line: line, lastLine: lastLine ?? line, isGlued: isGlued,
        opener: openers.last))
  }

  mutating func open(_ text: String, line: Int, isGlued: Bool = false, indent: Int? = nil) {
    add(.mark, text, line: line, isGlued: isGlued, indent: indent)
    openers.append(tokens.count - 1)
  }

  /// Which bracket closes which is not checked: a program that is wrong is read as far as it goes.
  mutating func close(_ text: String, line: Int, isGlued: Bool = false) {
    let opener = openers.popLast()
    add(.mark, text, line: line, isGlued: isGlued)
    guard let opener else { return }
    pairs[opener] = tokens.count - 1
    pairs[tokens.count - 1] = opener
  }

  /// Puts a string in the place of the bracket that was opened last, and of all behind it.
  mutating func replaceOpened(by kind: Token.Kind, _ text: String, lastLine: Int) {
    guard let opener = openers.popLast() else { return }
    tokens.removeSubrange((opener + 1)...)
    tokens[opener].kind = kind
    tokens[opener].text = text
    tokens[opener].lastLine = lastLine
  }

  mutating func endStatement() {
    guard start < tokens.count else { return }
    statements.append(Statement(tokens: start..<tokens.count, indent: indent))
    start = tokens.count
  }

  mutating func comment(_ text: String, line: Int, isWholeLine: Bool) {
    comments[line] = Comment(text: text, isWholeLine: isWholeLine)
  }

  /// The end of a file or a cell: what is open stays open.
  mutating func end() {
    unclosed += openers
    openers = []
    endStatement()
  }

  // MARK: Looking

  subscript(index: Int) -> Token? { tokens.indices.contains(index) ? tokens[index] : nil }

  /// The other bracket of a pair.
  func partner(of index: Int) -> Int? { pairs[index] }

  func statement(at index: Int) -> Statement? { statementIndex(at: index).map { statements[$0] } }

  func statementIndex(at index: Int) -> Int? {
    // By halves: statements are in the order of their tokens.
    var (low, high) = (0, statements.count)
    while low < high {
      let middle = (low + high) / 2
      if statements[middle].tokens.upperBound <= index { low = middle + 1 } else { high = middle }
    }
    return low < statements.count && statements[low].tokens.contains(index) ? low : nil
  }

  /// The arguments of the call whose opening bracket is at `opener`; `name = value` has a name.
  func arguments(at opener: Int) -> [Argument] {
    guard let closer = partner(of: opener) else { return [] }
    var arguments: [Argument] = []
    var first = opener + 1
    for index in opener + 1...closer {
      guard index == closer || (tokens[index].isMark(",") && tokens[index].opener == opener)
      else { continue }
      if first < index { arguments.append(argument(first..<index)) }
      first = index + 1
    }
    return arguments
  }

  private func argument(_ range: Range<Int>) -> Argument {
    guard range.count > 1, tokens[range.lowerBound + 1].isMark("=") else {
      return Argument(name: nil, value: range)
    }
    let first = tokens[range.lowerBound]
    let value = range.lowerBound + 2..<range.upperBound
    switch first.kind {
    case .name: return Argument(name: first.text, value: value)
    case .string(let name?): return Argument(name: name, value: value)
    default: return Argument(name: nil, value: range)
    }
  }

  /// The value of tokens that are strings and nothing else, one behind the other.
  func text(_ range: Range<Int>) -> String? {
    guard !range.isEmpty else { return nil }
    var result = ""
    for index in range {
      guard case .string(let value?) = tokens[index].kind else { return nil }
      result += value
    }
    return result
  }

  /// As it is written, without comments and on one line.
  func source(_ range: Range<Int>) -> String {
    range.reduce(into: "") { text, index in
      if index > range.lowerBound, !tokens[index].isGlued { text += " " }
      text += tokens[index].text
    }
  }

  /// The dotted name that ends in front of `index`: `pd.read_csv` in front of its bracket. Of a method of
  /// a call's value it is the method's alone.
  func function(before index: Int, joints: [String]) -> (name: String, start: Int)? {
    guard index > 0, tokens[index - 1].kind == .name else { return nil }
    var start = index - 1
    while start >= 2, tokens[start - 1].kind == .mark, joints.contains(tokens[start - 1].text),
      tokens[start - 2].kind == .name
    {
      start -= 2
    }
    return (tokens[start..<index].map(\.text).joined(), start)
  }
}
