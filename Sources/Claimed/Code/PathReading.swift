// Follows the values of parameters through a program to the functions that open them.
//
// By names alone: a variable that is assigned from a parameter is that parameter wherever its name
// stands. That is enough for a proposal; what really happens is seen by running the program.

struct PathReading {
  private let code: Code
  private let functions: PathFunctions
  /// Variables, and what they were assigned from.
  private var variables: [String: PathOrigin] = [:]
  /// Expressions that read a parameter, by their first token.
  private var accesses: [Int: (name: String, end: Int)] = [:]
  private(set) var uses = PathUses()

  init(_ functions: PathFunctions, _ code: Code, _ accesses: [Access]) {
    self.code = code
    self.functions = functions
    for access in accesses {
      guard case .read = access.use, access.type == nil || access.type == .string else { continue }
      self.accesses[access.tokens.lowerBound] = (access.name, access.tokens.upperBound)
    }
    // A variable may be assigned from one that is assigned further down, in a function.
    for _ in 0..<3 {
      let before = variables
      walk { reading, origin, range in reading.bind(origin, range) }
      if variables == before { break }
    }
    walk { reading, origin, range in
      reading.uses.note(origin)
      if let use = reading.use(of: range) { reading.uses.add(use, of: origin) }
    }
  }

  /// Calls `body` with each expression that is a path of a parameter, as far as it goes.
  private mutating func walk(_ body: (inout PathReading, PathOrigin, Range<Int>) -> Void) {
    for index in code.tokens.indices {
      guard let (origin, range) = operand(at: index) else { continue }
      guard let (whole, widest) = widened(origin, range) else { continue }
      body(&self, whole, widest)
    }
  }

  /// A variable or a read of the environment that begins at `index`.
  private func operand(at index: Int) -> (PathOrigin, Range<Int>)? {
    if let access = accesses[index] { return (.parameter(access.name), index..<access.end) }
    let token = code.tokens[index]
    guard token.kind == .name, let origin = variables[token.text],
      code[index - 1]?.isMark(".", "::", "$") != true, !isBound(index)
    else { return nil }
    return (origin, index..<index + 1)
  }

  /// A name that is assigned here, or that names an argument.
  private func isBound(_ index: Int) -> Bool {
    guard let next = code[index + 1], next.kind == .mark else { return false }
    return functions.assignments.contains(next.text)
      || next.text == ":"
        && code.statement(at: index)?.tokens.lowerBound == index
  }

  // MARK: Widening

  /// The largest expression around that is still a path: wrapped, or joined with another one.
  ///
  /// - Returns: nothing where the operand is the second part of something that its first part covers.
  private func widened(
    _ origin: PathOrigin, _ range: Range<Int>
  ) -> (PathOrigin, Range<Int>)? {
    var (origin, range) = (origin, range)
    while true {
      if let joined = operatorJoin(origin, range) {
        (origin, range) = joined
      } else if isSecondPart(range) {
        return nil
      } else if let (wider, place) = enclosing(range) {
        switch wider {
        case .same: range = place
        case .join(let arguments):
          guard let first = arguments.first, first.value == range else { return nil }
          origin = joinedOrigin(origin, arguments.dropFirst().map(\.value))
          range = place
        }
      } else if let field = fieldJoin(origin, range) {
        (origin, range) = field
      } else {
        return (origin, range)
      }
    }
  }

  private enum Enclosing {
    /// Parentheses, or a function that gives the same path in another form.
    case same
    case join([Code.Argument])
  }

  /// What is around the expression, and all that it covers.
  private func enclosing(_ range: Range<Int>) -> (Enclosing, Range<Int>)? {
    guard let open = code.tokens[range.lowerBound].opener, code.tokens[open].isMark("("),
      let close = code.partner(of: open)
    else { return nil }
    guard let function = code.function(before: open, joints: functions.joints) else {
      let isWhole = open == range.lowerBound - 1 && close == range.upperBound
      return isWhole ? (.same, open..<close + 1) : nil
    }
    // A method of a value has the value in front.
    guard code[function.start - 1]?.isMark(".") != true else { return nil }
    let arguments = code.arguments(at: open)
    guard arguments.contains(where: { $0.value == range && $0.name == nil }) else { return nil }
    let place = function.start..<close + 1
    if arguments.count == 1, functions.wrappers.contains(function.name) { return (.same, place) }
    let isJoin = functions.joins.contains(function.name)
    return isJoin && arguments.count > 1 ? (.join(arguments), place) : nil
  }

  /// `folder + name`, and `folder / name` of a Path.
  private func operatorJoin(
    _ origin: PathOrigin, _ range: Range<Int>
  ) -> (PathOrigin, Range<Int>)? {
    guard functions.joints == ["."], let sign = code[range.upperBound], sign.isMark("+", "/"),
      sign.opener == code.tokens[range.lowerBound].opener
    else { return nil }
    let start = range.upperBound + 1
    if let (_, second) = operand(at: start), code[second.upperBound]?.isMark("+", "/") != true {
      return (joinedOrigin(origin, [second]), range.lowerBound..<second.upperBound)
    }
    // Something else: its text has to begin with a slash to be in the folder.
    if code[start]?.isString == true, let text = code.text(start..<start + 1) {
      if sign.text == "+", text == "/", code[start + 1]?.isMark("+") == true,
        let (_, second) = operand(at: start + 2)
      {
        return (joinedOrigin(origin, [second]), range.lowerBound..<second.upperBound)
      }
      guard sign.text == "/" || text.hasPrefix("/") else { return nil }
      return (joinedOrigin(origin, []), range.lowerBound..<start + 1)
    }
    return nil
  }

  private func isSecondPart(_ range: Range<Int>) -> Bool {
    functions.joints == ["."] && code[range.lowerBound - 1]?.isMark("+", "/") == true
  }

  /// `f"{folder}/{name}"`, and `f"{path}"`.
  private func fieldJoin(
    _ origin: PathOrigin, _ range: Range<Int>
  ) -> (PathOrigin, Range<Int>)? {
    guard let field = code.tokens[range.lowerBound].opener, code.tokens[field].text == "{",
      let open = code.tokens[field].opener, let close = code.partner(of: open),
      let last = code.tokens[open].text.last, last == "\"" || last == "'",
      field == open + 1, code.partner(of: field) == range.upperBound
    else { return nil }
    var index = range.upperBound + 1
    if index == close { return (origin, open..<close + 1) }
    var separator = ""
    if case .piece(let text)? = code[index]?.kind {
      separator = text
      index += 1
    }
    if separator.isEmpty || separator == "/", code[index]?.text == "{",
      let (_, second) = operand(at: index + 1), code.partner(of: index) == second.upperBound,
      second.upperBound + 1 == close
    {
      return (joinedOrigin(origin, [second]), open..<close + 1)
    }
    guard separator.hasPrefix("/") else { return nil }
    return (joinedOrigin(origin, []), open..<close + 1)
  }

  /// What a folder and what is joined to it are together.
  private func joinedOrigin(_ origin: PathOrigin, _ others: [Range<Int>]) -> PathOrigin {
    guard case .parameter(let folder) = origin else { return origin }
    if others.count == 1, let (second, range) = operand(at: others[0].lowerBound),
      range == others[0], case .parameter(let file) = second, file != folder
    {
      return .pair(folder: folder, file: file)
    }
    return .inside(folder)
  }

  // MARK: Uses

  /// A variable that is assigned from the whole expression.
  private mutating func bind(_ origin: PathOrigin, _ range: Range<Int>) {
    guard let statement = code.statement(at: range.lowerBound)?.tokens,
      code.tokens[statement.lowerBound].kind == .name
    else { return }
    let end = code[range.upperBound]
    // `path = os.getenv('x') or 'y'` is that parameter as well.
    guard range.upperBound == statement.upperBound || end?.isName("or") == true else { return }
    let sign = range.lowerBound - 1
    guard sign > statement.lowerBound, code.tokens[sign].kind == .mark,
      functions.assignments.contains(code.tokens[sign].text),
      sign == statement.lowerBound + 1 || code.tokens[statement.lowerBound + 1].isMark(":")
    else { return }
    let name = code.tokens[statement.lowerBound].text
    if variables[name] == nil { variables[name] = origin }
  }

  private func use(of range: Range<Int>) -> PathUse? {
    let line = code.tokens[range.lowerBound].line
    func use(_ kind: PathUse.Kind?, _ function: String) -> PathUse? {
      kind.map { PathUse(kind: $0, function: function + "()", line: line) }
    }
    // Path(x).open('w'), x.read_text()
    if functions.joints == ["."], code[range.upperBound]?.isMark(".") == true,
      let method = code[range.upperBound + 1], code[range.upperBound + 2]?.isMark("(") == true
    {
      if method.text == "open" {
        let mode = mode(of: code.arguments(at: range.upperBound + 2), at: 0)
        return use(functions.openKind("open", mode: mode), "open")
      }
      return use(functions.kind(method.text, argument: (0, nil)), method.text)
    }
    guard let open = code.tokens[range.lowerBound].opener, code.tokens[open].isMark("("),
      let function = code.function(before: open, joints: functions.joints)
    else { return nil }
    let arguments = code.arguments(at: open)
    guard let index = arguments.firstIndex(where: { $0.value == range }) else { return nil }
    let isFirst = index == 0 || arguments[index].name == "file"
    if isFirst,
      let kind = functions.openKind(function.name, mode: mode(of: arguments, at: 1))
    {
      return use(kind, function.name)
    }
    let kind = functions.kind(function.name, argument: (index, arguments[index].name))
    return use(kind, function.name)
  }

  private func mode(of arguments: [Code.Argument], at place: Int) -> OpenMode {
    // file(path, raw = TRUE)
    if arguments.contains(where: { $0.name == "raw" }) { return .text("rb") }
    let named = arguments.first { $0.name == "mode" || $0.name == "open" }
    let positional =
      arguments.indices.contains(place) && arguments[place].name == nil ? arguments[place] : nil
    guard let argument = named ?? positional else { return .text("r") }
    return code.text(argument.value).map(OpenMode.text) ?? .computed
  }
}
