// The value of a string literal of Python. Source: the Language Reference, section 2.5.1.

enum PythonString {
  /// What stands between the quotes, with its escapes read.
  ///
  /// - Returns: nothing for `\N{…}`, whose names are a table of Unicode's.
  static func value(_ text: String, isRaw: Bool) -> String? {
    guard !isRaw, text.utf8.contains(Byte(ascii: "\\")) else { return text }
    var result = String.UnicodeScalarView()
    var rest = Substring(text).unicodeScalars
    while let scalar = rest.popFirst() {
      guard scalar == "\\", let escape = rest.popFirst() else {
        result.append(scalar)
        continue
      }
      switch escape {
      case "\n": break
      case "\r": if rest.first == "\n" { rest.removeFirst() }
      case "\\", "'", "\"": result.append(escape)
      case "n": result.append("\n")
      case "t": result.append("\t")
      case "r": result.append("\r")
      case "a": result.append("\u{7}")
      case "b": result.append("\u{8}")
      case "f": result.append("\u{C}")
      case "v": result.append("\u{B}")
      case "0"..."7":
        var digits = String(escape)
        while digits.count < 3, let digit = rest.first, ("0"..."7").contains(digit) {
          digits.unicodeScalars.append(digit)
          rest.removeFirst()
        }
        guard let value = UInt32(digits, radix: 8).flatMap(Unicode.Scalar.init) else { return nil }
        result.append(value)
      case "x", "u", "U":
        let count = escape == "x" ? 2 : escape == "u" ? 4 : 8
        guard let value = UInt32(String(rest.prefix(count)), radix: 16).flatMap(Unicode.Scalar.init)
        else { return nil }
        result.append(value)
        rest = rest.dropFirst(count)
      case "N": return nil
      default:
        // Python keeps the backslash.
        result.append(scalar)
        result.append(escape)
      }
    }
    return String(result)
  }
}

extension StringProtocol {
  func trimmingBlanks() -> String {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }
}
