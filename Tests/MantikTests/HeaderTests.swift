// Headers of items: kinds, ports, meta variables, and what training makes of them.

import Testing

@testable import Mantik

@Suite struct HeaderTests {
  private let trainable = """
    kind: trainable
    name: kmeans
    version: "0.1"
    author: Ann
    bridge: learn
    trainedBridge: predict
    metaVariables:
      - {name: size, type: int32, value: 2, note: kept}
      - {name: label, type: string, value: $x}
    trainingType:
      columns:
        z: {type: tensor, shape: ["${size}"], componentType: float64}
        a: string
    statType: void
    type:
      input: {columns: {z: {type: tensor, shape: ["${size}"], componentType: float64}}}
      output: {columns: {label: int32}}
    more: {b: "${label}", a: ["$${size}", "$$", "a${size}", "${size} ", 1.50, .inf]}
    """

  @Test func kindsHaveTheirPorts() throws {
    func ports(_ text: String) throws -> String {
      let header = try MantikHeader(text: text)
      func list(_ ports: [ItemPort]) -> String {
        ports.map { ($0.type?.json.text ?? "-") + " " + $0.contentType }.joined(separator: ", ")
      }
      return "\(header.kind.rawValue): \(list(header.inputs)) -> \(list(header.outputs))"
    }
    let bundle = "application/x-mantik-bundle"
    #expect(
      try ports("type: {input: int8, output: bool}")
        == #"algorithm: "int8" \#(bundle) -> "bool" \#(bundle)"#)
    #expect(
      try ports(#"{"kind": "dataset", "type": "string"}"#)
        == #"dataset:  -> "string" \#(bundle)"#)
    #expect(
      try ports(
        "{kind: trainable, trainingType: int8, statType: void, type: {input: int8, output: bool}}")
        == #"trainable: "int8" \#(bundle) -> - application/zip, "void" \#(bundle)"#)
    #expect(
      try ports("{kind: combiner, input: [int8, bool], output: [string]}")
        == #"combiner: "int8" \#(bundle), "bool" \#(bundle) -> "string" \#(bundle)"#)
    #expect(try ports("{kind: bridge, suitable: [algorithm], protocol: 2}") == "bridge:  -> ")
  }

  @Test func metaVariablesArePutIn() throws {
    let header = try MantikHeader(text: self.trainable)
    #expect(header.inputs[0].type?.columns?.map(\.name) == ["z", "a"])
    #expect(header.inputs[0].type?.columns?[0].type == .tensor(shape: [2], component: .float64))
    #expect(
      header.fields["more"]?.text
        == #"{"b":"$x","a":["${size}","$","a${size}","${size} ",1.5,"Infinity"]}"#)
    #expect(header.fields["metaVariables"] == header.written["metaVariables"])
    #expect(
      header.metaVariables.map(\.value) == [.int(2), .string("$x")]
        && header.metaVariables.allSatisfy { !$0.isFixed })
  }

  @Test func yamlAndJSONSayTheSame() throws {
    let yaml = try MantikHeader(text: self.trainable)
    let json = try MantikHeader(text: " \n" + JSON.object(yaml.written).text)
    #expect(yaml == json)
    #expect(
      yaml.written.members.map(\.key) == [
        "kind", "name", "version", "author", "bridge", "trainedBridge", "metaVariables",
        "trainingType", "statType", "type", "more",
      ])
    #expect(yaml.text("version") == "0.1" && yaml.text("account") == nil)
  }

  @Test func otherValuesOfMetaVariables() throws {
    let header = try MantikHeader(text: self.trainable)
    let larger = try header.setting([("size", .number("5")), ("label", .string("y"))])
    #expect(larger.inputs[0].type?.columns?[0].type == .tensor(shape: [5], component: .float64))
    #expect(larger.fields["more"]?.text.hasPrefix(#"{"b":"y","#) == true)
    #expect(
      larger.written["metaVariables"]?.text
        == #"[{"name":"size","type":"int32","value":5,"note":"kept"},"#
        + #"{"name":"label","type":"string","value":"y"}]"#)
    #expect(try header.setting([]) == header)
  }

  @Test func training() throws {
    let header = try MantikHeader(text: self.trainable).setting([("size", .number("3"))])
    let trained = try header.trained()
    #expect(trained.kind == .algorithm && trained.inputs.count == 1 && trained.outputs.count == 1)
    #expect(trained.inputs[0].type?.columns?[0].type == .tensor(shape: [3], component: .float64))
    #expect(
      trained.written.members.map(\.key) == [
        "kind", "author", "bridge", "metaVariables", "trainingType", "statType", "type", "more",
      ])
    #expect(trained.text("bridge") == "predict")
    #expect(
      trained.written["metaVariables"]?.text
        == #"[{"name":"size","type":"int32","value":3,"note":"kept","fix":true},"#
        + #"{"name":"label","type":"string","value":"$x","fix":true}]"#)
    #expect(
      throws: MantikError(
        "the meta variable is fixed and keeps its value", at: "metaVariables.size")
    ) {
      try trained.setting([("size", .number("4"))])
    }
    #expect(throws: MantikError.self) { try trained.trained() }
  }

  @Test func trainedByTheSameBridge() throws {
    let text =
      "{kind: trainable, bridge: b, trainingType: int8, statType: int8, type: {input: int8, output: int8}}"
    #expect(try MantikHeader(text: text).trained().text("bridge") == "b")
  }

  @Test(arguments: [
    ("", "the header is empty"),
    ("[]", "a header is an object, not a list"),
    ("a: b: c", "the header:1:5: not YAML: mapping values are not allowed in this context"),
    (#"{"kind": }"#, "the header is not JSON: line 1, column 10: this is no JSON value"),
    ("kind: dataset\n? [a]\n: b", "the header:2:3: a key is text, not a list"),
    (
      "kind: model",
      "kind: the kind is one of dataset, algorithm, trainable, combiner, bridge, not the text \"model\""
    ),
    ("kind: dataset", "type: the type is missing"),
    ("name: x", "type: this is an object with 'input' and 'output'"),
    ("type: {input: int8}", "type.output: the type is missing"),
    (
      "type: {input: {columns: {x: int9}}, output: int8}",
      "type.input.columns.x: there is no type \"int9\"; plain are uint8, int8, uint32, int32, uint64,"
        + " int64, bool, float32, float64, string, void"
    ),
    (
      "{kind: trainable, type: {input: int8, output: int8}, statType: int8}",
      "trainingType: the type is missing"
    ),
    ("{kind: combiner, input: int8, output: []}", "input: this is a list of types"),
    (
      "{kind: combiner, input: [int8, 5], output: []}",
      "input[1]: a type is a name or an object, not 5"
    ),
    (
      "{kind: dataset, type: int8, a: {b: ['${n}']}}",
      "a.b[0]: there is no meta variable \"n\"; there is none"
    ),
    (
      "{kind: dataset, type: int8, metaVariables: {n: 1}}",
      "metaVariables: this is a list, not an object"
    ),
    (
      "{kind: dataset, type: int8, metaVariables: [n]}",
      "metaVariables[0]: a meta variable is an object, not the text \"n\""
    ),
    (
      "{kind: dataset, type: int8, metaVariables: [{type: int8, value: 1}]}",
      "metaVariables[0]: a meta variable has a 'name'"
    ),
    (
      "{kind: dataset, type: int8, metaVariables: [{name: n, value: 1}]}",
      "metaVariables[0]: the meta variable \"n\" has no 'type'"
    ),
    (
      "{kind: dataset, type: int8, metaVariables: [{name: n, type: int8}]}",
      "metaVariables[0]: the meta variable \"n\" has no 'value'"
    ),
    (
      "{kind: dataset, type: int8, metaVariables: [{name: n, type: int8, value: 300}]}",
      "metaVariables[0].value: expected int8, found 300"
    ),
    (
      "{kind: dataset, type: int8, metaVariables: [{name: n, type: int8, value: 3, fix: 1}]}",
      "metaVariables[0]: 'fix' is true or false, not 1"
    ),
    (
      "{kind: dataset, type: int8, metaVariables: [{name: n, type: int8, value: 3}, {name: n, type: int8, value: 3}]}",
      "metaVariables: the meta variable \"n\" stands twice"
    ),
  ])
  func wrong(text: String, message: String) {
    do throws(MantikError) {
      _ = try MantikHeader(text: text)
      Issue.record("\(text) was read")
    } catch {
      #expect("\(error)" == message)
    }
  }

  @Test func valuesThatCannotBeSet() throws {
    let header = try MantikHeader(
      text:
        "{kind: dataset, type: int8, metaVariables: [{name: n, type: int8, value: 3}, {name: f, type: bool, value: true, fix: true}]}"
    )
    func refusal(_ name: String, _ json: JSON) -> String? {
      do throws(MantikError) {
        _ = try header.setting([(name, json)])
        return nil
      } catch {
        return "\(error)"
      }
    }
    #expect(refusal("m", .null) == #"metaVariables: there is no meta variable "m"; there is n, f"#)
    #expect(refusal("n", .string("4")) == #"metaVariables.n: expected int8, found the text "4""#)
    #expect(
      refusal("f", .bool(false))
        == "metaVariables.f: the meta variable is fixed and keeps its value")
    #expect(refusal("n", .number("4")) == nil)
  }

  @Test func headersAreBounded() {
    let long = "name: " + String(repeating: "x", count: MantikHeader.limit)
    #expect(throws: MantikError("the header is larger than 1048576 bytes")) {
      try MantikHeader(text: long)
    }
  }
}
