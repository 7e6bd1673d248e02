// A default of Python: its value where it is a literal, else its text.

internal import OperatorFile

struct PythonLiteral {
  private enum Value {
    case text(String)
    case int(String)
    case float(Double)
    case bool(Bool)
    case none
    /// Something that only the program can evaluate.
    case source
  }

  private let literal: Value
  private let source: String

  init(_ range: Range<Int>, _ code: Code) {
    source = code.source(range)
    if let text = code.text(range) {
      literal = .text(text)
    } else if range.count == 1
      || (range.count == 2 && code.tokens[range.lowerBound].isMark("-", "+"))
    {
      literal = Self.word(source.filter { $0 != " " && $0 != "_" })
    } else {
      literal = .source
    }
  }

  private static func word(_ word: String) -> Value {
    switch word {
    case "None": return .none
    case "True": return .bool(true)
    case "False": return .bool(false)
    default:
      if let digits = DecimalText.integer(word) { return .int(digits) }
      return DecimalText.double(word).map(Value.float) ?? .source
    }
  }

  /// The type that a default shows where there is no cast: not that of a text, which all values are.
  var bareType: ParameterType? {
    switch literal {
    case .int: .int
    case .float: .float
    case .bool: .bool
    case .text, .none, .source: nil
    }
  }

  /// What Python's casts make of it. What a cast would fail on stays as it is written.
  func value(as type: ParameterType?) -> OperatorInterface.Default {
    let value: ParameterValue? =
      switch (type, literal) {
      case (_, .source): nil
      case (_, .none): type == .int || type == .float ? nil : .null
      case (.bool, .text(let text)): .bool(!text.isEmpty)
      case (.bool, .bool(let flag)): .bool(flag)
      case (.bool, .int(let digits)): .bool(digits != "0")
      case (.bool, .float(let number)): .bool(number != 0)
      case (.int, .text(let text)):
        DecimalText.integer(text.trimmingBlanks()).map(ParameterValue.int)
      case (.int, .int(let digits)): .int(digits)
      case (.int, .bool(let flag)): .int(flag ? "1" : "0")
      case (.int, .float): nil
      case (.float, .text(let text)): ParameterType.float.value(of: text.trimmingBlanks())
      case (.float, .int(let digits)): .int(digits)
      case (.float, .float(let number)): .float(number)
      case (.float, .bool(let flag)): .int(flag ? "1" : "0")
      case (_, .text(let text)): .string(text)
      case (_, .int(let digits)): .string(digits)
      case (_, .float(let number)): .string(DecimalText.shortest(number))
      case (_, .bool(let flag)): .string(flag ? "True" : "False")
      }
    return value.map(OperatorInterface.Default.value) ?? .source(source)
  }

  /// Whether a cast to bool makes true of a text that says false.
  var isFalseInWords: Bool {
    guard case .text(let text) = literal else { return false }
    return ["false", "no", "off", "0", "f", "n"].contains(text.lowercased())
  }
}
