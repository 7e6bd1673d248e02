// JSON: its order, its bounds, and where it is wrong.

import Testing

@testable import Mantik

@Suite struct JSONTests {
  @Test func keysKeepTheirOrder() throws {
    let text = #"{"z":1,"a":{"y":[true,false,null],"x":"é😀"},"m":-0.5e-7}"#
    #expect(try JSONParser.parse(text).text == text)
    guard case .object(let object) = try JSONParser.parse(text) else {
      return #expect(Bool(false))
    }
    #expect(object.members.map(\.key) == ["z", "a", "m"])
  }

  @Test func escapes() throws {
    let json = try JSONParser.parse(#""\" \\ \/ \b\f\n\r\t \u00e9 \ud83d\ude00 \u0000""#)
    #expect(json == .string("\" \\ / \u{8}\u{c}\n\r\t é 😀 \0"))
    #expect(json.text == #""\" \\ / \u0008\u000c\n\r\t é 😀 \u0000""#)
  }

  @Test func numbersKeepTheirDigits() throws {
    for text in ["0", "-0", "18446744073709551616", "0.10", "1e400", "-1.5E+3"] {
      #expect(try JSONParser.parse(text) == .number(text))
    }
    for text in ["NaN", "Infinity", "-Infinity"] {
      #expect(try JSONParser.parse(text).text == "\"\(text)\"")
    }
  }

  @Test func anObjectIsChanged() {
    var object = JSONObject([.init("a", .null), .init("b", .null), .init("c", .null)])
    object["b"] = .bool(true)
    object["a"] = nil
    object["d"] = .bool(false)
    #expect(JSON.object(object).text == #"{"b":true,"c":null,"d":false}"#)
    #expect(object["a"] == nil && object["c"] == .null)
  }

  /// To Swift both are one key.
  @Test func keysAreBytes() throws {
    let json = try JSONParser.parse(#"{"é":1,"e\u0301":2}"#)
    guard case .object(let object) = json else { return #expect(Bool(false)) }
    #expect(object["e\u{301}"] == .number("2") && object["\u{e9}"] == .number("1"))
  }

  @Test func nestsAHundredDeep() throws {
    let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    #expect(try JSONParser.parse(deep).text == deep)
    #expect(
      throws: JSONError(
        message: "lists and objects are nested more than 100 deep", line: 1, column: 101)
    ) { try JSONParser.parse("[" + deep + "]") }
  }

  @Test(arguments: [
    ("", "line 1, column 1: a value is missing"),
    (" \n ", "line 2, column 2: a value is missing"),
    ("[1,\n 2,]", "line 2, column 4: this is no JSON value"),
    ("[1 2]", "line 1, column 4: ',' or ']' is missing"),
    ("[1", "line 1, column 3: ',' or ']' is missing"),
    (#"{"a" 1}"#, "line 1, column 6: ':' is missing"),
    (#"{"a":1,}"#, "line 1, column 8: a key in quotes is missing"),
    ("{a:1}", "line 1, column 2: a key in quotes is missing"),
    (#"{"a":1,"b":2,"a":3}"#, #"line 1, column 14: the key "a" stands twice"#),
    ("1 2", "line 1, column 3: more follows after the value"),
    ("01", "line 1, column 1: this is no JSON value"),
    ("1.", "line 1, column 1: this is no JSON value"),
    (".5", "line 1, column 1: this is no JSON value"),
    ("+1", "line 1, column 1: this is no JSON value"),
    ("1e", "line 1, column 1: this is no JSON value"),
    ("nul", "line 1, column 1: this is no JSON value"),
    ("'a'", "line 1, column 1: this is no JSON value"),
    (#""a"#, "line 1, column 1: this text does not end"),
    (
      "\"a\nb\"", "line 1, column 3: a control character stands in a text; it is written as \\u000a"
    ),
    (#""\x""#, "line 1, column 2: JSON has no such escape"),
    (#""\u12g4""#, "line 1, column 2: this escape is no character"),
    (#""\ud800""#, "line 1, column 2: this escape is no character"),
    (#""\ud800\u0041""#, "line 1, column 2: this escape is no character"),
    (#""\udc00""#, "line 1, column 2: this escape is no character"),
    (#""\u+041""#, "line 1, column 2: this escape is no character"),
  ])
  func wrong(text: String, message: String) {
    do throws(JSONError) {
      _ = try JSONParser.parse(text)
      Issue.record("\(text) was read")
    } catch {
      #expect("\(error)" == message)
    }
  }

  @Test func whatIsNotUTF8() {
    do throws(JSONError) {
      _ = try JSONParser.parse([0x22, 0xFF, 0x22])
      Issue.record("it was read")
    } catch {
      #expect("\(error)" == "line 1, column 1: this text is not UTF-8")
    }
  }

  @Test func manyKeysStandOnce() throws {
    let keys = (0..<200).map { "\"k\($0)\":0" }.joined(separator: ",")
    #expect(throws: Never.self) { try JSONParser.parse("{\(keys)}") }
    #expect(throws: JSONError.self) { try JSONParser.parse("{\(keys),\"k7\":1}") }
    #expect(throws: JSONError.self) { try JSONParser.parse("{\(keys),\"k199\":1}") }
  }
}
