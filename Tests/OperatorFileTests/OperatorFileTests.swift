// Operator files that are right: every field, every short form, and back to text.

import Testing

@testable import OperatorFile

/// Parses with a fixed folder.
func parse(_ text: String) throws -> OperatorDefinition {
  try OperatorDefinition.parse(text, file: "op.yaml", folder: "/ops")
}

@Suite struct OperatorFileTests {
  /// The example of the contract.
  static let example = """
    command: [python3, anomaly.py]        # a list; no shell
    parameters:                           # environment variables of exactly these names
      base_start: {default: 1961, type: int, description: first year of the base period}
    inputs:                               # the order is the port number on the wire
      - {name: years, via: stdin}         # stdin | fd | fifo | file
    outputs:
      - {name: years, via: stdout, content_type: application/x-ndjson}
      - {name: log, via: fifo, parameter: log_path}
    env: {OMP_NUM_THREADS: "1"}
    workdir: .
    grace: 10s                            # between SIGTERM and SIGKILL
    early_end: allow                      # allow | fail
    """

  @Test func example() throws {
    let definition = try parse(Self.example)
    var expected = OperatorDefinition(
      program: .command(["python3", "anomaly.py"]), workdir: "/ops")
    expected.parameters = [
      ParameterDeclaration(
        name: "base_start", type: .int, defaultValue: .int("1961"),
        description: "first year of the base period")
    ]
    expected.inputs = [PortDefinition(name: "years", via: .stdin)]
    expected.outputs = [
      PortDefinition(name: "years", via: .stdout, contentType: "application/x-ndjson"),
      PortDefinition(name: "log", via: .fifo, parameter: "log_path"),
    ]
    expected.environment = [EnvironmentSetting(name: "OMP_NUM_THREADS", value: "1")]
    #expect(definition == expected)
  }

  @Test func shortestFile() throws {
    let definition = try parse("command: [sort]\n")
    #expect(definition.inputs == nil)
    #expect(definition.outputs == nil)
    #expect(definition.grace == .seconds(10))
    #expect(definition.earlyEnd == .allow)
    #expect(definition.workdir == "/ops")
  }

  @Test func listsAndShortForms() throws {
    let definition = try parse(
      """
      command:
        - head
        - -1
        - 1.10
        - ~
        - ${x}
      inputs: [lines]
      outputs: []
      parameters: {a: 1, b: text, c: true, d: null, e: 1.50, f: {}, g: {default: 1.10, type: string}}
      env: {A: 1, B: null, C: false}
      workdir: sub/../work
      grace: 500ms
      early_end: fail
      """)
    #expect(definition.program == .command(["head", "-1", "1.10", "~", "${x}"]))
    #expect(definition.inputs == [PortDefinition(name: "lines", via: .stdin)])
    #expect(definition.outputs == [])
    #expect(
      definition.parameters.map(\.defaultValue) == [
        .int("1"), .string("text"), .bool(true), .null, .float(1.5), nil, .string("1.10"),
      ])
    #expect(
      definition.environment == [
        EnvironmentSetting(name: "A", value: "1"), EnvironmentSetting(name: "B", value: nil),
        EnvironmentSetting(name: "C", value: ""),
      ])
    #expect(definition.workdir == "/ops/work")
    #expect(definition.grace == .milliseconds(500))
    #expect(definition.earlyEnd == .fail)
  }

  @Test func filesAndPipesWithoutParameter() throws {
    let definition = try parse(
      "{command: [x], inputs: [{name: a, via: file}, {name: b, via: fd}], outputs: [{name: c, via: fifo}]}"
    )
    #expect(
      definition.portVariables == [
        "HEADRACE_INPUT_0": "input 'a'", "HEADRACE_INPUT_1": "input 'b'",
        "HEADRACE_OUTPUT_0": "output 'c'",
      ])
  }

  @Test func withoutCommand() throws {
    #expect(try parse("parameters: {a: 1}").program == nil)
  }

  @Test func builtin() throws {
    let definition = try parse("{builtin: throttle, parameters: {rate: 100M}}")
    #expect(definition.program == .builtin(.throttle))
    #expect(definition[parameter: "rate"]?.defaultValue == .string("100M"))
    #expect(definition[parameter: "rate"]?.description?.hasPrefix("bytes a second") == true)
  }

  @Test func aliasesAreFollowed() throws {
    let definition = try parse(
      "command: &c [cat]\nparameters: {a: &v 5, b: *v}\n")
    #expect(definition.parameters.map(\.defaultValue) == [.int("5"), .int("5")])
  }

  @Test func textParsesToTheSame() throws {
    let definitions = [
      try parse(Self.example),
      try parse("{builtin: generate, parameters: {bytes: 1G}, outputs: [out]}"),
      try parse(
        #"""
        command: ["a b", "tab\t", "", "'", '"', "é\n", "- x", "{", "1.10", "true"]
        parameters:
          a: {type: float, default: 1}
          b: .inf
          c: -1.5e-9
          d: 1.0
          e: null
          f: {type: bool, default: false, description: "on: or #off"}
          g: {}
          h: "1961"
          "odd name's": "x: y"
        inputs: []
        env: {A: null, B: "true"}
        grace: 1500ms
        """#.replacing("odd name's", with: "odd-name's")),
    ]
    for definition in definitions {
      let text = definition.text
      let again = try OperatorDefinition.parse(text, file: "again.yaml", folder: "/elsewhere")
      #expect(again == definition, "\(text)")
    }
  }

  /// Whatever is left of a file gives a definition or an error, never a crash.
  @Test func everyPrefix() throws {
    var good = 0
    for end in Self.example.indices {
      if (try? parse(String(Self.example[..<end]))) != nil { good += 1 }
    }
    #expect(good > 0)
  }
}
