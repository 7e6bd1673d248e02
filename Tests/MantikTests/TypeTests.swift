// Types: read, written, and where they are wrong.

import Testing

@testable import Mantik

@Suite struct TypeTests {
  @Test(arguments: Sample.tables + Sample.elements)
  func writtenAndRead(_ sample: Sample) throws {
    let type = try DataType(text: sample.type)
    #expect(try DataType(text: type.json.text) == type)
  }

  @Test func theOrderOfColumnsCounts() throws {
    let one = try DataType(text: #"{"columns":{"b":"int8","a":"int8"}}"#)
    #expect(one.columns?.map(\.name) == ["b", "a"])
    #expect(one.json.text == #"{"type":"tabular","columns":{"b":"int8","a":"int8"}}"#)
    #expect(try DataType(text: #"{"columns":{"a":"int8","b":"int8"}}"#) != one)
  }

  @Test func plainTypesAreWordsToo() throws {
    for plain in PlainType.allCases {
      #expect(try DataType(text: plain.rawValue) == .plain(plain))
      #expect(try DataType(text: "\"\(plain.rawValue)\"") == .plain(plain))
    }
  }

  /// Later versions may bring some.
  @Test func unknownMembersArePassedOver() throws {
    let type = try DataType(text: #"{"columns":{"a":"int8"},"rowCount":7}"#)
    #expect(type == .tabular([Column("a", .plain(.int8))]))
  }

  @Test func imagesHaveTheirBytesCounted() throws {
    let image = try DataType(
      text: #"{"type":"image","width":3,"height":2,"components":{"red":{"componentType":"uint8"},"#
        + #""blue":{"componentType":"float32"}}}"#)
    guard case .image(let image) = image else { return #expect(Bool(false)) }
    #expect(image.byteCount == 30 && image.components.map(\.channel) == [.red, .blue])
  }

  @Test(arguments: [
    ("int16", "not JSON: line 1, column 1: this is no JSON value"),
    (
      #""int16""#,
      #"there is no type "int16"; plain are uint8, int8, uint32, int32, uint64, int64, bool, float32,"#
        + " float64, string, void"
    ),
    ("5", "a type is a name or an object, not 5"),
    ("{}", "the type has neither 'type' nor 'columns'"),
    (
      #"{"type":"table"}"#,
      #"type: 'type' is one of tabular, tensor, image, nullable, array, struct, not the text "table""#
    ),
    (#"{"type":"tabular"}"#, "the type has no 'columns'"),
    (#"{"columns":["a"]}"#, "columns: 'columns' is an object of names and types"),
    (
      #"{"columns":{"a":{"columns":{"b":null}}}}"#,
      "columns.a.columns.b: a type is a name or an object, not null"
    ),
    (#"{"type":"struct","columns":{}}"#, "the type has no 'fields'"),
    (#"{"type":"nullable"}"#, "the type has no 'underlying'"),
    (
      #"{"columns":{"x":{"type":"array","underlying":"text"}}}"#,
      #"columns.x.underlying: there is no type "text"; plain are uint8, int8, uint32, int32, uint64,"#
        + " int64, bool, float32, float64, string, void"
    ),
    (#"{"type":"tensor","componentType":"int8"}"#, "the type has no 'shape'"),
    (#"{"type":"tensor","shape":3,"componentType":"int8"}"#, "shape: 'shape' is a list of numbers"),
    (
      #"{"type":"tensor","shape":[2,-1],"componentType":"int8"}"#,
      "shape[1]: this is a whole number above 0, not -1"
    ),
    (
      #"{"type":"tensor","shape":["${n}"],"componentType":"int8"}"#,
      #"shape[0]: this is a whole number above 0, not the text "${n}""#
    ),
    (
      #"{"type":"tensor","shape":[2048,2049],"componentType":"int8"}"#,
      "shape: the tensor has more than 4194304 values"
    ),
    (
      #"{"type":"tensor","shape":[2],"componentType":"void"}"#,
      "componentType: a tensor cannot be of void"
    ),
    (
      #"{"type":"tensor","shape":[2],"componentType":"int"}"#,
      #"componentType: 'componentType' is the name of a plain type, not the text "int""#
    ),
    (#"{"type":"image","width":1,"height":0}"#, "height: this is a whole number above 0, not 0"),
    (
      #"{"type":"image","width":1,"height":1,"components":{}}"#,
      "components: 'components' is an object of channels, at least one"
    ),
    (
      #"{"type":"image","width":1,"height":1,"components":{"grey":{"componentType":"int8"}}}"#,
      #"components: a channel is one of red, green, blue, black, not "grey""#
    ),
    (
      #"{"type":"image","width":1,"height":1,"components":{"red":{"componentType":"bool"}}}"#,
      "components.red.componentType: a channel is of a type of fixed size, not bool"
    ),
    (
      #"{"type":"image","width":1,"height":1,"components":{"red":{"componentType":"int8"}},"#
        + #""format":"gif"}"#, #"format: 'format' is one of plain, png, jpeg, not the text "gif""#
    ),
    (
      #"{"type":"image","width":9999999999,"height":9999999999,"components":{"red":"#
        + #"{"componentType":"int8"}}}"#, "the image has more than 67108864 bytes"
    ),
  ])
  func wrong(text: String, message: String) {
    do throws(MantikError) {
      _ = try DataType(text: text)
      Issue.record("\(text) was read")
    } catch {
      #expect("\(error)" == message)
    }
  }

  @Test func whatMayBeNullShowsInTheValues() throws {
    let strict = try DataType(
      text: #"{"columns":{"a":"int8","b":{"type":"array","underlying":"int8"}}}"#)
    let loose = try DataType(
      text: #"{"columns":{"a":{"type":"nullable","underlying":"int8"},"b":{"type":"array","#
        + #""underlying":{"type":"nullable","underlying":"int8"}}}}"#)
    #expect(strict.canRead(loose) && loose.canRead(strict))
    #expect(!strict.canRead(try DataType(text: #"{"columns":{"a":"int8"}}"#)))
    #expect(!strict.canRead(.plain(.int8)))
  }
}
