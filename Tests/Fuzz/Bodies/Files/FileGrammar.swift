// Operator and pipeline files from choices: the schema's fields, mostly with what belongs there.

/// Writes YAML in the flow style, where a value needs no line of its own.
enum FileGrammar {
  private static let names = [
    "a", "b", "c", "in", "out", "x1", "_y", "a-b", "set", "1bad", "é", "",
  ]
  private static let scalars = [
    "1", "1.10", "0x1F", "0o17", ".nan", "-.inf", "1e999", "true", "False", "null", "~", "text",
    "\"quoted\"", "'single'", "\"${a}\"", "\"${set}/x\"", "\"$${a}\"", "\"${\"", "\"\\0\"", "-",
    "é",
    "\"\"", "10s", "500ms", "2d", "allow", "fail", "!!str 1", "! 2", "&anchor 3", "*anchor", "[]",
    "{}", "[1, 2]", "{default: 1}", "\"\\u0085\"", "\"line\\nend\"", "|", ">-", "!!binary aGk=",
    "2001-01-01", "0.1", "12345678901234567890123", "\"\\ud800\"", "\"e\\u0301\"", "/abs", "../up",
  ]
  private static let media = ["stdin", "stdout", "fd", "fifo", "file", "pipe"]
  private static let builtins = [
    "echo", "tee", "concat", "merge", "split", "discard", "generate", "throttle", "cat",
  ]

  static func operatorFile(_ input: inout FuzzInput) -> String {
    operatorFields(&input).map { $0 + "\n" }.joined()
  }

  static func pipelineFile(_ input: inout FuzzInput) -> String {
    var lines: [String] = []
    if input.choice(4) == 0 { lines.append("name: \(scalar(&input))") }
    if input.flag() { lines.append("parameters: \(parameters(&input))") }
    lines.append("operators:")
    for _ in 0..<input.choice(6) {
      var fields = operatorFields(&input)
      switch input.choice(5) {
      case 0: fields.append("file: \(input.pick(["op.yaml", "/op.yaml", "\"${set}\"", "1"]))")
      case 1: fields.append("node: \(input.pick(["mnp://h:1", "mnp://h:1/s", "[::1]", "x"]))")
      default: break
      }
      lines.append("  \(name(&input)): {\(fields.joined(separator: ", "))}")
    }
    lines.append("wires:")
    for _ in 0..<input.choice(8) {
      let (from, to) = (port(&input), port(&input))
      lines.append(
        input.choice(4) > 0
          ? "  - \(from) -> \(to)"
          : "  - {from: \(from), to: \(to), buffer: \(input.pick(["memory", "disk", "x"]))}")
    }
    for direction in ["inputs", "outputs"] {
      lines.append("\(direction):")
      for _ in 0..<input.choice(4) { lines.append("  \(port(&input)): \(scalar(&input))") }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func operatorFields(_ input: inout FuzzInput) -> [String] {
    var fields: [String] = []
    switch input.choice(4) {
    case 0, 1: fields.append("command: [\(scalar(&input)), \(scalar(&input))]")
    case 2: fields.append("builtin: \(input.pick(builtins))")
    default: break
    }
    for _ in 0..<input.choice(6) {
      switch input.choice(10) {
      case 0, 1: fields.append("parameters: \(parameters(&input))")
      case 2, 3: fields.append("inputs: \(ports(&input))")
      case 4, 5: fields.append("outputs: \(ports(&input))")
      case 6: fields.append("env: {\(name(&input)): \(scalar(&input))}")
      case 7: fields.append("workdir: \(scalar(&input))")
      case 8:
        fields.append(
          input.flag() ? "grace: \(scalar(&input))" : "early_end: \(scalar(&input))")
      default: fields.append("\(input.text(6)): \(input.text(8))")
      }
    }
    return fields
  }

  private static func parameters(_ input: inout FuzzInput) -> String {
    let entries = (0..<input.choice(4)).map { _ in
      let name = name(&input)
      guard input.flag() else { return "\(name): \(scalar(&input))" }
      let type = input.pick(["string", "int", "float", "bool", "text"])
      return "\(name): {default: \(scalar(&input)), type: \(type), description: \(scalar(&input))}"
    }
    return "{\(entries.joined(separator: ", "))}"
  }

  private static func ports(_ input: inout FuzzInput) -> String {
    let entries = (0..<input.choice(4)).map { _ in
      switch input.choice(4) {
      case 0: return name(&input)
      case 1: return "{name: \(name(&input)), via: \(input.pick(media))}"
      case 2:
        return "{name: \(name(&input)), via: \(input.pick(media)), parameter: \(name(&input)),"
          + " content_type: \(scalar(&input))}"
      default: return "{name: \(name(&input)), content_type: text/plain}"
      }
    }
    return "[\(entries.joined(separator: ", "))]"
  }

  private static func port(_ input: inout FuzzInput) -> String {
    let name = name(&input)
    switch input.choice(4) {
    case 0: return name
    case 1: return "\(name).\(input.choice(3))"
    default: return "\(name).\(FileGrammar.name(&input))"
    }
  }

  private static func name(_ input: inout FuzzInput) -> String {
    // Few, so that they meet.
    input.choice(4) > 0 ? names[input.choice(4)] : input.pick(names)
  }

  private static func scalar(_ input: inout FuzzInput) -> String {
    input.choice(8) > 0 ? input.pick(scalars) : input.text(input.choice(10))
  }
}
