// Python's text to tokens. Source: the Python Language Reference 3.14, chapter 2.

/// Reads one script or one cell. What is wrong in it is passed over as well as can be: nothing is refused.
struct PythonTokenizer {
  /// Formatted strings in fields of formatted strings; people write two.
  private static let deepest = 50
  private static let headers: Set = [
    "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class",
    "async", "match", "case",
  ]
  /// Longer ones first.
  private static let marks = [
    "**=", "//=", ">>=", "<<=", "...", "==", "!=", "<=", ">=", "->", ":=", "+=", "-=", "*=", "/=",
    "%=", "@=", "&=", "|=", "^=", "**", "//", "<<", ">>",
  ]

  private let bytes: [Byte]
  private var index = 0
  private var line: Int
  /// Where the line begins, for what stands in front of its first token.
  private var lineStart = 0
  /// Where the token before ended.
  private var last = -1
  private var code: Code
  private var fields = 0
  /// Of the statement, those whose colon is still to come.
  private var lambdas = 0

  /// Appends what `text` says to `code`; its first line gets the number `line`.
  static func read(_ text: String, line: Int = 1, into code: inout Code) {
    var tokenizer = PythonTokenizer(text, line: line, code: code)
    // The copy in the tokenizer is then the only one: nothing is copied as it grows.
    code = Code()
    tokenizer.scan()
    tokenizer.code.end()
    code = tokenizer.code
  }

  private init(_ text: String, line: Int, code: Code) {
    var bytes = Array(text.utf8)
    // A byte order mark.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    self.bytes = bytes
    self.line = line
    self.code = code
  }

  private func peek(_ offset: Int = 0) -> Byte? {
    index + offset < bytes.count ? bytes[index + offset] : nil
  }

  // MARK: Tokens

  /// Reads to the end, or to the end of a formatted string's field.
  private mutating func scan() {
    let base = code.depth
    while let byte = peek() {
      if fields > 0, code.depth == base, endsField(byte) { return }
      switch byte {
      case Byte(ascii: "\n"): newline()
      case _ where byte.isBlank: index += 1
      case Byte(ascii: "\\") where peek(1) == Byte(ascii: "\n") || bytes.has("\\\r\n", at: index):
        index += peek(1) == Byte(ascii: "\n") ? 2 : 3
        line += 1
        lineStart = index
      case Byte(ascii: "#"): comment()
      case Byte(ascii: "!") where isShell, Byte(ascii: "%") where code.isAtStatement && fields == 0:
        shell()
      case _ where byte.isDigit || (byte == Byte(ascii: ".") && peek(1)?.isDigit == true): number()
      case _ where byte.isNameStart || byte == Byte(ascii: "\"") || byte == Byte(ascii: "'"): word()
      default: mark(byte)
      }
    }
  }

  private mutating func newline() {
    index += 1
    line += 1
    lineStart = index
    if code.depth == 0 { endStatement() }
  }

  private mutating func endStatement() {
    code.endStatement()
    lambdas = 0
  }

  private mutating func comment() {
    let start = index
    while let byte = peek(), byte != Byte(ascii: "\n") { index += 1 }
    // Those of a formatted string's field have no line of their own.
    guard fields == 0 else { return }
    let isWholeLine = bytes[lineStart..<start].allSatisfy(\.isBlank)
    let text = bytes.text(start..<index).drop { $0 == "#" }
    code.comment(text.trimmingBlanks(), line: line, isWholeLine: isWholeLine)
  }

  /// `!ls`, and `files = !ls`.
  private var isShell: Bool {
    guard fields == 0, peek(1) != Byte(ascii: "=") else { return false }
    return code.isAtStatement || (code.depth == 0 && code.tokens.last?.isMark("=") == true)
  }

  private mutating func shell() {
    let start = index
    let (first, indent) = (line, indent(at: index))
    while let byte = peek(), byte != Byte(ascii: "\n") || bytes[index - 1] == Byte(ascii: "\\") {
      if byte == Byte(ascii: "\n") { line += 1 }
      index += 1
    }
    let text = bytes.text(start..<index)
    let command = text.replacing("\\\n", with: " ").dropFirst().trimmingBlanks()
    add(.shell(command), start..<index, line: first, indent: indent)
  }

  private mutating func number() {
    let start = index
    while let byte = peek() {
      let isExponent = index > start && bytes[index - 1] | 0x20 == Byte(ascii: "e")
      let isHexadecimal = bytes.has("0x", at: start) || bytes.has("0X", at: start)
      guard
        byte.isNamePart || byte == Byte(ascii: ".")
          || (isExponent && !isHexadecimal
            && (byte == Byte(ascii: "+") || byte == Byte(ascii: "-")))
      else { break }
      index += 1
    }
    add(.number, start..<index)
  }

  private mutating func word() {
    let start = index
    while let byte = peek(), byte.isNamePart { index += 1 }
    let prefix = bytes.text(start..<index).lowercased()
    if let quote = peek(), quote == Byte(ascii: "\"") || quote == Byte(ascii: "'"),
      prefix.count <= 2,
      prefix.allSatisfy("rbuft".contains)
    {
      return string(from: start, prefix: prefix, quote: quote)
    }
    let text = bytes.text(start..<index)
    if text == "lambda", code.depth == 0 { lambdas += 1 }
    add(.name, start..<index)
  }

  private mutating func mark(_ byte: Byte) {
    let start = index
    switch byte {
    case Byte(ascii: "("), Byte(ascii: "["), Byte(ascii: "{"):
      index += 1
      code.open(
        bytes.text(start..<index), line: line, isGlued: start == last, indent: indent(at: start))
      last = index
    case Byte(ascii: ")"), Byte(ascii: "]"), Byte(ascii: "}"):
      index += 1
      code.close(bytes.text(start..<index), line: line, isGlued: start == last)
      last = index
    case Byte(ascii: ";") where code.depth == 0:
      index += 1
      endStatement()
    default:
      index += Self.marks.first { bytes.has($0, at: start) }?.utf8.count ?? 1
      add(.mark, start..<index)
      if byte == Byte(ascii: ":"), index == start + 1, code.depth == 0 { colon() }
    }
  }

  /// What follows the colon of an `if` is a statement of its own.
  private mutating func colon() {
    if lambdas > 0 {
      lambdas -= 1
    } else if let word = code.statementWord, Self.headers.contains(word) {
      endStatement()
    }
  }

  private mutating func add(_ kind: Token.Kind, _ range: Range<Int>) {
    add(kind, range, line: line, indent: indent(at: range.lowerBound))
  }

  /// For what may have several lines: where it began is told.
  private mutating func add(
    _ kind: Token.Kind, _ range: Range<Int>, line first: Int, indent: Int?
  ) {
    code.add(
      kind, bytes.text(range), line: first, lastLine: line, isGlued: range.lowerBound == last,
      indent: indent)
    last = range.upperBound
  }

  private func indent(at index: Int) -> Int? {
    guard lineStart <= index, bytes[lineStart..<index].allSatisfy(\.isBlank) else { return nil }
    return index - lineStart
  }

  // MARK: Strings

  private mutating func string(from start: Int, prefix: String, quote: Byte) {
    let isTriple = peek(1) == quote && peek(2) == quote
    let end = String(repeating: Character(Unicode.Scalar(quote)), count: isTriple ? 3 : 1)
    let isRaw = prefix.contains("r")
    index += end.utf8.count
    if prefix.contains("f") || prefix.contains("t"), fields < Self.deepest {
      return formatted(from: start, end: end, isRaw: isRaw)
    }
    let (first, indent) = (line, indent(at: start))
    let inside = index
    while let byte = peek(), !bytes.has(end, at: index) {
      // The line's end is the string's, where it is not closed.
      if byte == Byte(ascii: "\n"), !isTriple { break }
      skip(byte)
    }
    let value = PythonString.value(bytes.text(inside..<min(index, bytes.count)), isRaw: isRaw)
    if bytes.has(end, at: index) { index += end.utf8.count }
    add(.string(value), start..<index, line: first, indent: indent)
  }

  /// A character of a string, or two of them with a backslash in front.
  private mutating func skip(_ byte: Byte) {
    index += 1
    if byte == Byte(ascii: "\\"), peek() == Byte(ascii: "\r"), peek(1) == Byte(ascii: "\n") {
      index += 1
    }
    if byte == Byte(ascii: "\\"), let next = peek() {
      index += 1
      newLine(if: next)
    } else {
      newLine(if: byte)
    }
  }

  private mutating func newLine(if byte: Byte) {
    guard byte == Byte(ascii: "\n") else { return }
    line += 1
    lineStart = index
  }

  /// A bracket whose text begins with the string's quotes, pieces, and fields in `{` and `}`. Without
  /// fields it is a string like any other.
  private mutating func formatted(from start: Int, end: String, isRaw: Bool) {
    let first = line
    code.open(
      bytes.text(start..<index), line: line, isGlued: start == last, indent: indent(at: start))
    var piece = ""
    var inside = index
    var hasFields = false
    func cut(_ bytes: [Byte], _ end: Int) -> String {
      PythonString.value(bytes.text(inside..<end), isRaw: isRaw) ?? ""
    }
    while let byte = peek(), !bytes.has(end, at: index) {
      if byte == Byte(ascii: "\n"), end.utf8.count == 1 { break }
      if byte == Byte(ascii: "{") || byte == Byte(ascii: "}"), peek(1) == byte {
        // A doubled brace is one.
        piece += cut(bytes, index + 1)
        index += 2
        inside = index
      } else if byte == Byte(ascii: "{") {
        piece += cut(bytes, index)
        if !piece.isEmpty { code.add(.piece(piece), piece, line: line, isGlued: true) }
        (piece, hasFields) = ("", true)
        field()
        inside = index
      } else if byte == Byte(ascii: "\\"), peek(1) == Byte(ascii: "{") {
        // The backslash stays, and the brace begins a field.
        index += 1
      } else {
        skip(byte)
      }
    }
    piece += cut(bytes, min(index, bytes.count))
    if bytes.has(end, at: index) { index += end.utf8.count }
    last = index
    guard hasFields else {
      code.replaceOpened(by: .string(piece), bytes.text(start..<index), lastLine: line)
      return
    }
    if !piece.isEmpty { code.add(.piece(piece), piece, line: first, isGlued: true) }
    code.close(end, line: line, isGlued: true)
  }

  /// From `{` to `}`.
  private mutating func field() {
    index += 1
    code.open("{", line: line, isGlued: true)
    last = index
    fields += 1
    scan()
    fields -= 1
    if peek() == Byte(ascii: "="), peek(1).map({ "}!:".utf8.contains($0) }) == true { index += 1 }
    if peek() == Byte(ascii: "!") { index = min(index + 2, bytes.count) }
    if peek() == Byte(ascii: ":") { specification() }
    if peek() == Byte(ascii: "}") { index += 1 }
    code.close("}", line: line, isGlued: true)
    last = index
  }

  /// Whether `byte` ends the expression of a field.
  private func endsField(_ byte: Byte) -> Bool {
    switch byte {
    case Byte(ascii: "}"), Byte(ascii: ":"): true
    case Byte(ascii: "!"): peek(1) != Byte(ascii: "=")
    case Byte(ascii: "="): peek(1).map { "}!:".utf8.contains($0) } == true
    default: false
    }
  }

  /// How a field is written: text, with fields of its own.
  private mutating func specification() {
    while let byte = peek(), byte != Byte(ascii: "}"), byte != Byte(ascii: "\n") {
      if byte == Byte(ascii: "{"), fields < Self.deepest { field() } else { index += 1 }
    }
  }
}
