// From bytes to a JSON value, with bounds on how deep a text may nest.

/// What is wrong with a JSON text, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  package var message: String
  /// From 1, and in bytes from 1.
  package var line: Int
  package var column: Int

  package var description: String { "line \(line), column \(column): \(message)" }
}

/// Reads one JSON text (RFC 8259), and besides the numbers `NaN`, `Infinity` and `-Infinity`. A key
/// that stands twice in an object is an error, since readers differ in which of them counts.
package struct JSONParser {
  /// Lists and objects in each other.
  package static let deepest = 100

  private let bytes: [UInt8]
  private var index = 0
  private var values = 0

  /// - Parameter bytes: the whole text.
  package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSON {
    var parser = JSONParser(bytes: bytes)
    let value = try parser.value(depth: 0)
    parser.skipBlanks()
    guard parser.index == bytes.count else { throw parser.error("more follows after the value") }
    return value
  }

  package static func parse(_ text: String) throws(JSONError) -> JSON {
    try parse(Array(text.utf8))
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  // MARK: Values

  private mutating func value(depth: Int) throws(JSONError) -> JSON {
    self.skipBlanks()
    self.values += 1
    guard self.values <= RowLimits.values else {
      throw self.error("these are more than \(RowLimits.values) values")
    }
    switch self.peek {
    case UInt8(ascii: "{"): return .object(try self.object(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try self.array(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try self.string())
    case UInt8(ascii: "t"): return try self.word("true", .bool(true))
    case UInt8(ascii: "f"): return try self.word("false", .bool(false))
    case UInt8(ascii: "n"): return try self.word("null", .null)
    case UInt8(ascii: "N"): return try self.word("NaN", .number("NaN"))
    case UInt8(ascii: "I"): return try self.word("Infinity", .number("Infinity"))
    case nil: throw self.error("a value is missing")
    default: return .number(try self.number())
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
    try self.check(depth)
    var members: [JSONObject.Member] = []
    var keys = KeySet()
    while try self.continues(isFirst: members.isEmpty, until: "}") {
      guard self.peek == UInt8(ascii: "\"") else { throw self.error("a key in quotes is missing") }
      let start = self.index
      let key = try self.string()
      guard keys.insert(key, besides: members) else {
        self.index = start
        throw self.error("the key \(Printed.quoted(key)) stands twice")
      }
      self.skipBlanks()
      try self.expect(":")
      members.append(JSONObject.Member(key, try self.value(depth: depth)))
    }
    return JSONObject(members)
  }

  private mutating func array(depth: Int) throws(JSONError) -> [JSON] {
    try self.check(depth)
    var values: [JSON] = []
    while try self.continues(isFirst: values.isEmpty, until: "]") {
      values.append(try self.value(depth: depth))
    }
    return values
  }

  private func check(_ depth: Int) throws(JSONError) {
    guard depth <= Self.deepest else {
      throw self.error("lists and objects are nested more than \(Self.deepest) deep")
    }
  }

  /// Goes past what stands before the next item of a list or an object; false behind its end.
  private mutating func continues(
    isFirst: Bool, until end: Unicode.Scalar
  ) throws(JSONError) -> Bool {
    // The bracket itself, or nothing that counts.
    if isFirst { self.index += 1 }
    self.skipBlanks()
    if self.peek == UInt8(ascii: end) {
      self.index += 1
      return false
    }
    if !isFirst {
      guard self.peek == UInt8(ascii: ",") else { throw self.error("',' or '\(end)' is missing") }
      self.index += 1
      self.skipBlanks()
    }
    return true
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let rest = self.bytes[self.index...].prefix(word.utf8CodeUnitCount)
    let isWord = word.withUTF8Buffer { rest.elementsEqual($0) }
    guard isWord else { throw self.error("this is no JSON value") }
    self.index += rest.count
    return value
  }

  // MARK: Numbers

  private mutating func number() throws(JSONError) -> String {
    let start = self.index
    if self.peek == UInt8(ascii: "-") { self.index += 1 }
    if self.peek == UInt8(ascii: "I") {
      _ = try self.word("Infinity", .null)
      return "-Infinity"
    }
    let hasLeadingZero = self.peek == UInt8(ascii: "0")
    let whole = self.digits()
    var isNumber = whole == 1 || whole > 1 && !hasLeadingZero
    if self.peek == UInt8(ascii: ".") {
      self.index += 1
      isNumber = self.digits() > 0 && isNumber
    }
    if self.peek == UInt8(ascii: "e") || self.peek == UInt8(ascii: "E") {
      self.index += 1
      if self.peek == UInt8(ascii: "+") || self.peek == UInt8(ascii: "-") { self.index += 1 }
      isNumber = self.digits() > 0 && isNumber
    }
    guard isNumber else {
      self.index = start
      throw self.error("this is no JSON value")
    }
    return String(decoding: self.bytes[start..<self.index], as: UTF8.self)
  }

  private mutating func digits() -> Int {
    let start = self.index
    while let byte = self.peek, (0x30...0x39).contains(byte) { self.index += 1 }
    return self.index - start
  }

  // MARK: Strings

  /// The string whose opening quote is next.
  private mutating func string() throws(JSONError) -> String {
    let start = self.index
    self.index += 1
    var unescaped: [UInt8] = []
    var runStart = self.index
    while let byte = self.peek {
      switch byte {
      case UInt8(ascii: "\""):
        let run = self.bytes[runStart..<self.index]
        self.index += 1
        let text =
          unescaped.isEmpty
          ? String(validating: run, as: UTF8.self)
          : String(validating: unescaped + run, as: UTF8.self)
        guard let text else {
          self.index = start
          throw self.error("this text is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"):
        unescaped += self.bytes[runStart..<self.index]
        try self.unescape(into: &unescaped)
        runStart = self.index
      case 0..<0x20:
        let digits = String(UInt16(byte) | 0x100, radix: 16).dropFirst()
        throw self.error("a control character stands in a text; it is written as \\u00\(digits)")
      default:
        self.index += 1
      }
    }
    self.index = start
    throw self.error("this text does not end")
  }

  private mutating func unescape(into text: inout [UInt8]) throws(JSONError) {
    let start = self.index
    self.index += 1
    guard let byte = self.peek else { return }
    self.index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      guard let scalar = self.scalar() else {
        self.index = start
        throw self.error("this escape is no character")
      }
      text += Array(String(scalar).utf8)
    default:
      self.index = start
      throw self.error("JSON has no such escape")
    }
  }

  /// The character behind `\u`, of two escapes where it lies above U+FFFF; nothing for half a pair.
  private mutating func scalar() -> Unicode.Scalar? {
    guard let first = self.hexadecimal() else { return nil }
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
    guard self.bytes[self.index...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
      return nil
    }
    self.index += 2
    guard let second = self.hexadecimal(), (0xDC00..<0xE000).contains(second) else { return nil }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private mutating func hexadecimal() -> UInt32? {
    let digits = self.bytes[self.index...].prefix(4)
    // The number's own parser would take a sign.
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
      return nil
    }
    self.index += 4
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }

  // MARK: Bytes

  private var peek: UInt8? { self.index < self.bytes.count ? self.bytes[self.index] : nil }

  private mutating func skipBlanks() {
    while let byte = self.peek, byte.isJSONBlank { self.index += 1 }
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(JSONError) {
    guard self.peek == UInt8(ascii: character) else {
      throw self.error("'\(character)' is missing")
    }
    self.index += 1
  }

  private func error(_ message: String) -> JSONError {
    let before = self.bytes[..<min(self.index, self.bytes.count)]
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return JSONError(
      message: message, line: before.count { $0 == 0x0A } + 1, column: before.count - lineStart + 1)
  }
}

/// Which keys an object has: compared one by one while they are few, as in a row, and hashed from
/// then on.
private struct KeySet {
  private static let few = 16
  private var hashed: Set<[UInt8]> = []

  mutating func insert(_ key: String, besides members: [JSONObject.Member]) -> Bool {
    guard members.count >= Self.few else { return !members.contains { $0.key.isSame(as: key) } }
    if self.hashed.isEmpty { self.hashed = Set(members.map { Array($0.key.utf8) }) }
    return self.hashed.insert(Array(key.utf8)).inserted
  }
}

extension UInt8 {
  /// Blank, tab, line feed, carriage return (RFC 8259, section 2).
  var isJSONBlank: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
