// What is wrong with data is said in one sentence, with its row and its column.

import NIOCore
import Testing

@testable import Mantik

@Suite struct MalformedTests {
  struct Case: CustomTestStringConvertible {
    var form: Form
    var bytes: [UInt8]
    var type: String?
    var message: String

    var testDescription: String { "\(form.rawValue): \(message)" }

    init(_ form: Form, _ text: String, _ type: String? = nil, _ message: String) {
      self.init(form, Array(text.utf8), type, message)
    }

    init(_ form: Form, _ bytes: [UInt8], _ type: String? = nil, _ message: String) {
      self.form = form
      self.bytes = bytes
      self.type = type
      self.message = message
    }
  }

  private static let ints = #"{"columns":{"x":"int32","s":"string"}}"#

  private static func one(_ type: String) -> String { #"{"columns":{"x":"\#(type)"}}"# }

  private func check(_ test: Case) throws {
    for size in [Int.max, 1] {
      let found = try failure(test.bytes, from: test.form, to: .json, type: test.type, size: size)
      #expect(found == test.message)
    }
  }

  // MARK: Values against their type

  @Test(arguments: [
    ("uint8", "256"), ("uint8", "-1"), ("int8", "128"), ("uint32", "4294967296"),
    ("int32", "-2147483649"), ("uint64", "-1"), ("uint64", "18446744073709551616"),
    ("int64", "9223372036854775808"), ("int64", "0.5"), ("int32", "true"), ("float32", "1e39"),
    ("float64", "1e309"), ("float64", "null"), ("bool", "0"), ("string", "5"), ("void", "0"),
    ("int32", "NaN"),
  ])
  func values(type: String, json: String) throws {
    try self.check(
      Case(
        .json, "[[\(json)]]", Self.one(type),
        "row 1, column \"x\": expected \(type), found \(json)"))
  }

  @Test(arguments: [
    ("uint8", "256"), ("int8", "-129"), ("int32", "1.5"), ("uint64", "-1"), ("bool", "yes"),
    ("float32", "1e39"), ("float64", "1,5"), ("int64", "0x10"), ("int32", " 1"), ("void", "null"),
  ])
  func fields(type: String, text: String) throws {
    try self.check(
      Case(
        .csv, "x\n\"\(text)\"\n", Self.one(type),
        "row 1, column \"x\": expected \(type), found \"\(text)\""))
  }

  @Test(
    arguments: [
      ("uint8", [0xCD, 0x01, 0x00], "256"), ("int8", [0xD0, 0x80], nil),
      ("int8", [0xD1, 0xFF, 0x7F], "-129"), ("uint32", [0xFF], "-1"),
      ("int64", [0xCF, 0x80, 0, 0, 0, 0, 0, 0, 0], "9223372036854775808"),
      ("uint64", [0xCF, 0xFF, 0, 0, 0, 0, 0, 0, 0], nil),
      ("int32", [0xCB, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0], "1.0"),
      ("float32", [0xCB, 0x7F, 0xEF, 0, 0, 0, 0, 0, 0], "1.7415152243978685e+308"),
      ("string", [0xC4, 0x01, 0x61], "1 bytes"),
      ("string", [0xA2, 0xC3, 0x28], "text that is not UTF-8"),
      ("bool", [0xC0], "null"), ("int32", [0xA3, 0x61, 0x22, 0x0A], #"the text "a\"\n""#),
      ("int32", [0x91, 0x01], "a list of 1"), ("int32", [0x80], "a map"),
      ("int32", [0xD4, 0x01, 0x02], "a value of an extension type"), ("float64", [0xC2], "false"),
    ] as [(String, [UInt8], String?)])
  func packed(type: String, bytes: [UInt8], found: String?) throws {
    let message = try failure([0x91] + bytes, from: .msgpack, to: .json, type: Self.one(type))
    #expect(message == found.map { "row 1, column \"x\": expected \(type), found \($0)" })
  }

  // MARK: Each form

  @Test(arguments: [
    Case(.csv, "", ints, "the line of names: the data has none"),
    Case(.csv, "x,s,t\n", ints, #"the line of names: the type has no column "t"; it has x, s"#),
    Case(.csv, "x\n", ints, #"the line of names: the column "s" is missing"#),
    Case(.csv, "x,s,x\n", ints, #"the line of names: the column "x" stands twice"#),
    Case(.csv, "x,s\n1,a\n2\n", ints, "row 2: expected 2 fields as in the line of names, found 1"),
    Case(.csv, "x,s\n1,a,\n", ints, "row 1: expected 2 fields as in the line of names, found 3"),
    Case(.csv, "x,s\n,a\n", ints, #"row 1, column "x": expected int32, found nothing"#),
    Case(.csv, "x,s\n1,a\"b\n", ints, "row 1: a quote stands inside a field without quotes"),
    Case(.csv, "x,s\n1,\"a\"b\n", ints, "row 1: more follows after a field's closing quote"),
    Case(.csv, "x,s\n1,\"a\"\rb", ints, "row 1: more follows after a field's closing quote"),
    Case(.csv, "x,s\n1,\"a\n", ints, "row 1: the data ends inside quotes"),
    Case(
      .csv, [0x78, 0x0A, 0xFF, 0x0A], one("string"),
      "row 1, column \"x\": expected string, found \"\u{FFFD}\""),
    Case(
      .csv, "t\n[1]\n", #"{"columns":{"t":{"type":"tensor","shape":[2],"componentType":"int8"}}}"#,
      #"row 1, column "t": expected a tensor of shape [2], found 1 values"#),
    Case(
      .csv, "t\nx\n", #"{"columns":{"t":{"type":"array","underlying":"int8"}}}"#,
      #"row 1, column "t": expected an array as JSON, found "x""#),
    Case(
      .jsonl, "{\"x\":1,\"s\":\"\"}\n\n{\"x\":1}\n", ints,
      #"row 3, column "s": expected string, found nothing"#),
    Case(.jsonl, #"{"x":1,"s":"","t":0}"#, ints, #"row 1: the type has no column "t""#),
    Case(.jsonl, "[1]\n", ints, "row 1: expected a row of 2 values, found one of 1"),
    Case(
      .jsonl, "{\"x\":1,\n", ints,
      "row 1: not JSON: line 2, column 1: a key in quotes is missing"),
    Case(.jsonl, "5", ints, "row 1: expected a row, found 5"),
    Case(.json, "", ints, "the data ends too early"),
    Case(.json, "{}", ints, "the value is no list of rows"),
    Case(.json, "[[1,\"a\"]", ints, "the data ends behind row 1"),
    Case(.json, "[[1,\"a\"] [2,\"b\"]]", ints, #"',' is missing behind row 1, where "[" stands"#),
    Case(.json, "[[1,\"a\"],]", ints, "row 2: not JSON: line 1, column 1: this is no JSON value"),
    Case(.json, "[[1,\"a\"]]]", ints, "more follows after the value"),
    Case(.json, "1 2", "int8", "more follows after the value"),
    Case(
      .json, "[[[1,2]]]", #"{"columns":{"a":{"type":"array","underlying":"bool"}}}"#,
      #"row 1, column "a", element 0: expected bool, found 1"#),
    Case(
      .json, "[[[[true,300]]]]", #"{"columns":{"t":{"columns":{"b":"bool","n":"uint8"}}}}"#,
      #"row 1, column "t", element 0, column "n": expected uint8, found 300"#),
    Case(
      .json, #"["AAAA"]"#,
      #"{"columns":{"i":{"type":"image","width":2,"height":2,"components":{"black":"#
        + #"{"componentType":"uint8"}}}}}"#, "row 1: expected a row, found the text \"AAAA\""),
    Case(
      .json, #"[["AAAA"]]"#,
      #"{"columns":{"i":{"type":"image","width":2,"height":2,"components":{"black":"#
        + #"{"componentType":"uint8"}}}}}"#,
      #"row 1, column "i": expected an image of 2 x 2 pixels, 4 bytes, found 3 bytes"#),
    Case(.bundleJSON, "[]", nil, #"'{' is missing, where "[" stands"#),
    Case(.bundleJSON, "{}", nil, #"the bundle has no "value""#),
    Case(.bundleJSON, #"{"type":"int8"}"#, nil, #"the bundle has no "value""#),
    Case(
      .bundleJSON, #"{"value":[],"type":"int8"}"#, nil,
      #""value" comes before "type", and rows are read as they come; give the type= beside it"#),
    Case(.bundleJSON, #"{"type":"int8","type":"int8"}"#, nil, #""type" stands twice"#),
    Case(.bundleJSON, #"{"type":"int8","value":1,"value":1}"#, nil, #""value" stands twice"#),
    Case(
      .bundleJSON, #"{"type":"int9"}"#, nil,
      #"type: there is no type "int9"; plain are uint8, int8, uint32, int32, uint64, int64, bool,"#
        + " float32, float64, string, void"),
    Case(.bundleJSON, #"{"type":"int8" "value":1}"#, nil, #"',' is missing, where "\"" stands"#),
    Case(.bundleJSON, #"{"type":"int8","value":1"#, nil, "the data ends too early"),
    Case(.bundleJSON, #"{"type":"int8","value":1}x"#, nil, "more follows after the value"),
    Case(.bundleJSON, #"{"type" "int8"}"#, nil, #"':' is missing, where "\"" stands"#),
    Case(.bundleJSON, #"{5:"int8"}"#, nil, "a key is text, not 5"),
    Case(
      .bundleJSON, #"{"type":"int8","value":1}"#, "int32",
      #"the data is "int8", and is to be read as "int32""#),
    Case(.bundle, [], nil, "the bundle's head: the data ends inside it"),
    Case(.bundle, [0x81, 0xA6], nil, "the bundle's head: the data ends inside it"),
    Case(.bundle, [0x90], nil, "the bundle's head: it is no map with 'format'"),
    Case(
      .bundle, [0xC1], nil,
      "the bundle's head: this is no MessagePack: no value begins with the byte 0xC1"),
    Case(
      .bundle, [0xC6, 0x7F, 0xFF, 0xFF, 0xFF], nil,
      "the bundle's head: this is larger than 1048576 bytes"),
    Case(
      .bundle, [0x82, 0xA1, 0x61, 0xC0, 0xA1, 0x61, 0xC0], nil,
      #"the bundle's head: the key "a" stands twice"#),
    Case(.bundle, [0x81, 0x01, 0xC0], nil, "the bundle's head: a key is no text"),
    Case(
      .bundle, Array(repeating: 0x91, count: 102) + [0xC0], nil,
      "the bundle's head: lists and maps are nested more than 100 deep"),
    Case(.msgpack, [0x91, 0x01], ints, "row 1: expected a row of 2 values, found one of 1"),
    Case(.msgpack, [0x92, 0x01, 0xA1, 0x61, 0x01], ints, "row 2: expected a row, found 1"),
    Case(.msgpack, [0x92, 0x01], ints, "row 1: the data ends inside it"),
    Case(.msgpack, [0x01, 0x01], "int8", "more follows after the value"),
    Case(.msgpack, [], "int8", "the data ends before its value"),
    Case(
      .msgpack, [0x92, 0x01, 0xDB, 0x7F, 0xFF, 0xFF, 0xFF], ints,
      "row 1: this is larger than 67108864 bytes"),
    Case(
      .msgpack, [0xDD, 0x7F, 0xFF, 0xFF, 0xFF], ints,
      "row 1: this has more than 4194304 values"),
    Case(
      .arrow, Array("PK\u{3}\u{4}".utf8) + [0, 0], nil,
      "this is no Arrow IPC stream, or its metadata is larger than 1048576 bytes"),
    Case(.arrow, [], nil, "the data ends inside a message"),
    Case(
      .arrow, [0xFF, 0xFF, 0xFF, 0xFF, 8, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0], nil,
      "the Arrow metadata is broken"),
  ])
  func cases(_ test: Case) throws {
    try self.check(test)
  }

  // MARK: Before any data

  @Test(
    arguments: [
      (
        Form.csv, Form.bundle, nil, "text/csv does not say of which type it is: type= has to say it"
      ),
      (
        .msgpack, .json, nil,
        "application/x-msgpack does not say of which type it is: type= has to say it"
      ),
      (.csv, .bundle, "float64", "text/csv holds tables, not float64"),
      (
        .json, .jsonl, #"{"type":"array","underlying":"int8"}"#,
        "application/x-ndjson holds tables, not an array"
      ),
      (
        .bundle, .arrow, #"{"columns":{"t":{"type":"tensor","shape":[1],"componentType":"int8"}}}"#,
        #"column "t": a tensor cannot be a column of Arrow here; plain types can"#
      ),
      (
        .json, .arrow,
        #"{"columns":{"i":{"type":"nullable","underlying":{"type":"struct","fields":{}}}}}"#,
        #"column "i": nullable a struct cannot be a column of Arrow here; plain types can"#
      ),
    ] as [(Form, Form, String?, String)])
  func beforehand(from: Form, to: Form, type: String?, message: String) throws {
    #expect(try failure([], from: from, to: to, type: type) == message)
  }

  /// A type that is known from the data's head alone.
  @Test func aTypeThatTheOtherFormCannotHave() throws {
    let bundle = try Sample(type: "float64", value: "1").bundle()
    #expect(try failure(bundle, from: .bundle, to: .csv) == "text/csv holds tables, not float64")
  }

  @Test func rowsBeforeTheErrorLeave() throws {
    let type = try DataType(text: Self.one("int8"))
    var converter = try Converter(from: .csv, to: .jsonl, type: type)
    converter.receive(ByteBuffer(string: "x\n1\n2\nthree\n4\n"))
    #expect(try converter.next().map { String(buffer: $0) } == "{\"x\":1}\n{\"x\":2}\n")
    for _ in 0..<2 {
      #expect(throws: RowError.self) { try converter.next() }
    }
  }

  /// A head is bounded, however it comes.
  @Test func headsThatAreTooLarge() throws {
    let long = Array(repeating: UInt8(ascii: "x"), count: RowLimits.head + 1)
    #expect(
      try failure(long, from: .csv, to: .json, type: Self.ints, size: 100_000)
        == "the line of names: this is larger than 1048576 bytes")
    let json = Array("{\"type\":\"".utf8) + long
    #expect(
      try failure(json, from: .bundleJSON, to: .json, size: 100_000)
        == "this is larger than 1048576 bytes")
  }

  @Test func nullsInArrowWhereThereMustBeNone() throws {
    let loose = try DataType(
      text: #"{"columns":{"x":{"type":"nullable","underlying":"int32"}}}"#)
    let arrow = try convert(Array("[[1],[null]]".utf8), from: .json, to: .arrow, type: loose)
    #expect(
      try failure(arrow, from: .arrow, to: .json, type: Self.one("int32"))
        == #"row 2, column "x": expected int32, found null"#)
    #expect(
      try failure(arrow, from: .arrow, to: .json, type: Self.one("int8"))
        == #"the data is {"type":"tabular","columns":{"x":{"type":"nullable","underlying":"int32"}}},"#
        + #" and is to be read as {"type":"tabular","columns":{"x":"int8"}}"#)
  }
}
