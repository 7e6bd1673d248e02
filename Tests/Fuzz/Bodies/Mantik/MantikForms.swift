// Data with a Mantik type, and headers: however they are cut, they are converted in one way or refused
// in one sentence.

internal import Mantik
internal import NIOCore

enum MantikForms {
  private static let types = [
    #"{"columns":{"a":"int32","b":{"type":"nullable","underlying":"string"},"c":"float32"}}"#,
    #"{"columns":{"x":"uint64"}}"#, #"{"columns":{}}"#, "float64", "void",
    #"{"type":"struct","fields":{"t":{"type":"tensor","shape":[2],"componentType":"int8"}}}"#,
    #"{"columns":{"t":{"columns":{"l":{"type":"array","underlying":"bool"},"v":"void"}}}}"#,
    #"{"columns":{"i":{"type":"image","width":1,"height":1,"components":{"red":"#
      + #"{"componentType":"uint8"}}}}}"#,
  ]

  /// Data in one form, in pieces, to another form and back.
  static func data(_ input: inout FuzzInput) throws {
    let (from, to) = (input.pick(Form.allCases), input.pick(Form.allCases))
    let type = input.flag() ? try DataType(text: input.pick(types)) : nil
    let cuts = input.cuts()
    let bytes = input.rest()
    let whole = convert([ByteBuffer(bytes: bytes)], from, to, type)
    let cut = convert(cuts.pieces(of: bytes), from, to, type)
    switch (whole, cut) {
    case (.success, .success): break
    case (.failure(let one), .failure(let other)):
      try requireSame("\(one)", "\(other)", "the same data in pieces")
      return try check("\(one)")
    default: throw Violation(description: "in one piece \(whole), in several \(cut)")
    }
    // How rows are put into batches depends on how they came; the rows do not.
    guard case .success(let there) = whole, case .success(let inPieces) = cut else { return }
    let back = try rows(there, to, type)
    try requireSame(try rows(inPieces, to, type), back, "the same data in pieces")
  }

  /// What a conversion gave, in a form that any table or value has.
  private static func rows(_ data: ByteBuffer, _ form: Form, _ type: DataType?) throws -> String {
    guard type != nil || form.carriesType else { return "" }
    switch convert([data], form, .bundleJSON, type) {
    case .success(let rows): return String(buffer: rows)
    case .failure(let error): throw Violation(description: "what was written is refused: \(error)")
    }
  }

  private static func convert(
    _ pieces: [ByteBuffer], _ from: Form, _ to: Form, _ type: DataType?
  ) -> Result<ByteBuffer, RowError> {
    do throws(RowError) {
      var converter = try Converter(from: from, to: to, type: type)
      var output = ByteBuffer()
      for piece in pieces {
        converter.receive(piece)
        while let bytes = try converter.next() { output.writeImmutableBuffer(bytes) }
      }
      converter.end()
      while let bytes = try converter.next() { output.writeImmutableBuffer(bytes) }
      return .success(output)
    } catch {
      return .failure(error)
    }
  }

  /// A header: what is read is written, and reads back the same.
  static func header(_ input: inout FuzzInput) throws {
    let text = String(decoding: input.rest(), as: UTF8.self)
    do {
      let header = try MantikHeader(text: text)
      let again = try MantikHeader(text: JSON.object(header.written).text)
      try requireEqual(again, header, "a header written and read")
      if header.kind == .trainable { _ = try header.trained().fields }
    } catch let error as MantikError { try check("\(error)") }
  }

  /// An error's message goes into logs and terminals.
  private static func check(_ message: String) throws {
    try require(!message.isEmpty, "an error without a message")
    try require(message.utf8.count <= 16_384, "a message of \(message.utf8.count) bytes")
    try require(
      message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control },
      "a control character in: \(message)")
  }
}
