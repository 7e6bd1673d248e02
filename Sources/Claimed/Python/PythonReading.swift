// The environment variables that a program in Python reads and sets, by its syntax.

internal import OperatorFile

struct PythonReading {
  private let code: Code
  /// What `os`, `os.environ` and `os.getenv` are called. `os` always is: C3 puts an import in front.
  private var modules: Set = ["os"]
  private var environments: Set<String> = []
  private var getters: Set<String> = []
  private var findings: Findings

  static func read(_ code: Code) -> Findings {
    var reading = PythonReading(code)
    reading.readNames()
    reading.readAccesses()
    reading.findings.description = reading.description
    reading.findings.paths = PathReading(.python, code, reading.findings.accesses).uses
    reading.findings.warnings += PythonStatus(code).warnings
    return reading.findings
  }

  private init(_ code: Code) {
    self.code = code
    findings = Findings(code: code)
  }

  // MARK: Names

  /// Imports count wherever they stand, and so do other names for the same things.
  private mutating func readNames() {
    for statement in code.statements {
      let words = statement.tokens.map { code.tokens[$0] }
      if words[0].isName("import") {
        for part in words.dropFirst().split(whereSeparator: { $0.isMark(",") }) {
          let part = Array(part)
          guard part.first?.isName("os") == true else { continue }
          if part.count == 3, part[1].isName("as") { modules.insert(part[2].text) }
        }
      } else if words.count > 3, words[0].isName("from"), words[1].isName("os"),
        words[2].isName("import")
      {
        let names = words.dropFirst(3).filter { !$0.isMark("(", ")") }
        for part in names.split(whereSeparator: { $0.isMark(",") }) {
          let part = Array(part)
          let name = part.count == 3 && part[1].isName("as") ? part[2].text : part[0].text
          switch part[0].text {
          case "environ": environments.insert(name)
          case "getenv": getters.insert(name)
          case "*": (environments, getters) = (environments.union(["environ"]), ["getenv"])
          default: break
          }
        }
      } else if words.count > 3, words[0].kind == .name, words[1].isMark("=") {
        // env = os.environ
        let value = code.source(statement.tokens.lowerBound + 2..<statement.tokens.upperBound)
        let isEnvironment =
          modules.contains { value == "\($0).environ" } || environments.contains(value)
        if isEnvironment { environments.insert(words[0].text) }
        if modules.contains(where: { value == "\($0).getenv" || value == "\($0).environ.get" }) {
          getters.insert(words[0].text)
        }
      }
    }
  }

  // MARK: Accesses

  private enum Callee { case environment, getter }

  private mutating func readAccesses() {
    for index in code.tokens.indices {
      if let (callee, next) = callee(at: index), let access = access(index, callee, next) {
        findings.accesses.append(access)
      } else if code.tokens[index].isName("get_ipython") {
        readShellCall(index)
      }
    }
  }

  /// `get_ipython().system('pip install x')`: what a notebook's `!` becomes in a script.
  private mutating func readShellCall(_ index: Int) {
    let words = ["(", ")", ".", "system", "("]
    guard words.indices.allSatisfy({ code[index + 1 + $0]?.text == words[$0] }),
      case .string(let command?) = code[index + words.count + 1]?.kind
    else { return }
    findings.requirements += InstallCommand.read(shell: command).map {
      ($0, code.tokens[index].line)
    }
  }

  /// What begins at `index`, and the token behind it.
  private func callee(at index: Int) -> (Callee, next: Int)? {
    let token = code.tokens[index]
    guard token.kind == .name, code[index - 1]?.isMark(".") != true else { return nil }
    if modules.contains(token.text), code[index + 1]?.isMark(".") == true {
      switch code[index + 2]?.text {
      case "environ": return (.environment, index + 3)
      case "getenv": return (.getter, index + 3)
      default: return nil
      }
    }
    if environments.contains(token.text) { return (.environment, index + 1) }
    if getters.contains(token.text) { return (.getter, index + 1) }
    return nil
  }

  private mutating func access(_ start: Int, _ callee: Callee, _ next: Int) -> Access? {
    switch (callee, code[next]?.text) {
    case (.getter, "("): return call(start, open: next, isStrict: false)
    case (.environment, "["): return item(start, open: next)
    case (.environment, "."):
      guard code[next + 2]?.isMark("(") == true else { return nil }
      switch code[next + 1]?.text {
      case "get", "setdefault": return call(start, open: next + 2, isStrict: false)
      case "pop": return call(start, open: next + 2, isStrict: true)
      default: return nil
      }
    case (.environment, _): return test(before: start)
    default: return nil
    }
  }

  /// `os.environ['x']`, read or assigned.
  private mutating func item(_ start: Int, open: Int) -> Access? {
    guard let close = code.partner(of: open) else { return nil }
    let isAssigned = PythonTargets.isTarget(start...close, code)
    guard let name = name(open + 1..<close, isRead: isAssigned == .no, at: start) else {
      return nil
    }
    if isAssigned == .both {
      findings.accesses.append(
        Access(name: name, use: .read(isStrict: true), tokens: start..<close + 1))
    }
    guard isAssigned == .no else {
      return Access(name: name, use: .assigned, tokens: start..<close + 1)
    }
    let (type, _) = cast(around: start...close)
    return Access(
      name: name, use: .read(isStrict: !isTried(start)), type: type, tokens: start..<close + 1)
  }

  /// A call whose first argument is the name and whose second is the default.
  private mutating func call(_ start: Int, open: Int, isStrict: Bool) -> Access? {
    guard let close = code.partner(of: open) else { return nil }
    let arguments = code.arguments(at: open)
    guard let first = arguments.first, first.name == nil || first.name == "key",
      let name = name(first.value, isRead: true, at: start)
    else { return nil }
    let (castType, alternative) = cast(around: start...close)
    var type = castType
    let fallback =
      arguments.count > 1 && [nil, "default"].contains(arguments[1].name)
      ? arguments[1].value : alternative
    let literal = fallback.map { PythonLiteral($0, code) }
    if type == nil, let literal { type = literal.bareType }
    if type == .bool, literal?.isFalseInWords == true {
      findings.warnings.append(
        (
          code.tokens[start].line,
          "the default of '\(name)' says no, and bool() of any text but the empty one is true"
        ))
    }
    return Access(
      name: name, use: .read(isStrict: isStrict && fallback == nil), type: type,
      defaultValue: literal.map { $0.value(as: type) }, tokens: start..<close + 1)
  }

  /// `'x' in os.environ`, and `not in`.
  private func test(before start: Int) -> Access? {
    guard code[start - 1]?.isName("in") == true else { return nil }
    let name = code[start - 2]?.isName("not") == true ? start - 3 : start - 2
    guard case .string(let text?) = code[name]?.kind else { return nil }
    return Access(name: text, use: .test, tokens: name..<start + 1)
  }

  private mutating func name(_ range: Range<Int>, isRead: Bool, at start: Int) -> String? {
    if let text = code.text(range) { return Name.isVariable(text) ? text : nil }
    if isRead, !range.isEmpty {
      findings.warnings.append(
        (
          code.tokens[start].line,
          "reads an environment variable whose name is computed: \(code.source(range))"
        ))
    }
    return nil
  }

  /// `try: x = os.environ['x']`, where what follows is an `except`.
  private func isTried(_ index: Int) -> Bool {
    guard let place = code.statementIndex(at: index), place > 0 else { return false }
    return code.tokens[code.statements[place - 1].tokens.lowerBound].isName("try")
  }

  /// The cast of which the expression is the argument, and what stands behind an `or` there.
  private func cast(around range: ClosedRange<Int>) -> (ParameterType?, alternative: Range<Int>?) {
    let after = range.upperBound + 1
    var alternative: Range<Int>?
    if code[after]?.isName("or") == true {
      let end = (after + 1..<code.tokens.count).first { index in
        let token = code.tokens[index]
        return token.opener == code.tokens[range.lowerBound].opener
          && (token.kind == .mark || token.isName("if", "or", "and"))
          || code.statement(at: index)?.tokens.lowerBound == index
          || code.partner(of: index).map { $0 < range.lowerBound } == true
      }
      let value = after + 1..<(end ?? code.tokens.count)
      if !value.isEmpty { alternative = value }
    }
    let open = range.lowerBound - 1
    guard code[open]?.isMark("(") == true, let close = code.partner(of: open),
      let function = code[open - 1], function.kind == .name, code[open - 2]?.isMark(".") != true,
      code[open - 2]?.isName("def") != true
    else { return (nil, alternative) }
    let isAlone = after == close || alternative?.upperBound == close
    switch function.text {
    case "int" where isAlone || code[after]?.isMark(",", ".") == true: return (.int, alternative)
    case "float" where isAlone || code[after]?.isMark(".") == true: return (.float, alternative)
    case "bool" where isAlone: return (.bool, alternative)
    default: return (nil, alternative)
    }
  }

  // MARK: Description

  /// The first string that stands by itself at the program's top level: its docstring, also where
  /// imports stand in front.
  private var description: String? {
    for statement in code.statements where statement.indent == 0 {
      if let text = code.text(statement.tokens) { return Prose.dedented(text) }
    }
    return Prose.converted(code)
  }
}
