// The builtins by name: their parameters, their numbers of ports, and what is wrong with a request.

/// A request for a builtin that cannot be met; the message is for the person who wrote it.
package struct BuiltinError: Error, Equatable, CustomStringConvertible {
  package var description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// A parameter of a builtin.
package struct BuiltinParameter: Equatable, Sendable {
  package var name: String
  package var isRequired: Bool
  package var description: String
}

/// The operators that a node brings along. `headrace serve --builtin NAME` can check name and
/// parameters before it listens; the numbers of ports come with each session.
package enum Builtin: String, CaseIterable, Sendable {
  case echo, tee, concat, merge, split, discard, generate, throttle

  package init(named name: String) throws(BuiltinError) {
    guard let builtin = Builtin(rawValue: name) else {
      let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw BuiltinError("there is no builtin '\(name)'; the builtins are \(names)")
    }
    self = builtin
  }

  /// One line for help texts.
  package var summary: String {
    switch self {
    case .echo: "what comes in at input i goes out at output i"
    case .tee: "one input, and every output gets all of it"
    case .concat: "all of input 0, then all of input 1, and so on"
    case .merge: "whole lines of all inputs, as they become ready"
    case .split: "line k of the input goes to output k mod N"
    case .discard: "takes everything, keeps nothing"
    case .generate: "bytes of a pattern, so many or without end"
    case .throttle: "passes bytes on at a rate"
    }
  }

  package var parameters: [BuiltinParameter] {
    switch self {
    case .generate:
      [
        BuiltinParameter(
          name: "bytes", isRequired: false,
          description: "how many; K, M, G are powers of 1024; absent is endless"),
        BuiltinParameter(
          name: "pattern", isRequired: false,
          description: "zero (the default), counter or random:SEED"),
      ]
    case .throttle:
      [
        BuiltinParameter(
          name: "rate", isRequired: true,
          description: "bytes a second; K, M, G are powers of 1024")
      ]
    case .echo, .tee, .concat, .merge, .split, .discard: []
    }
  }

  /// Throws if this builtin cannot have so many ports.
  package func check(inputs: Int, outputs: Int) throws(BuiltinError) {
    let fits: Bool
    let wanted: String
    switch self {
    case .echo:
      (fits, wanted) = (inputs == outputs, "as many outputs as inputs")
    case .tee, .split:
      (fits, wanted) = (inputs == 1 && outputs >= 1, "1 input and at least 1 output")
    case .concat, .merge:
      (fits, wanted) = (outputs == 1, "1 output, and any number of inputs")
    case .discard:
      (fits, wanted) = (outputs == 0, "no output, and any number of inputs")
    case .generate:
      (fits, wanted) = (inputs == 0 && outputs == 1, "no input and 1 output")
    case .throttle:
      (fits, wanted) = (inputs == 1 && outputs == 1, "1 input and 1 output")
    }
    guard inputs >= 0, outputs >= 0, fits else {
      throw BuiltinError(
        "\(self.rawValue) has \(wanted), not \(inputs) in and \(outputs) out")
    }
  }

  /// Throws if a parameter is unknown, missing, or has a value that cannot be.
  package func check(parameters: [String: String]) throws(BuiltinError) {
    _ = try self.settings(parameters)
  }

  /// The machine for one task.
  package func machine(
    parameters: [String: String], inputs: Int, outputs: Int
  ) throws(BuiltinError) -> any BuiltinMachine {
    try self.check(inputs: inputs, outputs: outputs)
    let settings = try self.settings(parameters)
    switch self {
    case .echo: return Echo(ports: inputs)
    case .tee: return Tee(outputs: outputs)
    case .concat: return Concat(inputs: inputs)
    case .merge: return Merge(inputs: inputs)
    case .split: return Split(outputs: outputs)
    case .discard: return Discard(inputs: inputs)
    case .generate: return Generate(bytes: settings.bytes, pattern: settings.pattern)
    case .throttle: return Throttle(rate: settings.rate)
    }
  }

  private struct Settings {
    var bytes: Int?
    var pattern = GeneratePattern.zero
    var rate = 1
  }

  private func settings(_ parameters: [String: String]) throws(BuiltinError) -> Settings {
    let known = self.parameters
    for name in parameters.keys.sorted() where !known.contains(where: { $0.name == name }) {
      let names = known.map(\.name).joined(separator: ", ")
      throw BuiltinError(
        "\(self.rawValue) has no parameter '\(name)'; it has \(names.isEmpty ? "none" : names)")
    }
    for parameter in known where parameter.isRequired && parameters[parameter.name] == nil {
      throw BuiltinError(
        "\(self.rawValue) needs the parameter '\(parameter.name)': \(parameter.description)")
    }
    var settings = Settings()
    if let text = parameters["bytes"] {
      guard let bytes = parseByteCount(text) else {
        throw self.wrong("bytes", text, "a number, or one with K, M or G")
      }
      settings.bytes = bytes
    }
    if let text = parameters["pattern"] {
      guard let pattern = GeneratePattern(text) else {
        throw self.wrong("pattern", text, "zero, counter or random:SEED with a number for SEED")
      }
      settings.pattern = pattern
    }
    if let text = parameters["rate"] {
      guard let rate = parseByteCount(text), rate > 0 else {
        throw self.wrong("rate", text, "a number above 0, or one with K, M or G")
      }
      settings.rate = rate
    }
    return settings
  }

  private func wrong(_ name: String, _ value: String, _ wanted: String) -> BuiltinError {
    BuiltinError("\(self.rawValue): \(name)='\(value)' is not \(wanted)")
  }
}
