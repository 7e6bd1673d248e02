// What is fuzzed: each target takes bytes in several forms and checks more than that nothing crashes.

/// A fuzz target. The first byte of an input chooses the form in which the rest is taken: as raw
/// bytes, or as choices from which something well-formed (or nearly so) is built.
package struct FuzzTarget: Sendable {
  typealias Form = @Sendable (inout FuzzInput) throws -> Void

  package let name: String
  private let forms: [Form]

  package static let all = [
    FuzzTarget(
      name: "http2",
      forms: [
        { try HTTP2Forms.raw(.server, &$0) }, { try HTTP2Forms.raw(.client, &$0) },
        { try HTTP2Forms.frames(.server, &$0) }, { try HTTP2Forms.frames(.client, &$0) },
        { try HTTP2Forms.conversation(.server, &$0) },
        { try HTTP2Forms.conversation(.client, &$0) },
        { try HTTP2Pair.run(&$0) },
      ]),
    FuzzTarget(
      name: "grpc",
      forms: [
        GRPCForms.rawMessages, GRPCForms.framedMessages, GRPCForms.request, GRPCForms.response,
        GRPCForms.codecs,
      ]),
    FuzzTarget(
      name: "mnp",
      forms: [
        MNPForms.controlMessage, MNPForms.rawPush, MNPForms.rawPull, MNPForms.encodedPush,
        MNPForms.encodedPull, MNPForms.fields, MNPForms.texts, MantikForms.data,
        MantikForms.header,
      ]),
    FuzzTarget(
      name: "files",
      forms: [
        FileForms.rawPipeline, FileForms.rawOperator, FileForms.pipelineText,
        FileForms.operatorText, FileForms.definition, FileForms.scalars,
      ]),
  ]

  /// Throws `Violation` where what must hold does not.
  package func check(_ bytes: some Collection<UInt8>) throws {
    var input = FuzzInput(bytes)
    // So that the digits name the forms in inputs that people write.
    let form = Int(input.byte() &- UInt8(ascii: "0")) % forms.count
    try forms[form](&input)
  }
}

/// Something that must hold did not.
package struct Violation: Error, CustomStringConvertible {
  package let description: String
}

func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(Violation) {
  guard condition else { throw Violation(description: message()) }
}

func requireEqual<Value: Equatable>(
  _ found: Value, _ expected: Value, _ message: @autoclosure () -> String
) throws(Violation) {
  guard found == expected else {
    throw Violation(description: "\(message()): \(found) instead of \(expected)")
  }
}

/// Text is compared by its bytes: to Swift, é is equal to an e with an accent.
func requireSame(
  _ found: String, _ expected: String, _ message: @autoclosure () -> String
) throws(Violation) {
  guard found.utf8.elementsEqual(expected.utf8) else {
    throw Violation(description: "\(message()): \(found) instead of \(expected)")
  }
}
