// The one error of this module: what is wrong with an id, a URL or a message.

/// Why bytes or text are not what the protocol says they must be.
///
/// Callers switch on ``code``; ``message`` is for people and says what is wrong, and with what.
public struct MNPError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of thing is wrong. More may come: switch with a default.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Value: String { case malformed, tooLarge, invalidIdentifier, invalidURL }
    private let value: Value

    /// Bytes that are no message, or that break the order in which messages must come.
    public static let malformed = Code(value: .malformed)
    /// A message that would cost more than it may.
    public static let tooLarge = Code(value: .tooLarge)
    /// A session or task id that nobody may use.
    public static let invalidIdentifier = Code(value: .invalidIdentifier)
    /// Text that is no `mnp://` URL, or not the kind of URL that is needed.
    public static let invalidURL = Code(value: .invalidURL)

    public var description: String { value.rawValue }
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }

  static func malformed(_ message: String) -> MNPError { MNPError(.malformed, message) }
}
