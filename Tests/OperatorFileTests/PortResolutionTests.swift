// An Init's ports against those of the operator.

import Testing

@testable import OperatorFile

@Suite struct PortResolutionTests {
  private func resolve(
    _ file: String?, _ inputs: [String], _ outputs: [String], inputNames: [String] = [],
    outputNames: [String] = []
  ) throws -> ResolvedPorts {
    try ResolvedPorts(
      file.map { try parse($0) },
      ResolvedPorts.Request(
        inputs: inputs, outputs: outputs, inputNames: inputNames, outputNames: outputNames))
  }

  private func message(
    _ file: String?, _ inputs: [String], _ outputs: [String], inputNames: [String] = []
  ) -> String? {
    #expect(throws: PortError.self) {
      try resolve(file, inputs, outputs, inputNames: inputNames)
    }?.description
  }

  @Test func withoutFile() throws {
    let ports = try resolve(nil, ["text/csv"], [""])
    #expect(ports.inputs == [ResolvedPort(name: "in", via: .stdin, contentType: "text/csv")])
    #expect(ports.outputs == [ResolvedPort(name: "out", via: .stdout)])
    #expect(try resolve(nil, [], []) == resolve("command: [x]", [], []))
    #expect(
      message(nil, ["", ""], [])
        == "Init has 2 inputs, and a command has at most one on standard input unless an operator"
        + " file lists more: see --operator")
    #expect(message(nil, [], ["", ""])?.contains("--operator") == true)
    #expect(message("command: [x]", [], ["", ""])?.contains("--operator") == true)
  }

  private let file = """
    command: [x]
    inputs: [{name: a, content_type: text/csv}, {name: b, via: fd}]
    outputs: [{name: c, via: fifo, parameter: where}]
    """

  @Test func withFile() throws {
    let ports = try resolve(file, ["", "text/plain"], [""])
    #expect(
      ports.inputs == [
        ResolvedPort(name: "a", via: .stdin, contentType: "text/csv"),
        ResolvedPort(
          name: "b", via: .fd, contentType: "text/plain", variable: "HEADRACE_INPUT_1"),
      ])
    #expect(ports.outputs == [ResolvedPort(name: "c", via: .fifo, variable: "where")])
    #expect(
      message(file, [""], [""]) == "Init has 1 input, the operator has 2 ('a', 'b')")
    #expect(
      message("{command: [x], inputs: []}", [""], []) == "Init has 1 input, the operator has none")
  }

  @Test func contentTypes() throws {
    #expect(
      message(file, ["application/json", ""], [""])
        == "input 0 'a' is text/csv, and Init says application/json")
    #expect(try resolve(file, ["Text/CSV", ""], [""]).inputs[0].contentType == "Text/CSV")
    #expect(ContentType.agree("text/csv; charset=utf-8", "text/csv;charset=UTF-8"))
    #expect(!ContentType.agree("text/csv; charset=utf-8", "text/csv"))
    #expect(ContentType.agree("", "text/csv"))
    #expect(ContentType.agree(nil, "text/csv"))
  }

  @Test func names() throws {
    let ports = try resolve(file, ["", ""], [""], inputNames: ["first", ""])
    #expect(ports.inputs.map(\.name) == ["first", "b"])
    #expect(try ports.number(.input, of: "b") == 1)
    #expect(try ports.number(.input, of: "0") == 0)
    let error = #expect(throws: PortError.self) { try ports.number(.input, of: "2") }
    #expect(error?.description == "no input '2'; there is 0 'first', 1 'b'")
    #expect(throws: PortError.self) { try ports.number(.output, of: "a") }
    #expect(
      message(file, ["", ""], [""], inputNames: ["b", "a"])
        == "input 0 'a' is called 'b' by Init, which is another port")
    #expect(
      message(file, ["", ""], [""], inputNames: ["b"]) == "Init has 2 inputs and names for 1")
    #expect(
      message(file, ["", ""], [""], inputNames: ["x", "x"])
        == "Init gives two inputs the same name")
  }

  @Test func builtinsTakeWhatInitSays() throws {
    let ports = try resolve("builtin: merge", ["", "", ""], [""], inputNames: ["x", "y", "z"])
    #expect(ports.inputs.map(\.name) == ["x", "y", "z"])
    #expect(try resolve("builtin: echo", ["", ""], ["", ""]).outputs.count == 2)
  }

  @Test(arguments: [
    ("tee", 2, 1, "tee has 1 input, not 2"), ("tee", 1, 0, "tee has at least 1 output"),
    ("echo", 1, 2, "echo has as many outputs as inputs, not 2 for 1 input"),
    ("merge", 1, 0, "merge has 1 output, not 0"),
    ("discard", 1, 1, "discard has no outputs, not 1"),
    ("generate", 1, 1, "generate has no inputs, not 1"),
    ("throttle", 1, 2, "throttle has 1 output, not 2"),
    ("split", 1, 0, "split has at least 1 output"),
  ])
  func arities(name: String, inputs: Int, outputs: Int, problem: String) {
    let counts = [inputs, outputs].map { [String](repeating: "", count: $0) }
    #expect(message("builtin: \(name)", counts[0], counts[1]) == problem)
  }
}
