// Whether an expression is assigned where it stands.

enum PythonTargets {
  enum Answer { case no, yes, both }

  private static let augmented: Set = [
    "+=", "-=", "*=", "/=", "//=", "%=", "**=", "@=", "&=", "|=", "^=", ">>=", "<<=",
  ]

  /// Whether the statement around assigns or deletes `range`. Both: an augmented assignment reads first.
  static func isTarget(_ range: ClosedRange<Int>, _ code: Code) -> Answer {
    guard let statement = code.statement(at: range.lowerBound)?.tokens else { return .no }
    // A part of it is reached, or something is made of it: that reads it.
    if let next = code[range.upperBound + 1], range.upperBound + 1 < statement.upperBound,
      !next.isMark("=", ",", ")", "]", ":"), !augmented.contains(next.text), !next.isName("in")
    {
      return .no
    }
    guard isDisplayed(range.lowerBound, code, statement) else { return .no }
    if code[range.lowerBound - 1]?.isName("as") == true { return .yes }
    let first = code.tokens[statement.lowerBound]
    if first.isName("del") { return .yes }
    if first.isName("for", "async") {
      let loop = statement.first { code.tokens[$0].isName("in") }
      return loop.map { range.upperBound < $0 } == true ? .yes : .no
    }
    let sign = statement.last { index in
      let token = code.tokens[index]
      return token.opener.map { !statement.contains($0) } ?? true && token.kind == .mark
        && (token.text == "=" || augmented.contains(token.text))
    }
    guard let sign, range.upperBound < sign else {
      // An annotation without a value says nothing.
      return .no
    }
    return augmented.contains(code.tokens[sign].text) ? .both : .yes
  }

  /// Only parentheses and brackets of a list of targets are around it, no call and no index.
  private static func isDisplayed(_ index: Int, _ code: Code, _ statement: Range<Int>) -> Bool {
    var opener = code.tokens[index].opener
    while let bracket = opener, statement.contains(bracket) {
      guard code.tokens[bracket].isMark("(", "[") else { return false }
      if bracket > statement.lowerBound, let before = code[bracket - 1] {
        let isWord = before.kind == .name && !["del", "for", "as", "in"].contains(before.text)
        if isWord || before.isString || before.isMark(")", "]", "}") { return false }
      }
      opener = code.tokens[bracket].opener
    }
    return true
  }
}
