// Every type through every form and back.

import NIOCore
import Testing

@testable import Mantik

@Suite struct RoundTripTests {
  @Test(arguments: Sample.tables, Form.allCases)
  func tables(_ sample: Sample, _ form: Form) throws {
    guard sample.isArrow || form != .arrow else { return }
    try self.check(sample, form)
  }

  @Test(arguments: Sample.elements, [Form.bundle, .bundleJSON, .msgpack, .json])
  func elements(_ sample: Sample, _ form: Form) throws {
    try self.check(sample, form)
  }

  private func check(_ sample: Sample, _ form: Form) throws {
    let bundle = try sample.bundle()
    let type = try DataType(text: sample.type)
    let other = try convert(bundle, from: .bundle, to: form)
    let given = form.carriesType ? nil : type
    #expect(try convert(other, from: form, to: .bundle, type: given) == bundle)
    // A type that is given beside the data's own is the same one.
    #expect(try convert(other, from: form, to: .bundle, type: type) == bundle)
    for size in [1, 2, 3, 7] {
      #expect(try convert(other, from: form, to: .bundle, type: given, size: size) == bundle)
    }
  }

  @Test func formsAsTheyAre() throws {
    let type = #"{"columns":{"x":"int32","name":{"type":"nullable","underlying":"string"}}}"#
    let json = #"[[1,"a,b"],[-2,null],[3,""]]"#
    #expect(
      try convert(json, from: .json, to: .csv, type: type)
        == "x,name\r\n1,\"a,b\"\r\n-2,\r\n3,\"\"\r\n")
    #expect(
      try convert(json, from: .json, to: .jsonl, type: type) == """
        {"x":1,"name":"a,b"}
        {"x":-2,"name":null}
        {"x":3,"name":""}

        """)
    #expect(
      try convert(json, from: .json, to: .bundleJSON, type: type)
        == #"{"type":{"type":"tabular","columns":{"x":"int32","name":{"type":"nullable","#
        + #""underlying":"string"}}},"value":[[1,"a,b"],[-2,null],[3,""]]}"#)
    #expect(try convert(json, from: .json, to: .json, type: type) == json)
  }

  @Test func messagePackAsItIs() throws {
    let type = try DataType(text: #"{"columns":{"x":"uint8","f":"float32"}}"#)
    let rows = try convert(Array("[[200,0.5],[1,1]]".utf8), from: .json, to: .msgpack, type: type)
    #expect(
      rows == [
        0x92, 0xCC, 0xC8, 0xCA, 0x3F, 0x00, 0x00, 0x00, 0x92, 0x01, 0xCA, 0x3F, 0x80, 0x00, 0x00,
      ])
    let bundle = try convert(rows, from: .msgpack, to: .bundle, type: type)
    let head: [UInt8] = [0x81, 0xA6] + Array("format".utf8) + [0x82, 0xA4] + Array("type".utf8)
    #expect(bundle.starts(with: head) && bundle.suffix(rows.count) == rows[...])
  }

  /// What other writers make of the same values.
  @Test func readsWhatOthersWrite() throws {
    let numbers = #"{"columns":{"f":"float32","d":"float64","i":"int32"}}"#
    let type = try DataType(text: numbers)
    // Python writes all floats in 64 bits, and whole ones as integers.
    let rows: [UInt8] = [
      0x93, 0xCB, 0x3F, 0xB9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A, 0x02, 0xD1, 0, 5,
    ]
    let text = try convert(rows, from: .msgpack, to: .json, type: type)
    #expect(String(decoding: text, as: UTF8.self) == "[[0.1,2.0,5]]")
    #expect(
      try convert(
        "[[NaN, Infinity, 7.0], [1E2, -Infinity, 7e0]]", from: .json, to: .json, type: numbers)
        == #"[["NaN","Infinity",7],[100.0,"-Infinity",7]]"#)
    #expect(
      try convert(
        "\u{FEFF}i,f,d\n1,nan,-inf\n\n2,NaN,Infinity\n\n", from: .csv, to: .json, type: numbers)
        == #"[["NaN","-Infinity",1],["NaN","Infinity",2]]"#)
    #expect(
      try convert(
        #"{"d":1,"i":2,"f":3}"# + "\n\n[1,2,3]\r\n" + #"{"f":1,"d":1,"i":1}"#, from: .jsonl,
        to: .json,
        type: numbers) == "[[3.0,1.0,2],[1.0,2.0,3],[1.0,1.0,1]]")
  }

  @Test func aJSONBundleMayHaveMoreInIt() throws {
    let text =
      #" { "version" : [1, {"a":"}"}], "type" : {"columns":{"x":"int8"}} , "value" : [ [ 1 ] , {"x":2} ] , "x":0 } "#
    #expect(try convert(text, from: .bundleJSON, to: .jsonl) == "{\"x\":1}\n{\"x\":2}\n")
    let late = #"{"value":[[1]],"type":{"columns":{"x":"int8"}}}"#
    #expect(
      try convert(late, from: .bundleJSON, to: .json, type: #"{"columns":{"x":"int8"}}"#) == "[[1]]"
    )
  }

  @Test func absentKeysAreNull() throws {
    let type = #"{"columns":{"a":{"type":"nullable","underlying":"int8"},"b":"int8"}}"#
    #expect(try convert(#"{"b":1}"#, from: .jsonl, to: .json, type: type) == "[[null,1]]")
  }

  @Test func tablesWithoutColumns() throws {
    let type = try DataType(text: #"{"columns":{}}"#)
    let bundle = try convert(Array("[[],[]]".utf8), from: .json, to: .bundle, type: type)
    for form in Form.allCases where form != .csv {
      let other = try convert(bundle, from: .bundle, to: form)
      #expect(try convert(other, from: form, to: .bundle, type: type) == bundle, "\(form)")
    }
    #expect(
      try failure(bundle, from: .bundle, to: .csv)
        == "text/csv holds tables with columns, and this one has none")
  }

  @Test func contentTypes() {
    for form in Form.allCases {
      #expect(Form(contentType: form.contentType) == form && Form(form.rawValue) == form)
      #expect(Form(form.contentType) == form)
    }
    #expect(Form(contentType: "application-x-mantik-bundle-json") == .bundleJSON)
    #expect(Form(contentType: "Text/CSV; header=present") == .csv)
    #expect(Form(contentType: "csv") == nil && Form("text") == nil && Form("") == nil)
  }
}
