// A parameter's value, its type, and how both look in a program's environment.

/// What a parameter may be declared as.
package enum ParameterType: String, CaseIterable, Sendable {
  case string, int, float, bool

  /// How such a value is written, for error messages.
  package var hint: String {
    switch self {
    case .string: "text"
    case .int: "an int: a whole number such as 1961"
    case .float: "a float: a number such as 0.5"
    case .bool: "a bool: true or false"
    }
  }
}

/// A parameter's value. Integers keep their digits, so that none is too large.
package enum ParameterValue: Hashable, Sendable {
  case string(String)
  /// Decimal digits without leading zeros, with a minus where negative.
  case int(String)
  case float(Double)
  case bool(Bool)
  /// The variable is taken out of the environment.
  case null

  /// The value of an unquoted scalar by YAML's core schema.
  package init(plain text: String) {
    switch text {
    case "", "~", "null", "Null", "NULL": self = .null
    case "true", "True", "TRUE": self = .bool(true)
    case "false", "False", "FALSE": self = .bool(false)
    case ".nan", ".NaN", ".NAN": self = .float(.nan)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": self = .float(.infinity)
    case "-.inf", "-.Inf", "-.INF": self = .float(-.infinity)
    default:
      if let digits = DecimalText.integer(text) {
        self = .int(digits)
      } else if let number = Self.radixInteger(text) {
        self = .int(String(number))
      } else if let number = DecimalText.double(text) {
        self = .float(number)
      } else {
        self = .string(text)
      }
    }
  }

  private static func radixInteger(_ text: String) -> UInt64? {
    if text.hasPrefix("0x") { return hexadecimal(text.dropFirst(2)) }
    guard text.hasPrefix("0o"), text.utf8.dropFirst(2).allSatisfy({ (48...55).contains($0) })
    else { return nil }
    return UInt64(text.dropFirst(2), radix: 8)
  }

  private static func hexadecimal(_ digits: Substring) -> UInt64? {
    digits.allSatisfy(\.isHexDigit) ? UInt64(digits, radix: 16) : nil
  }

  /// What the program finds in its environment: numbers in shortest decimal form, `True` or
  /// nothing for truth (in Python `bool("False")` is true), and no variable at all for null.
  package var environmentText: String? {
    switch self {
    case .string(let text): text
    case .int(let digits): digits
    case .float(let number): DecimalText.shortest(number)
    case .bool(let flag): flag ? "True" : ""
    case .null: nil
    }
  }

  /// "text", "a number", …: for sentences that say what was found.
  package var kind: String {
    switch self {
    case .string: "text"
    case .int, .float: "a number"
    case .bool: "true or false"
    case .null: "nothing"
    }
  }
}

extension ParameterType {
  /// A text from a flag, from Init or from quotes as a value of this type.
  ///
  /// - Returns: nothing when it is none.
  package func value(of text: String) -> ParameterValue? {
    switch self {
    case .string:
      return .string(text)
    case .int:
      return DecimalText.integer(text).map(ParameterValue.int)
    case .float:
      if let digits = DecimalText.integer(text) { return .int(digits) }
      if let number = DecimalText.double(text) { return .float(number) }
      switch text.lowercased() {
      case "nan", ".nan": return .float(.nan)
      case "inf", "+inf", ".inf", "+.inf": return .float(.infinity)
      case "-inf", "-.inf": return .float(-.infinity)
      default: return nil
      }
    case .bool:
      switch text.lowercased() {
      case "true": return .bool(true)
      // The empty string is how false looks in an environment, and may come back from one.
      case "false", "": return .bool(false)
      default: return nil
      }
    }
  }

  /// A value of any kind as one of this type; null is a value of every type.
  package func value(of value: ParameterValue) -> ParameterValue? {
    switch (self, value) {
    case (_, .null), (.int, .int), (.float, .int), (.float, .float), (.bool, .bool): value
    case (_, .string(let text)): self.value(of: text)
    case (.string, _): value.environmentText.map(ParameterValue.string)
    default: nil
    }
  }

  /// A scalar of a file as one of this type. A plain text that is declared to be a string keeps
  /// its letters: `1.10` stays `1.10`.
  package func value(of scalar: YAMLScalar) -> ParameterValue? {
    if scalar.value == .null { return .null }
    if self == .string { return .string(scalar.text) }
    return value(of: scalar.value)
  }
}
