// A JSON value whose objects keep the order of their keys, which in Mantik's types is the order of columns.

/// A JSON value. Numbers keep their text, so that none loses digits.
package enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  /// As it was written: a number of JSON, or `NaN`, `Infinity` or `-Infinity`, which Python writes.
  case number(String)
  case string(String)
  case array([JSON])
  case object(JSONObject)

  /// "text", "a number", …: for sentences that say what was found.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .number(let text): String(text.prefix(40))
    case .string(let text): "the text \(Printed.quoted(text))"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// The members of an object, in the order in which they were written.
package struct JSONObject: Hashable, Sendable {
  package struct Member: Hashable, Sendable {
    package var key: String
    package var value: JSON

    package init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  package private(set) var members: [Member]

  /// - Parameter members: no two of one key.
  package init(_ members: [Member] = []) {
    self.members = members
  }

  /// Setting keeps a known key's place and puts a new one at the end; nil takes the member out.
  package subscript(_ key: String) -> JSON? {
    get { self.members.first { $0.key.isSame(as: key) }?.value }
    set {
      let known = self.members.firstIndex { $0.key.isSame(as: key) }
      switch (known, newValue) {
      case (let index?, let value?): self.members[index].value = value
      case (let index?, nil): self.members.remove(at: index)
      case (nil, let value?): self.members.append(Member(key, value))
      case (nil, nil): break
      }
    }
  }
}

extension String {
  /// Equal byte by byte: to Swift, `é` is equal to an e with an accent, and two columns must not
  /// become one.
  func isSame(as other: String) -> Bool { self.utf8.elementsEqual(other.utf8) }
}

/// Finds names by their bytes, however many there are: one by one, a row of thousands of columns would
/// take millions of comparisons.
struct NameIndex: Hashable, Sendable {
  private var numbers: [[UInt8]: Int] = [:]

  init(_ names: some Sequence<String> = []) {
    for (number, name) in names.enumerated() { self.numbers[Array(name.utf8)] = number }
  }

  subscript(_ name: String) -> Int? {
    get { self.numbers[Array(name.utf8)] }
    set { self.numbers[Array(name.utf8)] = newValue }
  }
}

/// Text from elsewhere for an error's message, which travels on into logs and terminals.
enum Printed {
  /// In quotes, with escapes for what is not printable, and not without end.
  static func quoted(_ text: String) -> String {
    var quoted = "\""
    let scalars = text.unicodeScalars.prefix(60)
    for scalar in scalars {
      let needsEscape = scalar == "\"" || scalar == "\\" || !isPrintable(scalar)
      quoted += needsEscape ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return quoted + "\"" + (scalars.endIndex == text.unicodeScalars.endIndex ? "" : "…")
  }

  /// A whole sentence: names and paths of the data may stand in it as they came.
  static func sentence(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard scalars.count > 1000 || !scalars.allSatisfy(self.isPrintable) else { return text }
    let start = scalars.prefix(1000).map { scalar in
      self.isPrintable(scalar) ? String(scalar) : scalar.escaped(asASCII: true)
    }
    return start.joined() + (scalars.count > 1000 ? "…" : "")
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
    default: true
    }
  }
}
