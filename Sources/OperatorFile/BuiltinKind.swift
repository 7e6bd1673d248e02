// The builtin operators as a file sees them: names, ports, parameters.

/// The builtins of the contract, with what can be checked before one runs.
package enum BuiltinKind: String, CaseIterable, Sendable {
  case echo, tee, concat, merge, split, discard, generate, throttle, convert
  /// What a run puts into a wire with `buffer: disk`; not for files that people write.
  case spill

  /// Those that a file may name.
  package static let allCases: [BuiltinKind] = [
    .echo, .tee, .concat, .merge, .split, .discard, .generate, .throttle,
    .convert,
  ]

  /// How many of them it takes; nothing for any number.
  package var inputCount: Int? {
    switch self {
    case .tee, .split, .throttle, .convert, .spill: 1
    case .generate: 0
    case .echo, .concat, .merge, .discard: nil
    }
  }

  package var outputCount: Int? {
    switch self {
    case .concat, .merge, .generate, .throttle, .convert, .spill: 1
    case .discard: 0
    case .echo, .tee, .split: nil
    }
  }

  /// What is wrong with these counts of ports, if anything.
  package func problem(inputs: Int, outputs: Int) -> String? {
    func count(_ number: Int, _ word: String) -> String {
      "\(number == 0 ? "no" : "\(number)") \(word)\(number == 1 ? "" : "s")"
    }
    if let expected = inputCount, inputs != expected {
      return "\(rawValue) has \(count(expected, "input")), not \(inputs)"
    }
    if let expected = outputCount, outputs != expected {
      return "\(rawValue) has \(count(expected, "output")), not \(outputs)"
    }
    switch self {
    case .echo where inputs != outputs:
      return "echo has as many outputs as inputs, not \(outputs) for \(count(inputs, "input"))"
    case .tee where outputs == 0, .split where outputs == 0:
      return "\(rawValue) has at least 1 output"
    default:
      return nil
    }
  }

  package var parameters: [ParameterDeclaration] {
    switch self {
    case .generate:
      [
        ParameterDeclaration(
          name: "bytes", type: .string, defaultValue: .null,
          description: "how many, with K, M or G as powers of 1024; endless without"),
        ParameterDeclaration(
          name: "pattern", type: .string, defaultValue: .string("zero"),
          description: "zero, counter or random:SEED"),
      ]
    case .throttle:
      [
        ParameterDeclaration(
          name: "rate", type: .string, defaultValue: nil,
          description: "bytes a second, with K, M or G as powers of 1024")
      ]
    case .convert:
      [
        ParameterDeclaration(
          name: "from", type: .string, defaultValue: .null,
          description: "the input's form, where its port has no content type"),
        ParameterDeclaration(
          name: "to", type: .string, defaultValue: .null,
          description: "the output's form, where its port has no content type"),
        ParameterDeclaration(
          name: "type", type: .string, defaultValue: .null,
          description: "the data's type in Mantik, where the input does not say it"),
      ]
    case .spill:
      [
        ParameterDeclaration(
          name: "limit", type: .string, defaultValue: .string("10G"),
          description: "the most that its file may hold, with K, M or G as powers of 1024"),
        ParameterDeclaration(
          name: "folder", type: .string, defaultValue: .null,
          description: "where its file is made; $TMPDIR or /tmp without"),
      ]
    default: []
    }
  }
}
