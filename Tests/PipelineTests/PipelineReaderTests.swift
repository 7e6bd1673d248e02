// Pipeline files that are right, the contract's example first.

import OperatorFile
import Testing

@testable import Pipeline

/// Parses and plans with a fixed folder and operator files from memory.
struct Bench {
  var files: [String: String] = [:]
  var settings: [(name: String, text: String)] = []

  func read(_ text: String) throws -> PipelineDefinition {
    let files = files
    return try PipelineReader.parse(
      text, file: "p.yaml", folder: "/pipes",
      settings: settings.map { GivenParameter(name: $0.name, text: $0.text) },
      loadText: { path throws(FileErrors) in
        guard let text = files[path] else {
          throw FileErrors([
            Diagnostic("cannot be read: No such file", at: SourceLocation(file: path))
          ])
        }
        return text
      })
  }

  func plan(_ text: String) throws -> Plan { try Plan(read(text)) }

  /// The errors of reading and planning, as text.
  func errors(_ text: String) -> [String] {
    do {
      _ = try plan(text)
      return []
    } catch let error as FileErrors {
      return error.diagnostics.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }
}

/// The pipeline file of the contract, word for word but for the comments.
let warming = """
  name: warming
  parameters: {base_start: 1961}        # ${base_start}; headrace run --set base_start=1971
  operators:
    a1b:   {command: [python3, read.py], parameters: {input_path: A1B_north_america.nc}, outputs: [{name: years, via: stdout}]}
    e1:    {command: [python3, read.py], parameters: {input_path: E1_north_america.nc},  outputs: [{name: years, via: stdout}]}
    trend: {file: trend.operator.yaml, parameters: {base_start: "${base_start}"}, node: "mnp://10.0.0.7:8502"}   # or a node
    plot:  {command: [python3, plot.py], inputs: [{name: a1b, via: fd}, {name: e1, via: fd}], outputs: [{name: map, via: fifo, parameter: output_path}]}
  wires:
    - a1b.years -> trend.years
    - trend.years -> plot.a1b
    - {from: e1.years, to: plot.e1, buffer: disk}   # the long form; a bounded spill
  inputs: {}                            # operator.port: file, or - for standard input
  outputs:
    plot.map: warming.png               # operator.port: file, or - for standard output
  """

let trendFile = """
  command: [python3, trend.py]
  parameters:
    base_start: {default: 1950, type: int}
  inputs: [{name: years, via: stdin}]
  outputs: [{name: years, via: stdout, content_type: application/x-ndjson}]
  """

let warmingBench = Bench(files: ["/pipes/trend.operator.yaml": trendFile])

@Suite struct PipelineReaderTests {
  @Test func contractExample() throws {
    let pipeline = try warmingBench.read(warming)
    #expect(pipeline.name == "warming")
    #expect(pipeline.operators.map(\.name) == ["a1b", "e1", "trend", "plot"])
    #expect(pipeline.operators.map(\.location.line) == [4, 5, 6, 7])
    #expect(pipeline.wires.map(\.location.line) == [9, 10, 11])
    #expect(pipeline.wires.map(\.buffer) == [.memory, .memory, .disk])
    #expect(pipeline.inputs.isEmpty)
    #expect(pipeline.outputs.map(\.place) == [.file("/pipes/warming.png")])
    let trend = pipeline.operators[2]
    #expect(trend.node?.description == "mnp://10.0.0.7:8502")
    #expect(trend.operatorFile == "/pipes/trend.operator.yaml")
    #expect(trend.givenParameters == ["base_start"])
    #expect(trend.definition[parameter: "base_start"]?.type == .int)
    #expect(trend.definition[parameter: "base_start"]?.defaultValue == .int("1961"))
    #expect(pipeline.warnings.isEmpty)
  }

  @Test func settings() throws {
    var bench = warmingBench
    bench.settings = [("base_start", "1966"), ("base_start", "1971")]
    let trend = try bench.read(warming).operators[2]
    #expect(trend.definition[parameter: "base_start"]?.defaultValue == .int("1971"))
  }

  @Test func substitution() throws {
    var bench = Bench()
    bench.settings = [("out", "/made.txt")]
    let pipeline = try bench.read(
      """
      parameters:
        n: 5
        flag: false
        nothing: null
        out: {description: the result}
        host: {default: 10.0.0.7, type: string}
      operators:
        a:
          command: ["${n}", "x${n}y${n}", "$${n}", "$n", "$$", "a$${b}${n}", "${nothing}"]
          parameters: {n: "${n}", flag: "${flag}", no: "${nothing}", text: "n=${n}"}
          env: {N: "${n}"}
          workdir: dir-${n}
        b: {node: "mnp://${host}:8502"}
      outputs:
        a.out: ${out}
      """)
    let (a, b) = (pipeline.operators[0].definition, pipeline.operators[1])
    #expect(a.program == .command(["5", "x5y5", "${n}", "$n", "$$", "a${b}5", ""]))
    #expect(
      a.parameters.map(\.defaultValue) == [.int("5"), .bool(false), .null, .string("n=5")])
    #expect(a.environment == [EnvironmentSetting(name: "N", value: "5")])
    #expect(a.workdir == "/pipes/dir-5")
    #expect(b.node?.description == "mnp://10.0.0.7:8502")
    #expect(pipeline.outputs[0].place == .file("/made.txt"))
  }

  @Test func pathsStartAtTheFileAndThoseOfTheCommandLineWhereTheUserStands() throws {
    let text = """
      parameters: {in: data.csv, out: results, dir: work}
      operators: {a: {command: [cat], workdir: "${dir}"}}
      inputs: {a: "${in}"}
      outputs: {a: "${out}/made.csv"}
      """
    let here = TextFile.absolute(".")
    var bench = Bench()
    var pipeline = try bench.read(text)
    #expect(pipeline.inputs[0].place == .file("/pipes/data.csv"))
    #expect(pipeline.outputs[0].place == .file("/pipes/results/made.csv"))
    #expect(pipeline.operators[0].definition.workdir == "/pipes/work")
    bench.settings = [("in", "other.csv"), ("out", "../there"), ("dir", "/tmp")]
    pipeline = try bench.read(text)
    #expect(pipeline.inputs[0].place == .file(TextFile.absolute("other.csv", in: here)))
    #expect(pipeline.outputs[0].place == .file(TextFile.absolute("../there/made.csv", in: here)))
    #expect(pipeline.operators[0].definition.workdir == "/tmp")
    bench.settings = [("in", "-")]
    #expect(try bench.read(text).inputs[0].place == .standardStream)
  }

  @Test func substitutionStaysInThePipelineFile() throws {
    let bench = Bench(files: ["/pipes/o.yaml": "{command: [echo, \"${HOME}\"]}"])
    let pipeline = try bench.read("{operators: {a: {file: o.yaml}}}")
    #expect(pipeline.operators[0].definition.program == .command(["echo", "${HOME}"]))
  }

  @Test func overrides() throws {
    let bench = Bench(files: [
      "/pipes/ops/o.yaml": """
      command: [x]
      parameters: {a: {default: 1, type: int, description: d}, b: text, c: {}}
      inputs: [i]
      outputs: [o]
      env: {E: 1, F: 2}
      grace: 5s
      """
    ])
    let pipeline = try bench.read(
      """
      operators:
        plain: {file: ops/o.yaml, parameters: {c: 3}}
        other:
          file: ops/o.yaml
          command: [y, -v]
          parameters: {a: 2, c: null, d: {default: 4}}
          inputs: [{name: j, via: fd}]
          env: {F: null, G: 3}
          workdir: here
          grace: 1m
          early_end: fail
      """)
    let plain = pipeline.operators[0].definition
    #expect(plain.program == .command(["x"]))
    #expect(plain.workdir == "/pipes/ops")
    #expect(plain.parameters.map(\.defaultValue) == [.int("1"), .string("text"), .int("3")])
    let other = pipeline.operators[1].definition
    #expect(other.program == .command(["y", "-v"]))
    #expect(other.workdir == "/pipes/here")
    #expect(
      other.parameters.map(\.defaultValue) == [.int("2"), .string("text"), .null, .int("4")])
    #expect(other.parameters[0].description == "d")
    #expect(other.inputs == [PortDefinition(name: "j", via: .fd)])
    #expect(other.outputs == [PortDefinition(name: "o", via: .stdout)])
    #expect(
      other.environment == [
        EnvironmentSetting(name: "E", value: "1"), EnvironmentSetting(name: "F", value: nil),
        EnvironmentSetting(name: "G", value: "3"),
      ])
    #expect(other.grace == .seconds(60))
    #expect(other.earlyEnd == .fail)
    #expect(pipeline.operators[1].givenParameters == ["a", "c", "d"])
  }

  @Test func dashWithoutQuotes() throws {
    let pipeline = try Bench().read(
      """
      operators:
        a: {command: [cat]}
        b: {command: [cat]}
      inputs:
        a.in: -
        b.in: "-"
      outputs:
        a.out: -   # standard output
      """)
    #expect(pipeline.inputs.map(\.place) == [.standardStream, .standardStream])
    #expect(pipeline.outputs.map(\.place) == [.standardStream])
    #expect(pipeline.outputs[0].location.line == 8)
    #expect(try Bench().read("{operators: {a: {command: [x]}}, inputs: {a: -}}").inputs.count == 1)
  }

  @Test func names() throws {
    let text = "operators: {a: {command: [x]}}"
    #expect(try Bench().read(text).name == "p")
    let read = { (file: String) throws in
      try PipelineReader.parse(text, file: file, folder: "/").name
    }
    #expect(try read("/a/b/warming.pipeline.yaml") == "warming")
    #expect(try read("-") == "pipeline")
  }

  @Test func unusedParametersAreWarnedOf() throws {
    let pipeline = try Bench().read("parameters: {n: 1}\noperators: {a: {command: [x]}}")
    #expect(
      pipeline.warnings.map(\.description) == [
        "p.yaml:1:14: parameter 'n' of the pipeline is used nowhere; operators get it where '${n}'"
          + " stands"
      ])
  }

  @Test func fieldsThatAForeignNodeIgnores() throws {
    let pipeline = try Bench().read(
      "operators:\n  a: {node: \"mnp://h:1\", grace: 1s, inputs: [x], env: {A: 1}}")
    #expect(
      pipeline.warnings.map(\.description) == [
        "p.yaml:2:50: 'env' of operator 'a' has no effect: its node already runs",
        "p.yaml:2:26: 'grace' of operator 'a' has no effect: its node already runs",
      ])
  }

  /// Whatever is left of a file gives a plan or errors, never a crash; and so where one character
  /// is missing.
  @Test func everyPrefixAndManyGaps() {
    for (number, end) in warming.indices.enumerated() {
      _ = warmingBench.errors(String(warming[..<end]))
      guard number % 4 == 0 else { continue }
      var gap = warming
      gap.remove(at: end)
      _ = warmingBench.errors(gap)
    }
    #expect(warmingBench.errors(warming).isEmpty)
  }
}
