// Whole conversions in one call, with the input cut as a test likes.

import NIOCore
import Testing

@testable import Mantik

/// Converts all of `input`, given in pieces of `size` bytes.
func convert(
  _ input: [UInt8], from: Form, to: Form, type: DataType? = nil, size: Int = .max
) throws(RowError) -> [UInt8] {
  var pieces: [[UInt8]] = []
  var start = 0
  while start < input.count {
    let end = input.count - start > size ? start + size : input.count
    pieces.append(Array(input[start..<end]))
    start = end
  }
  return try convert(pieces, from: from, to: to, type: type)
}

func convert(
  _ pieces: [[UInt8]], from: Form, to: Form, type: DataType? = nil
) throws(RowError) -> [UInt8] {
  var converter = try Converter(from: from, to: to, type: type)
  var output: [UInt8] = []
  for piece in pieces {
    converter.receive(ByteBuffer(bytes: piece))
    while let bytes = try converter.next() { output += Array(bytes.readableBytesView) }
  }
  converter.end()
  while let bytes = try converter.next() { output += Array(bytes.readableBytesView) }
  return output
}

func convert(
  _ text: String, from: Form, to: Form, type: String? = nil
) throws -> String {
  let type = try type.map { try DataType(text: $0) }
  return String(
    decoding: try convert(Array(text.utf8), from: from, to: to, type: type), as: UTF8.self)
}

/// What a conversion fails with; nothing where it succeeds.
func failure(
  _ input: [UInt8], from: Form, to: Form, type: String? = nil, size: Int = .max
) throws -> String? {
  let type = try type.map { try DataType(text: $0) }
  do throws(RowError) {
    _ = try convert(input, from: from, to: to, type: type, size: size)
    return nil
  } catch {
    return "\(error)"
  }
}

/// A type with values of it, as JSON.
struct Sample: CustomTestStringConvertible {
  var type: String
  var value: String
  /// Whether a column of Arrow can have it.
  var isArrow = true

  var testDescription: String { "\(type) \(value)" }

  /// The same as a bundle.
  func bundle() throws -> [UInt8] {
    try convert(Array(value.utf8), from: .json, to: .bundle, type: try DataType(text: type))
  }

  static let tables: [Sample] = [
    Sample(type: #"{"columns":{"x":"uint8"}}"#, value: "[[0],[255]]"),
    Sample(type: #"{"columns":{"x":"int8"}}"#, value: "[[-128],[127],[0],[-33],[-32]]"),
    Sample(type: #"{"columns":{"x":"uint32"}}"#, value: "[[0],[4294967295],[65536],[65535]]"),
    Sample(type: #"{"columns":{"x":"int32"}}"#, value: "[[-2147483648],[2147483647],[-32769]]"),
    Sample(type: #"{"columns":{"x":"uint64"}}"#, value: "[[0],[18446744073709551615]]"),
    Sample(
      type: #"{"columns":{"x":"int64"}}"#,
      value: "[[-9223372036854775808],[9223372036854775807],[-2147483649],[4294967296]]"),
    Sample(type: #"{"columns":{"x":"bool"}}"#, value: "[[true],[false],[true]]"),
    Sample(
      type: #"{"columns":{"x":"float32"}}"#,
      value: #"[[0.1],[-0.0],[3.4028235e38],[1e-45],["NaN"],["Infinity"],["-Infinity"],[16777217]]"#
    ),
    Sample(
      type: #"{"columns":{"x":"float64"}}"#,
      value: #"[[0.1],[-0.0],[1.7976931348623157e308],[5e-324],["NaN"],["-Infinity"],[1e23]]"#),
    Sample(
      type: #"{"columns":{"x":"string"}}"#,
      value: #"[[""],["plain"],["a \"quoted\" word"],["two\r\nlines"],[","],["né 😀 "],["\u0000"]]"#),
    Sample(type: #"{"columns":{"x":"void"}}"#, value: "[[null],[null]]"),
    Sample(
      type: #"{"columns":{"x":{"type":"nullable","underlying":"int32"}}}"#,
      value: "[[1],[null],[3],[null]]"),
    Sample(
      type: #"{"columns":{"x":{"type":"nullable","underlying":"string"}}}"#,
      value: #"[[null],[""],["null"]]"#),
    Sample(
      type: #"{"columns":{"b":{"type":"nullable","underlying":"bool"},"a":"string"}}"#,
      value: #"[[null,"1"],[true,"2"],[false,"3"],[null,"4"],[true,"5"],[true,"6"],[true,"7"],"#
        + #"[true,"8"],[null,"9"]]"#),
    Sample(type: #"{"columns":{"é":"int32","e\u0301":"string","a,\"b\n":"bool"}}"#, value: "[]"),
    Sample(
      type: #"{"columns":{"z":"int32","a":"string","m":"float64"}}"#,
      value: #"[[1,"one",1.5],[2,"two",-2.5]]"#),
    Sample(
      type: #"{"columns":{"t":{"type":"tensor","shape":[2,3],"componentType":"float32"}}}"#,
      value: "[[[1,2,3,4,5,6.5]]]", isArrow: false),
    Sample(
      type: #"{"columns":{"i":{"type":"image","width":2,"height":1,"components":{"black":"#
        + #"{"componentType":"uint8"}}}}}"#,
      value: #"[["AP8="]]"#, isArrow: false),
    Sample(
      type:
        #"{"columns":{"a":{"type":"array","underlying":{"type":"nullable","underlying":"string"}}}}"#,
      value: #"[[[]],[["x",null,"y,\"z\""]]]"#, isArrow: false),
    Sample(
      type: #"{"columns":{"s":{"type":"nullable","underlying":{"type":"struct","fields":"#
        + #"{"name":"string","age":{"type":"nullable","underlying":"int32"}}}}}}"#,
      value: #"[[["Ann",null]],[null],[["Bob",7]]]"#, isArrow: false),
    Sample(
      type: #"{"columns":{"inner":{"columns":{"x":"int8","y":"string"}}}}"#,
      value: #"[[[]],[[[1,"a"],[2,"b"]]]]"#, isArrow: false),
  ]

  static let elements: [Sample] = [
    Sample(type: "float64", value: "0.5"), Sample(type: "string", value: #""text""#),
    Sample(type: "void", value: "null"), Sample(type: "uint64", value: "18446744073709551615"),
    Sample(type: #"{"type":"tensor","shape":[3],"componentType":"int32"}"#, value: "[1,2,3]"),
    Sample(type: #"{"type":"nullable","underlying":"bool"}"#, value: "null"),
    Sample(type: #"{"type":"array","underlying":"string"}"#, value: #"["a","b"]"#),
    Sample(type: #"{"type":"struct","fields":{"b":"int8","a":"int8"}}"#, value: "[1,2]"),
    Sample(
      type: #"{"type":"image","width":1,"height":1,"components":{"red":{"componentType":"uint8"}},"#
        + #""format":"png"}"#, value: #""iVBORw==""#),
  ]
}
