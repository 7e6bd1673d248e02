// Plans: the order of inits, tees, edges and their reasons, and both renderings.

import MNP
import OperatorFile
import Testing

@testable import Pipeline

@Suite struct PlanTests {
  private func edges(_ plan: Plan) -> [String] {
    plan.edges.map { "\(plan.label($0.from, .output)) -> \(plan.label($0.to, .input))" }
  }

  @Test func contractExample() throws {
    let plan = try warmingBench.plan(warming)
    #expect(plan.nodes.map(\.name) == ["plot", "e1", "trend", "a1b"])
    #expect(
      edges(plan) == ["a1b.years -> trend.years", "trend.years -> plot.a1b", "e1.years -> plot.e1"])
    #expect(plan.edges.map(\.contentType) == [nil, "application/x-ndjson", nil])
    #expect(plan.edges.map(\.buffer) == [.memory, .memory, .disk])
    #expect(plan.edges.allSatisfy { $0.kind == .pipe })
    #expect(plan.sources.isEmpty)
    #expect(plan.sinks.map(\.place) == [.file("/pipes/warming.png")])
    #expect(try plan.node("trend")?.host == .existing(NodeURL("mnp://10.0.0.7:8502")))
    #expect(plan.node("trend")?.initParameters.map(\.text) == ["1961"])
    #expect(plan.nodes.filter(\.startsByQuery).map(\.name) == ["e1", "a1b"])
    // What a node is started with lists its ports, even where the file left them to the wires.
    #expect(plan.node("a1b")?.definition.inputs == [])
    #expect(plan.warnings.isEmpty)
  }

  @Test func textOfTheContractExample() throws {
    #expect(
      try warmingBench.plan(warming).text == """
        pipeline warming (p.yaml)

        nodes, in the order of their inits
          plot   python3 plot.py
          e1     python3 read.py              input_path=E1_north_america.nc
          trend  runs at mnp://10.0.0.7:8502  base_start=1961
          a1b    python3 read.py              input_path=A1B_north_america.nc

        edges
          a1b.years -> trend.years  pipe  stdout to stdin
          trend.years -> plot.a1b   pipe  stdout to fd, application/x-ndjson
          e1.years -> plot.e1       pipe  stdout to fd; what does not fit waits on disk

        outputs
          plot.map -> /pipes/warming.png

        """)
  }

  /// What it is to do is told to it by Init alone.
  @Test func convertLearnsItsFormsFromItsWires() throws {
    let plan = try Bench().plan(
      """
      operators:
        rows: {command: [cat], inputs: [], outputs: [{name: out, content_type: text/csv}]}
        convert: {builtin: convert, parameters: {type: '{"columns":{"x":"int32"}}'}}
        other: {builtin: convert, outputs: [{name: out, content_type: application/json}]}
        train: {command: [cat], inputs: [{name: in, content_type: application/x-mantik-bundle}]}
      wires: [rows -> convert, convert -> train, rows -> other]
      outputs: {other: other.json, train: model}
      """)
    let convert = try #require(plan.node("convert"))
    #expect(convert.inputs.map(\.contentType) == ["text/csv"])
    #expect(convert.outputs.map(\.contentType) == ["application/x-mantik-bundle"])
    #expect(plan.node("other")?.inputs.map(\.contentType) == ["text/csv"])
    #expect(plan.node("other")?.outputs.map(\.contentType) == ["application/json"])
  }

  @Test func jsonOfASmallPlan() throws {
    let plan = try Bench().plan(
      """
      operators:
        sort: {command: [sort], parameters: {LC_ALL: C}, outputs: [{name: out, content_type: text/plain}]}
        n: {node: "mnp://h:1"}
      wires: [sort -> n]
      inputs: {sort: words.txt}
      outputs: {n.0: "-"}
      """)
    #expect(
      try plan.json() == """
        {
          "edges" : [
            {
              "buffer" : "memory",
              "content_type" : "text/plain",
              "from" : "sort.out",
              "kind" : "pipe",
              "line" : 4,
              "reason" : "stdout to node",
              "to" : "n.0"
            }
          ],
          "file" : "p.yaml",
          "inputs" : [
            {
              "line" : 5,
              "place" : "/pipes/words.txt",
              "port" : "sort.in"
            }
          ],
          "name" : "p",
          "nodes" : [
            {
              "automatic" : false,
              "inputs" : [
                {

                }
              ],
              "name" : "n",
              "node" : "mnp://h:1",
              "outputs" : [
                {

                }
              ],
              "parameters" : {

              }
            },
            {
              "automatic" : false,
              "command" : [
                "sort"
              ],
              "inputs" : [
                {
                  "name" : "in",
                  "via" : "stdin"
                }
              ],
              "name" : "sort",
              "outputs" : [
                {
                  "content_type" : "text/plain",
                  "name" : "out",
                  "via" : "stdout"
                }
              ],
              "parameters" : {
                "LC_ALL" : "C"
              }
            }
          ],
          "outputs" : [
            {
              "line" : 6,
              "place" : "-",
              "port" : "n.0"
            }
          ],
          "warnings" : [

          ]
        }

        """)
  }

  @Test func severalReadersGetATee() throws {
    let plan = try Bench().plan(
      """
      operators:
        a: {command: [a], inputs: [], outputs: [{name: rows, content_type: text/csv}]}
        b: {command: [b]}
        c: {command: [c], inputs: [{name: all, via: file}]}
      wires:
        - a.rows -> b
        - {from: a.rows, to: c.all, buffer: disk}
      outputs: {a.rows: copy.csv, b: out}
      """)
    let tee = try #require(plan.node("tee.a.rows"))
    #expect(tee.isAutomatic)
    #expect(tee.definition.program == .builtin(.tee))
    #expect(tee.inputs.map(\.contentType) == ["text/csv"])
    #expect(tee.outputs.count == 3)
    #expect(
      edges(plan) == ["a.rows -> tee.a.rows.0", "tee.a.rows.0 -> b.in", "tee.a.rows.1 -> c.all"])
    #expect(plan.edges.map(\.contentType) == ["text/csv", "text/csv", "text/csv"])
    #expect(plan.edges.map(\.buffer) == [.memory, .memory, .disk])
    #expect(plan.edges.map(\.kind) == [.pipe, .pipe, .file])
    #expect(
      plan.edges.map(\.reason) == [
        "stdout to node", "node to stdin",
        "whole on disk before c starts (via: file); what does not fit waits on disk",
      ])
    #expect(
      plan.sinks.map { "\(plan.label($0.port, .output)) -> \($0.place)" } == [
        "tee.a.rows.2 -> /pipes/copy.csv", "b.out -> /pipes/out",
      ])
    #expect(plan.nodes.map(\.name) == ["b", "c", "tee.a.rows", "a"])
    // The longest name fits behind a run's id.
    #expect("tee.".count + 2 * Name.limit + 1 <= 100)
  }

  @Test func aWireThatWaitsOnDiskGetsASpill() throws {
    let plan = try Bench().plan(
      """
      operators:
        a: {command: [a], inputs: [], outputs: [{name: rows, content_type: text/csv}]}
        c: {command: [c], inputs: [{name: few, via: stdin}, {name: all, via: file}]}
      wires:
        - a.rows -> c.few
        - {from: a.rows, to: c.all, buffer: disk}
      """)
    let spilling = plan.spilling(SpillOptions(limit: "64K", folder: "/spills"))
    let spill = try #require(spilling.node("spill.c.all"))
    #expect(spill.isAutomatic)
    #expect(spill.definition.program == .builtin(.spill))
    #expect(
      spill.initParameters.map { "\($0.name)=\($0.text)" } == ["limit=64K", "folder=/spills"])
    #expect(
      edges(spilling) == [
        "a.rows -> tee.a.rows.0", "tee.a.rows.0 -> c.few", "tee.a.rows.1 -> spill.c.all.0",
        "spill.c.all.0 -> c.all",
      ])
    #expect(spilling.edges.map(\.buffer) == [.memory, .memory, .disk, .memory])
    #expect(
      spilling.edges.map(\.reason).suffix(2) == [
        "node to node; what does not fit waits on disk",
        "whole on disk before c starts (via: file)",
      ])
    #expect(spilling.nodes.map(\.name) == ["c", "spill.c.all", "tee.a.rows", "a"])
    #expect(spilling.edges.map(\.contentType) == Array(repeating: "text/csv", count: 4))
    #expect(plan.edges.count == 3)
  }

  @Test func reasonsForFiles() throws {
    let plan = try Bench().plan(
      """
      operators:
        a: {command: [a], outputs: [{name: x, via: file}, {name: y, via: file}]}
        b: {command: [b], inputs: [x, {name: y, via: file}]}
      wires: [a.x -> b.x, a.y -> b.y]
      """)
    #expect(
      plan.edges.map(\.reason) == [
        "sent when a has exited (via: file)", "written by a and read by b as a whole (via: file)",
      ])
  }

  @Test func builtinsAndNodesAreNumbered() throws {
    let plan = try Bench().plan(
      """
      operators:
        g: {builtin: generate, parameters: {bytes: 1M}}
        s: {builtin: split}
        n: {node: "mnp://h:1"}
        m: {builtin: merge, inputs: [left, right]}
        d: {builtin: discard}
      wires:
        - g -> s
        - s.0 -> m.left
        - s.1 -> n.in
        - n.out -> m.right
        - m.out -> d.0
      """)
    #expect(
      edges(plan) == ["g.0 -> s.0", "s.0 -> m.left", "s.1 -> n.0", "n.0 -> m.right", "m.0 -> d.0"])
    #expect(plan.nodes.map(\.name) == ["d", "m", "n", "s", "g"])
    #expect(plan.node("s")?.outputs.count == 2)
    #expect(plan.node("m")?.definition.inputs?.count == 2)
    #expect(plan.node("m")?.inputs[0].via == nil)
    #expect(plan.node("g")?.startsByQuery == true)
  }

  @Test func handOffPutsFilesBetween() throws {
    let plan = try Bench().plan(
      """
      parameters: {unused: 1}
      operators:
        s: {command: [s], inputs: [], outputs: [x, {name: y, via: fifo, parameter: p}]}
        m: {command: [m], inputs: [x, {name: y, via: fd}]}
      wires: [s.x -> m.x, s.y -> m.y]
      """)
    #expect(plan.warnings.count == 2)
    let files = plan.handedOff()
    #expect(files.edges.allSatisfy { $0.kind == .file })
    #expect(files.warnings == plan.fileWarnings)
    #expect(files.node("m")?.inputs.map(\.via) == [.stdin, .file])
    #expect(files.node("m")?.definition.inputs?.map(\.via) == [.stdin, .file])
    #expect(
      files.node("s")?.definition.outputs == [
        PortDefinition(name: "x", via: .stdout),
        PortDefinition(name: "y", via: .file, parameter: "p"),
      ])
  }

  @Test func operatorWithoutPorts() throws {
    let plan = try Bench().plan("operators: {a: {command: [date]}}")
    #expect(plan.nodes[0].definition.inputs == [])
    #expect(plan.nodes[0].definition.outputs == [])
    #expect(plan.nodes[0].startsByQuery)
    #expect(plan.text == "pipeline p (p.yaml)\n\nnodes, in the order of their inits\n  a  date\n")
  }

  @Test func everyNodeComesAfterAllThatItSendsTo() throws {
    var text = "operators:\n"
    for number in 0..<40 {
      text += "  n\(number): {command: [x], inputs: [a, {name: b, via: fd}]}\n"
    }
    text += "inputs: {n0.a: x, n0.b: x, n1.a: x}\nwires:\n  - n0 -> n1.b\n"
    for number in 2..<40 {
      text += "  - n\(number - 1) -> n\(number).a\n  - n\(number - 2) -> n\(number).b\n"
    }
    text += "outputs: {n39: x}\n"
    let plan = try Bench().plan(text)
    let position = Dictionary(
      plan.nodes.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { $1 })
    for edge in plan.edges {
      #expect(try #require(position[edge.to.node]) < #require(position[edge.from.node]))
    }
    #expect(plan.nodes.filter(\.isAutomatic).count == 38)
  }

  @Test func wordsThatAShellWouldTakeApart() throws {
    let plan = try Bench().plan(
      #"operators: {a: {command: [sh, -c, "echo 'a b' | wc", "", größe, a/b=c]}}"#)
    #expect(plan.text.contains(#"  a  sh -c 'echo '\''a b'\'' | wc' '' größe a/b=c"#))
  }
}
