// Session and task ids: which ones are accepted, and which ones we make.

/// A session's id on its node: 1 to 256 bytes of printable UTF-8 without `/`.
///
/// Two ids are equal when their bytes are. (Swift's own strings are equal when people would read
/// them as the same, so that two ids of a peer could become one.)
public struct SessionID: Hashable, Sendable, CustomStringConvertible {
  private let identifier: Identifier

  /// Throws: ``MNPError/Code/invalidIdentifier`` that names the rule that `text` breaks.
  public init(_ text: String) throws(MNPError) {
    identifier = try Identifier(text, what: "session id")
  }

  /// An id of our own making: additionally at most 128 bytes of `A-Z a-z 0-9 . _ ~ -`, so that
  /// any peer's URL parser takes it as it is.
  public static func make(_ text: String) throws(MNPError) -> SessionID {
    try Identifier.checkPortable(text, what: "session id")
    return try SessionID(text)
  }

  /// A new id of 20 letters and digits that nobody else has.
  public static func random() -> SessionID { SessionID(identifier: .random()) }

  private init(identifier: Identifier) { self.identifier = identifier }

  init(wire bytes: some Collection<UInt8>) throws(MNPError) {
    identifier = try Identifier(wire: bytes, what: "session id")
  }

  public var description: String { identifier.text }
}

/// A task's id in its session, and in every session that its data travels through: 1 to 256 bytes
/// of printable UTF-8 without `/`. Equal when the bytes are.
public struct TaskID: Hashable, Sendable, CustomStringConvertible {
  private let identifier: Identifier

  /// Throws: ``MNPError/Code/invalidIdentifier`` that names the rule that `text` breaks.
  public init(_ text: String) throws(MNPError) {
    identifier = try Identifier(text, what: "task id")
  }

  /// An id of our own making: additionally at most 128 bytes of `A-Z a-z 0-9 . _ ~ -`.
  public static func make(_ text: String) throws(MNPError) -> TaskID {
    try Identifier.checkPortable(text, what: "task id")
    return try TaskID(text)
  }

  /// A new id of 20 letters and digits that nobody else has.
  public static func random() -> TaskID { TaskID(identifier: .random()) }

  private init(identifier: Identifier) { self.identifier = identifier }

  init(wire bytes: some Collection<UInt8>) throws(MNPError) {
    identifier = try Identifier(wire: bytes, what: "task id")
  }

  public var description: String { identifier.text }
}

extension String {
  /// Equality as the wire has it. Swift's own takes two spellings of one character (é, and e with
  /// an accent) for the same.
  package func hasSameBytes(as other: String) -> Bool {
    var (one, other) = (self, other)
    return one.withUTF8 { left in
      other.withUTF8 { right in
        left.elementsEqual(right)
      }
    }
  }

  /// The hash that goes with `hasSameBytes`.
  package func hashBytes(into hasher: inout Hasher) {
    var text = self
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

/// The most bytes an id may have. On the wire a longer one is refused from its length alone.
let maximumIdentifierBytes = 256

/// What both kinds of id have in common.
struct Identifier: Hashable, Sendable {
  let text: String

  static func == (one: Identifier, other: Identifier) -> Bool {
    one.text.hasSameBytes(as: other.text)
  }

  func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }

  init(_ text: String, what: String) throws(MNPError) {
    let count = text.utf8.count
    if count == 0 { throw MNPError(.invalidIdentifier, "the \(what) is empty") }
    if count > maximumIdentifierBytes { throw Identifier.tooLong(count, what: what) }
    for scalar in text.unicodeScalars where !isPrintable(scalar) {
      throw MNPError(
        .invalidIdentifier,
        "the \(what) \(quoted(text)) has the character U+"
          + String(scalar.value, radix: 16, uppercase: true) + ", which is not printable")
    }
    if text.utf8.contains(UInt8(ascii: "/")) {
      throw MNPError(.invalidIdentifier, "the \(what) \(quoted(text)) has a slash")
    }
    self.text = text
  }

  init(wire bytes: some Collection<UInt8>, what: String) throws(MNPError) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw MNPError(.invalidIdentifier, "the \(what) is not UTF-8")
    }
    try self.init(text, what: what)
  }

  private init(unchecked text: String) { self.text = text }

  static func random() -> Identifier {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    var generator = SystemRandomNumberGenerator()
    return Identifier(
      unchecked: String((0..<20).map { _ in alphabet.randomElement(using: &generator) ?? "0" }))
  }

  static func tooLong(_ count: some BinaryInteger, what: String) -> MNPError {
    MNPError(
      .invalidIdentifier,
      "the \(what) has \(count) bytes; \(maximumIdentifierBytes) are the most it may have")
  }

  static func checkPortable(_ text: String, what: String) throws(MNPError) {
    guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy(isPortable) else {
      throw MNPError(
        .invalidIdentifier,
        "the \(what) \(quoted(text)) is not 1 to 128 of the characters A-Z a-z 0-9 . _ ~ -"
      )
    }
  }

  private static func isPortable(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
