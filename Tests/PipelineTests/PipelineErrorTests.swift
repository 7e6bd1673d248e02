// Pipeline files that are wrong: what is said, and of which line and column.

import OperatorFile
import Testing

@testable import Pipeline

@Suite struct PipelineErrorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let errors: [String]
    init(_ text: String, _ errors: String...) {
      self.text = text
      self.errors = errors
    }
    var testDescription: String { text }
  }

  /// Three operators that most cases wire.
  private static let operators = """
    operators:
      read: {command: [r], inputs: [], outputs: [years]}
      trend: {command: [t], inputs: [years], outputs: [{name: years, content_type: text/csv}]}
      plot: {command: [p], inputs: [{name: a1b, via: fd}, {name: e1, via: fd}], outputs: [map]}

    """

  private func expect(_ wrong: Case, prefix: String = "") {
    var bench = warmingBench
    bench.files["/pipes/broken.yaml"] = "command: x"
    bench.files["/pipes/bare.yaml"] = "parameters: {a: {type: int}}"
    #expect(bench.errors(prefix + wrong.text) == wrong.errors)
  }

  @Test(arguments: [
    Case("", "p.yaml: is empty"),
    Case("operators", "p.yaml:1:1: the pipeline is a mapping, not text"),
    Case("name: x", "p.yaml:1:1: the pipeline has no 'operators'"),
    Case("operators: {}", "p.yaml:1:12: 'operators' is empty"),
    Case(
      "operator: {}",
      "p.yaml:1:1: unknown field 'operator' of the pipeline; did you mean 'operators'?"),
    Case(
      "operators:\n  a.b: {command: [x]}",
      "p.yaml:2:3: 'a.b' cannot name an operator: a name is 1 to 40 letters, digits, '_' and '-', and"
        + " begins with a letter or '_'"),
    Case(
      "operators:\n  a: {}",
      "p.yaml:2:3: operator 'a' has none of 'command', 'builtin', 'file' and 'node'"),
    Case(
      "operators:\n  a: {comand: [x]}",
      "p.yaml:2:7: unknown field 'comand' of operator 'a'; did you mean 'command'?"),
    Case("operators:\n  a: [x]", "p.yaml:2:6: operator 'a' is a mapping, not a list"),
    Case(
      "operators:\n  a: {command: [x], input: [y]}",
      "p.yaml:2:21: unknown field 'input' of operator 'a'; did you mean 'inputs'?"),
    Case(
      "operators:\n  a: {builtin: marge}",
      "p.yaml:2:16: 'builtin' of operator 'a' is one of echo, tee, concat, merge, split, discard,"
        + " generate, throttle, convert, not 'marge'; did you mean 'merge'?"),
    Case(
      "operators:\n  a: {builtin: throttle}",
      "p.yaml:2:3: operator 'a' needs a value for parameter 'rate'"),
    Case(
      "operators:\n  a: {file: none.yaml}",
      "p.yaml:2:13: 'file' of operator 'a': none.yaml cannot be read: No such file"),
    Case(
      "operators:\n  a: {file: broken.yaml}",
      "broken.yaml:1:10: 'command' of the operator is a list, as no shell takes it apart: [x]"),
    Case(
      "operators:\n  a: {file: bare.yaml}",
      "p.yaml:2:3: operator 'a' has no 'command', and neither has its operator file",
      "p.yaml:2:3: operator 'a' needs a value for parameter 'a'"),
    Case(
      "operators:\n  a: {file: bare.yaml, builtin: echo}",
      "p.yaml:2:3: operator 'a' needs a value for parameter 'a'",
      "p.yaml:2:33: 'builtin' cannot override the program of an operator file"),
    Case(
      "operators:\n  trend: {file: trend.operator.yaml, parameters: {base_strat: 1}}",
      "p.yaml:2:51: the operator file of operator 'trend' has no parameter 'base_strat'; did you mean"
        + " 'base_start'?"),
    Case(
      "operators:\n  trend: {file: trend.operator.yaml, parameters: {base_start: soon}}",
      "p.yaml:2:63: parameter 'base_start' of operator 'trend' is not an int: a whole number such as"
        + " 1961"),
    Case(
      "operators:\n  a: {command: [x], parameters: {p: {type: int}, q: {}}}",
      "p.yaml:2:3: operator 'a' needs a value for parameters 'p', 'q'"),
    Case(
      "parameters: {base_start: 1961}\noperators:\n  a: {command: [x, \"${base_strat}\"]}",
      "p.yaml:3:20: the pipeline has no parameter 'base_strat'; did you mean 'base_start'?"),
    Case(
      "operators:\n  a: {command: [x, \"${n}\"]}",
      "p.yaml:2:20: the pipeline has no parameter 'n'; it has no 'parameters:'"),
    Case(
      "operators:\n  a: {command: [x, \"${n\"]}",
      "p.yaml:2:20: '${' without '}' ('$${' stands for '${' itself)"),
    Case(
      "parameters: {n: 1}\noperators:\n  a: {command: [x, ${n}]}",
      "p.yaml:3:21: not YAML: did not find expected ',' or ']' (while parsing a flow sequence, which"
        + " began in line 3); between { } and [ ] write \"${…}\" in quotes"),
    Case(
      "parameters:\n  n: {type: int}\noperators:\n  a: {command: [x, \"${n}\"]}",
      "p.yaml:2:3: parameter 'n' of the pipeline has no default: give it a value with --set n=…"),
    Case(
      "operators:\n  a: {node: 10.0.0.7}",
      "p.yaml:2:13: 'node' of operator 'a': \"10.0.0.7\" is not a node's URL: it does not begin with"
        + " mnp://"),
    Case(
      "operators:\n  a: {node: \"mnp://h:8502/session\"}",
      "p.yaml:2:13: 'node' of operator 'a' is a whole node, as the run makes a session of its own:"
        + " mnp://h:8502"),
    Case(
      "operators:\n  a: {node: \"mnp://h:0\"}",
      "p.yaml:2:13: 'node' of operator 'a': \"mnp://h:0\" is not a node's URL: \"0\" is not a TCP port (1"
        + " to 65535)"),
    Case(
      "operators:\n  a: {node: \"mnp://h:1\", parameters: {p: null}}",
      "p.yaml:2:26: parameter 'p' of operator 'a' is null, which cannot be sent to a node that"
        + " already runs; leave it out"),
    Case(
      "operators: {a: {command: [x]}}\nwires: {a: b}",
      "p.yaml:2:8: 'wires' is a list, not a mapping"),
    Case(
      "operators: {a: {command: [x]}}\nwires:\n  - a.x b.y\n  - a -> b -> c\n  - a.b.c -> d",
      "p.yaml:3:5: a wire is 'operator.port -> operator.port', not 'a.x b.y'",
      "p.yaml:4:5: a wire is 'operator.port -> operator.port', not 'a -> b -> c'; write each arrow as"
        + " a wire of its own",
      "p.yaml:5:5: a wire is 'operator.port -> operator.port', not 'a.b.c -> d'"),
    Case(
      "operators: {a: {command: [x]}}\nwires:\n  - {from: a.x}\n  - {from: [a], to: a.y}\n  - {from: a,"
        + " to: a, buffer: ram}\n  - {form: a.x, to: a.y}",
      "p.yaml:3:5: a wire has no 'to'",
      "p.yaml:4:12: 'from' of a wire is operator.port, not a list",
      "p.yaml:5:30: 'buffer' of a wire is one of memory, disk, not 'ram'",
      "p.yaml:6:5: a wire has no 'from'",
      "p.yaml:6:6: unknown field 'form' of a wire; did you mean 'from'?"),
    Case(
      "operators: {a: {command: [x]}}\noutputs: {a.b.c: x, a.out: [y]}",
      "p.yaml:2:11: 'outputs' of the pipeline names operator.port, not 'a.b.c'",
      "p.yaml:2:28: the file of 'a.out' is text, not a list"),
  ])
  func reading(wrong: Case) { expect(wrong) }

  @Test(arguments: [
    Case(
      "wires:\n  - raed.years -> trend.years",
      "p.yaml:6:5: unknown operator 'raed'; did you mean 'read'?"),
    Case(
      "wires:\n  - read.yaers -> trend.years",
      "p.yaml:6:5: operator 'read' has no output 'yaers'; did you mean 'years'?"),
    Case(
      "wires:\n  - read.years -> plot.map",
      "p.yaml:6:5: 'map' is an output of operator 'plot', not an input"),
    Case(
      "wires:\n  - trend.years -> read.years",
      "p.yaml:6:5: 'years' is an output of operator 'read', not an input"),
    Case(
      "wires:\n  - read -> plot",
      "p.yaml:6:5: operator 'plot' has several inputs: plot.a1b, plot.e1"),
    Case(
      "wires:\n  - read.1 -> plot.7",
      "p.yaml:6:5: operator 'read' has no output '1'; there is 'years'",
      "p.yaml:6:5: operator 'plot' has no input '7'; there is 'a1b', 'e1'"),
    Case(
      "inputs: {plto.a1b: x}\noutputs: {plot.mpa: y}",
      "p.yaml:5:10: unknown operator 'plto'; did you mean 'plot'?",
      "p.yaml:6:11: operator 'plot' has no output 'mpa'; did you mean 'map'?"),
    Case(
      "wires:\n  - read.years -> plot.a1b\n  - trend.years -> plot.a1b\n  - read -> trend\n  - trend ->"
        + " plot.e1",
      "p.yaml:7:5: input 'plot.a1b' is fed twice, first in line 6; to join two streams put a"
        + " 'builtin: merge' or a 'builtin: concat' before it"),
    Case(
      "wires:\n  - read -> trend\ninputs: {trend.years: x}",
      "p.yaml:7:10: input 'trend.years' is fed twice, first in line 6; to join two streams put a"
        + " 'builtin: merge' or a 'builtin: concat' before it"),
    Case(
      "wires:\n  - read -> trend\n  - trend -> plot.a1b",
      "p.yaml:4:55: input 'plot.e1' is not fed: wire an output to it, or give it a file under"
        + " 'inputs:'",
      "p.yaml:4:87: output 'plot.map' is not read, so its operator would wait for ever once it has"
        + " filled its pipe: wire it, name a file for it under 'outputs:', or wire it to a 'builtin:"
        + " discard'"),
    Case(
      "wires:\n  - read -> trend\n  - trend -> plot.e1\n  - plot -> trend.years",
      "p.yaml:7:5: the wires go in a circle: trend -> plot -> trend",
      "p.yaml:8:5: input 'trend.years' is fed twice, first in line 6; to join two streams put a"
        + " 'builtin: merge' or a 'builtin: concat' before it"),
    Case(
      "inputs: {plot.a1b: \"-\", plot.e1: \"-\"}\nwires:\n  - read -> trend\noutputs: {trend: a, plot:"
        + " ./a}",
      "p.yaml:5:25: standard input is taken already, by 'plot.a1b'; a 'builtin: tee' gives one stream"
        + " to several",
      "p.yaml:8:21: 'plot' is written to the same file as 'trend' in line 8"),
    Case(
      "wires:\n  - read -> trend\n  - trend -> plot.a1b\n  - trend -> plot.e1\noutputs: {plot.map: \"-\","
        + " trend: \"-\", plot: x}",
      "p.yaml:9:26: standard output is taken already, by 'plot.map'; a 'builtin: merge' makes one"
        + " stream of several",
      "p.yaml:9:38: output 'plot.map' stands twice under 'outputs:'"),
  ])
  func wiring(wrong: Case) { expect(wrong, prefix: Self.operators) }

  @Test(arguments: [
    Case(
      "operators:\n  a: {command: [x]}\n  b: {command: [y]}\nwires:\n  - a.lines -> b.in",
      "p.yaml:5:5: operator 'a' has no output 'lines'; it lists no outputs, so it has at most 'out' on"
        + " standard output; list them with outputs: [{name: lines, via: stdout}]"),
    Case(
      "operators:\n  a: {command: [x], outputs: [{name: o, content_type: text/csv}]}\n  b: {command: [y],"
        + " inputs: [{name: i, content_type: application/json}]}\nwires:\n  - a.o -> b.i",
      "p.yaml:5:5: 'a.o' is text/csv, and 'b.i' takes application/json"),
    Case(
      "operators:\n  a: {command: [x]}\nwires:\n  - a -> a",
      "p.yaml:4:5: the wires go in a circle: a -> a"),
    Case(
      "operators:\n  x: {command: [x], inputs: [a, {name: b, via: fd}]}\n  y: {command: [x]}\n  z:"
        + " {command: [x]}\ninputs: {x.a: f}\nwires:\n  - z -> x.b\n  - y -> z\n  - x -> y",
      "p.yaml:7:5: the wires go in a circle: z -> x -> y -> z"),
    Case(
      "operators:\n  g: {builtin: generate}\n  m: {builtin: merge}\nwires:\n  - g -> m.a",
      "p.yaml:5:5: the inputs of operator 'm' are numbers (m.0, m.1, …) unless it lists names under"
        + " 'inputs:'"),
    Case(
      "operators:\n  g: {builtin: generate}\n  m: {builtin: merge}\nwires:\n  - g -> m.1\noutputs: {m: x}",
      "p.yaml:3:3: input 'm.0' is not fed: wire an output to it, or give it a file under 'inputs:'"),
    Case(
      "operators:\n  g: {builtin: generate}\n  e: {builtin: echo}\nwires:\n  - g -> e.0",
      "p.yaml:3:3: operator 'e': echo has as many outputs as inputs, not 0 for 1 input"),
    Case(
      "operators:\n  g: {builtin: generate}\n  d: {builtin: discard}\nwires:\n  - d -> g",
      "p.yaml:5:5: operator 'd' has no outputs", "p.yaml:5:5: operator 'g' has no inputs"),
    Case(
      "operators:\n  d: {builtin: discard}",
      "p.yaml:2:3: operator 'd': no wire goes to its inputs d.0, …"
    ),
    Case(
      "operators:\n  t: {builtin: tee}\ninputs: {t.1: x}",
      "p.yaml:3:10: the inputs of operator 't' are numbers (t.0) unless it lists names under"
        + " 'inputs:'"),
  ])
  func inference(wrong: Case) { expect(wrong) }

  @Test func settingsThatFitNothing() {
    var bench = Bench()
    bench.settings = [("bse", "1"), ("n", "x")]
    let text =
      "parameters: {base: 1, n: {type: int}}\noperators: {a: {command: [x, \"${n}\", \"${base}\"]}}"
    #expect(
      bench.errors(text) == [
        "--set n: not an int: a whole number such as 1961",
        "--set bse: the pipeline has no parameter 'bse'; did you mean 'base'?",
      ])
  }

  @Test func operatorFilesAreNamedFromWhereThePipelineIs() {
    let errors = #expect(throws: FileErrors.self) {
      _ = try PipelineReader.parse(
        "operators: {a: {file: sub/o.yaml}}", file: "dir/p.yaml", folder: "/x/dir",
        loadText: { _ throws(FileErrors) in "command: x" })
    }
    #expect(
      errors?.diagnostics.map(\.location) == [
        SourceLocation(file: "dir/sub/o.yaml", line: 1, column: 10)
      ])
  }

  @Test func missingFile() {
    let errors = #expect(throws: FileErrors.self) {
      try PipelineReader.load("/nonexistent.yaml")
    }
    #expect(errors?.description == "/nonexistent.yaml: cannot be read: No such file or directory")
  }
}
