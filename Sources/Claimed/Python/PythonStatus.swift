// Where a program in Python ends well although something in it failed.

struct PythonStatus {
  private let code: Code
  /// How often each name stands in the program.
  private let names: [String: Int]

  init(_ code: Code) {
    self.code = code
    names = code.tokens.reduce(into: [:]) { counts, token in
      if token.kind == .name { counts[token.text, default: 0] += 1 }
    }
  }

  var warnings: [(line: Int?, message: String)] {
    code.statements.compactMap { statement -> (line: Int?, message: String)? in
      guard let message = ignored(statement) else { return nil }
      return (code.tokens[statement.tokens.lowerBound].line, message)
    }
  }

  private func ignored(_ statement: Code.Statement) -> String? {
    let first = statement.tokens.lowerBound
    if case .shell(let command) = code.tokens[first].kind {
      // An installation is a requirement, and a magic is none of a shell's commands.
      guard code.tokens[first].text.hasPrefix("!"), InstallCommand.read(shell: command).isEmpty
      else { return nil }
      return "'\(code.tokens[first].text)': ipython goes on where the command fails"
    }
    if isSwallowed(statement) { return "drops whatever was raised, so that the exit code is 0" }
    guard let function = discardedCall(statement) else { return nil }
    switch function.name {
    case "os.system", "subprocess.call":
      return "\(function.name)() does not raise, and nobody looks at the status that it returns"
    case "subprocess.run":
      let isChecked = code.arguments(at: function.open).contains { $0.name == "check" }
      return isChecked ? nil : "subprocess.run() without check=True does not raise where it fails"
    case "subprocess.Popen": return "nobody waits for what subprocess.Popen() starts"
    default: return nil
    }
  }

  /// The call that is the whole statement, or whose value gets a name that is never used.
  private func discardedCall(_ statement: Code.Statement) -> (name: String, open: Int)? {
    var range = statement.tokens
    if range.count > 2, code.tokens[range.lowerBound + 1].isMark("="),
      code.tokens[range.lowerBound].kind == .name
    {
      guard names[code.tokens[range.lowerBound].text] == 1 else { return nil }
      range = range.lowerBound + 2..<range.upperBound
    }
    guard let open = range.first(where: { code.tokens[$0].isMark("(") }),
      code.partner(of: open) == range.upperBound - 1,
      let function = code.function(before: open, joints: ["."]),
      function.start == range.lowerBound
    else { return nil }
    return (function.name, open)
  }

  /// `except: pass`, and `except Exception: pass`.
  private func isSwallowed(_ statement: Code.Statement) -> Bool {
    let words = statement.tokens.map { code.tokens[$0].text }
    guard words.first == "except", words.last == ":",
      words.count == 2 || ["Exception", "BaseException"].contains(words[1])
    else { return false }
    return code[statement.tokens.upperBound]?.isName("pass") == true
  }
}
