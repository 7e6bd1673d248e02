// R's text to tokens. Source: the R Language Definition, chapter 10, and ?Quotes for raw strings.

/// Reads one script or one cell; what is wrong in it is passed over as well as can be.
struct RTokenizer {
  /// Longer ones first.
  private static let marks = [
    ":::", "<<-", "->>", "::", "<-", "->", "<=", ">=", "==", "!=", "&&", "||", "|>",
  ]

  private let bytes: [Byte]
  private var index = 0
  private var line: Int
  private var lineStart = 0
  private var last = -1
  private var code: Code

  /// Appends what `text` says to `code`; its first line gets the number `line`.
  static func read(_ text: String, line: Int = 1, into code: inout Code) {
    var tokenizer = RTokenizer(text, line: line, code: code)
    // The copy in the tokenizer is then the only one.
    code = Code()
    tokenizer.scan()
    tokenizer.code.end()
    code = tokenizer.code
  }

  private init(_ text: String, line: Int, code: Code) {
    var bytes = Array(text.utf8)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    self.bytes = bytes
    self.line = line
    self.code = code
  }

  private func peek(_ offset: Int = 0) -> Byte? {
    index + offset < bytes.count ? bytes[index + offset] : nil
  }

  private mutating func scan() {
    while let byte = peek() {
      switch byte {
      case Byte(ascii: "\n"): newline()
      case _ where byte.isBlank: index += 1
      case Byte(ascii: "#"): comment()
      case Byte(ascii: "r"), Byte(ascii: "R"):
        if let end = rawEnd() { rawString(end) } else { name() }
      case Byte(ascii: "\""), Byte(ascii: "'"): string(byte)
      case Byte(ascii: "`"): backtick()
      case _ where byte.isDigit || (byte == Byte(ascii: ".") && peek(1)?.isDigit == true): number()
      case _ where byte.isNameStart || byte == Byte(ascii: "."): name()
      default: mark(byte)
      }
    }
  }

  private mutating func newline() {
    index += 1
    line += 1
    lineStart = index
    // In braces a line ends a statement as well; in parentheses and brackets it does not. Behind an
    // operator the statement goes on.
    guard code.innermost.map({ $0.text == "{" }) ?? true, !endsWithOperator else { return }
    code.endStatement()
  }

  private var endsWithOperator: Bool {
    guard !code.isAtStatement, let token = code.tokens.last, token.kind == .mark else {
      return false
    }
    return ![")", "]", "}", "{", "("].contains(token.text)
  }

  private mutating func comment() {
    let start = index
    while let byte = peek(), byte != Byte(ascii: "\n") { index += 1 }
    let isWholeLine = bytes[lineStart..<start].allSatisfy(\.isBlank)
    // roxygen's mark as well.
    let text = bytes.text(start..<index).drop { $0 == "#" }
    let bare = text.hasPrefix("'") ? text.dropFirst() : text
    code.comment(bare.trimmingBlanks(), line: line, isWholeLine: isWholeLine)
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

  private mutating func name() {
    let start = index
    while let byte = peek(), byte.isNamePart || byte == Byte(ascii: ".") { index += 1 }
    add(.name, start..<index)
  }

  /// A name in backticks is a name like any other.
  private mutating func backtick() {
    let start = index
    index += 1
    while let byte = peek(), byte != Byte(ascii: "`"), byte != Byte(ascii: "\n") { index += 1 }
    if peek() == Byte(ascii: "`") { index += 1 }
    code.add(
      .name, bytes.text(start..<index).filter { $0 != "`" }, line: line, isGlued: start == last,
      indent: indent(at: start))
    last = index
  }

  private mutating func mark(_ byte: Byte) {
    let start = index
    switch byte {
    case Byte(ascii: "("), Byte(ascii: "{"), Byte(ascii: "["):
      index += 1
      code.open(
        bytes.text(start..<index), line: line, isGlued: start == last, indent: indent(at: start))
      last = index
      // What stands in braces are statements of their own.
      if byte == Byte(ascii: "{") { code.endStatement() }
    case Byte(ascii: ")"), Byte(ascii: "]"), Byte(ascii: "}"):
      index += 1
      if byte == Byte(ascii: "}") { code.endStatement() }
      code.close(bytes.text(start..<index), line: line, isGlued: start == last)
      last = index
    case Byte(ascii: ";"):
      index += 1
      code.endStatement()
    case Byte(ascii: "%"):
      // %in%, %>%: an operator of the program's own.
      index += 1
      while let next = peek(), next != Byte(ascii: "%"), next != Byte(ascii: "\n") { index += 1 }
      if peek() == Byte(ascii: "%") { index += 1 }
      add(.mark, start..<index)
    default:
      index += Self.marks.first { bytes.has($0, at: start) }?.utf8.count ?? 1
      add(.mark, start..<index)
    }
  }

  private mutating func add(_ kind: Token.Kind, _ range: Range<Int>, line first: Int? = nil) {
    code.add(
      kind, bytes.text(range), line: first ?? line, lastLine: line,
      isGlued: range.lowerBound == last, indent: indent(at: range.lowerBound))
    last = range.upperBound
  }

  private func indent(at index: Int) -> Int? {
    guard lineStart <= index, bytes[lineStart..<index].allSatisfy(\.isBlank) else { return nil }
    return index - lineStart
  }

  // MARK: Strings

  private mutating func string(_ quote: Byte) {
    let start = index
    let first = line
    index += 1
    while let byte = peek(), byte != quote {
      if byte == Byte(ascii: "\n") { newLine() }
      index += 1
      if byte == Byte(ascii: "\\"), let next = peek() {
        if next == Byte(ascii: "\n") { newLine() }
        index += 1
      }
    }
    index = min(index, bytes.count)
    // The escapes of R that programs use for paths and numbers are Python's.
    let value = PythonString.value(bytes.text(start + 1..<index), isRaw: false)
    if peek() == quote { index += 1 }
    add(.string(value), start..<index, line: first)
  }

  /// The end of a raw string that begins here: `r"---(` ends with `)---"`.
  private func rawEnd() -> (prefix: Int, text: String)? {
    guard let quote = peek(1), quote == Byte(ascii: "\"") || quote == Byte(ascii: "'") else {
      return nil
    }
    var dashes = 0
    while peek(2 + dashes) == Byte(ascii: "-") { dashes += 1 }
    let closers: [Byte: String] = [
      Byte(ascii: "("): ")", Byte(ascii: "["): "]", Byte(ascii: "{"): "}",
    ]
    guard let bracket = peek(2 + dashes), let closer = closers[bracket] else { return nil }
    let text =
      closer + String(repeating: "-", count: dashes) + String(Character(Unicode.Scalar(quote)))
    return (3 + dashes, text)
  }

  private mutating func rawString(_ end: (prefix: Int, text: String)) {
    let start = index
    let first = line
    index += end.prefix
    let inside = index
    while let byte = peek(), !bytes.has(end.text, at: index) {
      if byte == Byte(ascii: "\n") { newLine() }
      index += 1
    }
    let value = bytes.text(inside..<index)
    if index < bytes.count { index += end.text.utf8.count }
    add(.string(value), start..<index, line: first)
  }

  private mutating func newLine() {
    line += 1
    lineStart = index + 1
  }
}
