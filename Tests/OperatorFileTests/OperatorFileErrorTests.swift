// Operator files that are wrong: what is said, and of which line and column.

import Testing

@testable import OperatorFile

@Suite struct OperatorFileErrorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let errors: [String]
    init(_ text: String, _ errors: String...) {
      self.text = text
      self.errors = errors
    }
    var testDescription: String { text }
  }

  @Test(arguments: [
    Case("", "op.yaml: is empty"),
    Case("# nothing\n", "op.yaml: is empty"),
    Case("- a", "op.yaml:1:1: the operator is a mapping, not a list"),
    Case("sort", "op.yaml:1:1: the operator is a mapping, not text"),
    Case(
      "comand: [sort]",
      "op.yaml:1:1: unknown field 'comand' of the operator; did you mean 'command'?"),
    Case(
      "command: [sort]\nimage: x",
      "op.yaml:2:1: unknown field 'image' of the operator; there is 'command', 'builtin',"
        + " 'parameters', 'inputs', 'outputs', 'env', 'workdir', 'grace', 'early_end'"),
    Case(
      "command: python3 x.py",
      "op.yaml:1:10: 'command' of the operator is a list, as no shell takes it apart:"
        + " [python3, x.py]"),
    Case(
      "command: sort | uniq",
      "op.yaml:1:10: 'command' of the operator is a list, as no shell takes it apart"),
    Case("command: []", "op.yaml:1:10: 'command' of the operator is empty"),
    Case("command:", "op.yaml:1:9: 'command' of the operator is empty"),
    Case("command: ['']", "op.yaml:1:11: 'command' of the operator names no program"),
    Case(
      "command: [a, [b]]",
      "op.yaml:1:14: an item of 'command' of the operator is text, not a list"),
    Case(
      #"command: ["a\0b"]"#,
      "op.yaml:1:11: an item of 'command' of the operator has a NUL byte in it"),
    Case(
      "command: [a]\nbuiltin: echo",
      "op.yaml:2:10: the operator has both 'command' and 'builtin'; it runs one of them"),
    Case(
      "builtin: eco",
      "op.yaml:1:10: 'builtin' of the operator is one of echo, tee, concat, merge, split, discard,"
        + " generate, throttle, convert, not 'eco'; did you mean 'echo'?"),
    Case(
      "builtin: throttle\nparameters: {rat: 5}",
      "op.yaml:2:14: the builtin 'throttle' has no parameter 'rat'; did you mean 'rate'?"),
    Case(
      "command: [a]\nparameters: [a]",
      "op.yaml:2:13: 'parameters' of the operator is a mapping, not a list"),
    Case(
      "command: [a]\nparameters:\n  base_start: {default: abc, type: int}",
      "op.yaml:3:25: parameter 'base_start' of the operator is not an int: a whole number such as"
        + " 1961"),
    Case(
      "command: [a]\nparameters:\n  x: {default: yes, type: bool}",
      "op.yaml:3:16: parameter 'x' of the operator is not a bool: true or false"),
    Case(
      "command: [a]\nparameters:\n  x: {type: integer}",
      "op.yaml:3:13: 'type' of parameter 'x' of the operator is one of string, int, float, bool,"
        + " not 'integer'"),
    Case(
      "command: [a]\nparameters:\n  x: {required: true}",
      "op.yaml:3:7: unknown field 'required' of parameter 'x' of the operator; a parameter without"
        + " a default is required; an optional one has 'default: null'"),
    Case(
      "command: [a]\nparameters: {x: [1, 2]}",
      "op.yaml:2:17: parameter 'x' of the operator is one value, not a list"),
    Case(
      "command: [a]\nparameters: {a b: 1}",
      "op.yaml:2:14: 'a b' cannot be a parameter: a name of a variable has no '=', no blank, no"
        + " control character and at most 256 bytes"),
    Case(
      "command: [a]\nparameters: {1: x, \"1\": y}",
      "op.yaml:2:20: not YAML: '1' stands in this mapping already, in line 2"),
    Case(
      "command: [a]\nparameters: {x: 1}\nenv: {x: 2}",
      "op.yaml:3:1: the operator has 'x' both in 'parameters' and in 'env'"),
    Case(
      "command: [a]\ngrace: 1s\ncommand: [b]",
      "op.yaml:3:1: not YAML: 'command' stands in this mapping already, in line 1"),
    Case(
      "command: [a]\ninputs:\n  - {name: a, via: stdin}\n  - {name: b}",
      "op.yaml:4:5: inputs 'a' and 'b' of the operator are both via stdin; give one of them"
        + " 'via: fd' or 'via: fifo'"),
    Case(
      "command: [a]\noutputs: [{name: a, via: fd}, {name: a, via: fd}]",
      "op.yaml:2:31: the operator has two outputs named 'a'"),
    Case(
      "command: [a]\ninputs: [{via: fd}]", "op.yaml:2:10: an input of the operator has no 'name'"),
    Case(
      "command: [a]\ninputs: [0]",
      "op.yaml:2:10: '0' cannot name an input of the operator: a name is 1 to 40 letters, digits,"
        + " '_' and '-', and begins with a letter or '_'"),
    Case(
      "command: [a]\ninputs: [{name: a.b}]",
      "op.yaml:2:17: 'a.b' cannot name an input of the operator: a name is 1 to 40 letters, digits,"
        + " '_' and '-', and begins with a letter or '_'"),
    Case(
      "command: [a]\ninputs: [{name: a, via: stdout}]",
      "op.yaml:2:25: input 'a' of the operator cannot be via stdout, but via stdin, fd, fifo, file"),
    Case(
      "command: [a]\ninputs: [{name: a, via: pipe}]",
      "op.yaml:2:25: 'via' of input 'a' of the operator is one of stdin, stdout, fd, fifo, file, not"
        + " 'pipe'"),
    Case(
      "command: [a]\ninputs: [{name: a, parameter: p}]",
      "op.yaml:2:20: input 'a' of the operator has 'parameter', but stdin has no path to put into"
        + " it"),
    Case(
      "command: [a]\ninputs: [{name: a, via: fd, parameter: p}]\noutputs: [{name: b, via: fd,"
        + " parameter: p}]",
      "op.yaml:3:1: the operator has 'p' both for input 'a' and for the path of output 'b'"),
    Case(
      "command: [a]\nenv: {p: 1}\ninputs: [{name: a, via: fd, parameter: p}]",
      "op.yaml:3:1: the operator has 'p' both for 'env' and for the path of input 'a'"),
    Case(
      "builtin: echo\ninputs: [{name: a, via: fd}]",
      "op.yaml:2:20: input 'a' of the operator has 'via', but a builtin reads and writes by itself"),
    Case(
      "command: [a]\ngrace: 10",
      "op.yaml:2:8: 'grace' of the operator is a duration of at most a day, a number with its unit:"
        + " 500ms, 10s, 2m, 1h"),
    Case(
      "command: [a]\nearly_end: allowed",
      "op.yaml:2:12: 'early_end' of the operator is one of allow, fail, not 'allowed'; did you mean"
        + " 'allow'?"),
    Case("command: [a]\nworkdir: ''", "op.yaml:2:10: 'workdir' of the operator is empty"),
    Case(
      "command: [a",
      "op.yaml:2:1: not YAML: did not find expected ',' or ']' (while parsing a flow sequence, which began in line 1)"
    ),
    Case(
      "command: [a]\n\tgrace: 1s",
      "op.yaml:2:1: not YAML: found character that cannot start any token (while scanning for the next token, which began in line 2)"
    ),
    Case("a: *nothing", "op.yaml:1:4: not YAML: found undefined alias"),
    Case(
      "a: 1\n---\nb: 2",
      "op.yaml:2:1: not YAML: but found another document (expected a single document in the stream, which began in line 1)"
    ),
    // All at once, in the order of the lines.
    Case(
      "grace: never\ncommand: sort\nearly: 1",
      "op.yaml:1:8: 'grace' of the operator is a duration of at most a day, a number with its unit:"
        + " 500ms, 10s, 2m, 1h",
      "op.yaml:2:10: 'command' of the operator is a list, as no shell takes it apart: [sort]",
      "op.yaml:3:1: unknown field 'early' of the operator; there is 'command', 'builtin',"
        + " 'parameters', 'inputs', 'outputs', 'env', 'workdir', 'grace', 'early_end'"),
  ])
  func message(of wrong: Case) {
    let errors = #expect(throws: FileErrors.self) { try parse(wrong.text) }
    #expect(errors?.diagnostics.map(\.description) == wrong.errors)
  }

  @Test func manyErrorsAreBounded() {
    let text = "command: [a]\n" + (0..<200).map { "field_\($0): 1\n" }.joined()
    let errors = #expect(throws: FileErrors.self) { try parse(text) }
    #expect(errors?.diagnostics.count == 50)
  }

  @Test(arguments: [101, 5000, 1_000_000])
  func deepNestingIsAnError(depth: Int) {
    let text = "command: " + String(repeating: "[", count: depth)
    let errors = #expect(throws: FileErrors.self) { try parse(text) }
    #expect(
      errors?.description
        == "op.yaml:1:109: not YAML: lists and mappings are nested more than 100 deep")
  }

  /// Each line has twice what the one before has: a few lines are more values than any memory holds.
  @Test(arguments: ["[*a, *a]", "{p: *a, q: *a}", "{? *a : 1, ? *b : 2}"])
  func aliasesToAliases(form: String) {
    var text = "a0: &a0 [x, x, x]\nb0: &b0 [y]\n"
    for level in 1...40 {
      let line = form.replacing("*a", with: "*a\(level - 1)").replacing(
        "*b", with: "*b\(level - 1)")
      text += "a\(level): &a\(level) \(line)\nb\(level): &b\(level) \(line)\n"
    }
    let errors = #expect(throws: FileErrors.self) { try parse(text) }
    #expect(errors?.description.contains("that makes more than 1000000 values") == true)
  }

  /// What people do with them.
  @Test func anAlias() throws {
    let definition = try parse(
      "command: [a]\nparameters: {x: &same {default: 1, type: int}, y: *same}")
    #expect(definition.parameters.map(\.defaultValue) == [.int("1"), .int("1")])
  }

  @Test(arguments: [
    ("a: [1, 2", "op.yaml:2:1: not YAML: did not find expected ',' or ']'"),
    ("a: \u{1}", "op.yaml:1:1: not YAML: control characters are not allowed"),
    ("b: 1\na: \"\\x\"", "op.yaml:2:7: not YAML: did not find expected hexdecimal number"),
    ("a: &x [*x]", "op.yaml:1:8: not YAML: found undefined alias"),
    ("%YAML 9.9\n---\na: 1", "op.yaml:1:1: not YAML: found incompatible YAML document"),
  ])
  func whereItIsNoYAML(text: String, message: String) {
    let errors = #expect(throws: FileErrors.self) { try parse(text) }
    let description = errors?.description ?? ""
    #expect(description.hasPrefix(message), "\(description)")
  }

  @Test func nestingThatYAMLAllowsIsTooDeepForAnArgument() {
    let text =
      "command: " + String(repeating: "[", count: 99) + String(repeating: "]", count: 99)
    let errors = #expect(throws: FileErrors.self) { try parse(text) }
    #expect(
      errors?.description
        == "op.yaml:1:11: an item of 'command' of the operator is text, not a list")
  }

  @Test func missingFile() {
    let errors = #expect(throws: FileErrors.self) {
      try OperatorDefinition.load("/nonexistent/op.yaml")
    }
    #expect(
      errors?.description == "/nonexistent/op.yaml: cannot be read: No such file or directory")
  }

  @Test func aFolderIsNoFile() {
    let errors = #expect(throws: FileErrors.self) { try OperatorDefinition.load("/") }
    #expect(errors?.description == "/: cannot be read: Is a directory")
  }

  @Test func endlessFile() {
    let errors = #expect(throws: FileErrors.self) { try OperatorDefinition.load("/dev/zero") }
    #expect(errors?.description == "/dev/zero: is larger than 1048576 bytes")
  }

  /// Each costs another reading of the file, and a file may have a million letters.
  @Test func onlySomeLoneDashesAreMended() throws {
    func read(dashes: Int) throws -> OperatorDefinition {
      let lines = (0..<dashes).map { "  a\($0): -\n" }.joined()
      return try OperatorDefinition.parse("env:\n" + lines, file: "op.yaml", folder: "/")
    }
    #expect(try read(dashes: 20).environment.count == 20)
    #expect(throws: FileErrors.self) { try read(dashes: 21) }
  }
}
