// What a builtin makes of its parameters and numbers of ports: the machine of one task.

package import OperatorFile

/// A request for a builtin that cannot be met; the message is for the person who wrote it.
package struct BuiltinError: Error, Equatable, CustomStringConvertible {
  package var description: String

  package init(_ description: String) {
    self.description = description
  }
}

extension BuiltinKind {
  /// Throws if a parameter is unknown or has a value that cannot be; of those that a session needs,
  /// some may come later.
  package func check(given parameters: [String: String]) throws(BuiltinError) {
    _ = try self.settings(parameters)
    switch self {
    case .spill: _ = try SpillSettings(parameters)
    case .convert: _ = try ConvertSettings(parameters)
    default: break
    }
  }

  /// Throws if a parameter is unknown, missing, or has a value that cannot be.
  package func check(parameters: [String: String]) throws(BuiltinError) {
    try self.check(given: parameters)
    for parameter in self.parameters
    where parameter.defaultValue == nil && parameters[parameter.name] == nil {
      throw BuiltinError(
        "\(self.rawValue) needs the parameter '\(parameter.name)': \(parameter.description ?? "")")
    }
    if self == .convert { _ = try ConvertSettings(parameters).machine() }
  }

  /// The machine for one task.
  package func machine(
    parameters: [String: String], inputs: Int, outputs: Int
  ) throws(BuiltinError) -> any BuiltinMachine {
    if let problem = self.problem(inputs: inputs, outputs: outputs) { throw BuiltinError(problem) }
    try self.check(parameters: parameters)
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
    case .convert: return try ConvertSettings(parameters).machine()
    case .spill: throw BuiltinError("spill needs a disk: it is an operator of its own")
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
