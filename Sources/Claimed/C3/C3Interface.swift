// What CLAIMED's compiler, C3, takes an operator's interface to be: the interface of the compiled one.

/// The interface with which C3 writes its descriptors. Source: claimed-c3 0.4.3, run on the samples of
/// Tests/ClaimedTests/Golden.
package struct C3Interface: Codable, Equatable, Sendable {
  package struct Input: Codable, Equatable, Sendable {
    package var name: String
    package var description: String
    /// `String`, `Integer`, `Float` or `Boolean`.
    package var type: String
    /// As C3 cuts it out of the line; nothing makes the parameter required.
    package var defaultText: String?

    enum CodingKeys: String, CodingKey {
      case name, description, type
      case defaultText = "default"
    }

    /// A missing default is written as null, as C3's own value is.
    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(description, forKey: .description)
      try container.encode(type, forKey: .type)
      try container.encode(defaultText, forKey: .defaultText)
    }
  }

  package struct Output: Codable, Equatable, Sendable {
    package var name: String
    package var description: String
    /// Nothing for scripts in R.
    package var type: String?
  }

  package var name: String
  package var description: String
  /// In the order in which C3 meets them.
  package var inputs: [Input]
  package var outputs: [Output]
  /// The lines that the image's build runs.
  package var requirements: [String]
}

/// C3 ends with an exception.
package struct C3Crash: Error, Equatable, CustomStringConvertible {
  /// Python's name of it, with its words where they do not depend on the version of Python.
  package var exception: String
  /// What of the operator brought it about.
  package var cause: String

  package var description: String { "C3 crashes (\(exception)): \(cause)" }

  static func attribute(_ name: String, _ cause: String) -> C3Crash {
    C3Crash(
      exception: "AttributeError: 'NoneType' object has no attribute '\(name)'", cause: cause)
  }

  static func key(_ name: String, _ cause: String) -> C3Crash {
    C3Crash(exception: "KeyError: '\(name)'", cause: cause)
  }

  static func index(of kind: String, _ cause: String) -> C3Crash {
    C3Crash(exception: "IndexError: \(kind) index out of range", cause: cause)
  }
}
