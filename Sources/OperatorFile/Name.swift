// The names that people give to operators, ports and parameters.

package enum Name {
  /// Names of operators and ports become part of session ids (at most 128 bytes with a run's id
  /// in front and a tee's port behind) and of `operator.port`, so they have no dot and are short.
  package static let limit = 40

  /// Whether `text` can name an operator or a port: a letter or `_` first (a number would be a
  /// port number), then letters, digits, `_` and `-`.
  package static func isValid(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= limit else { return false }
    return (isLetter(first) || first == 0x5F)
      && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x5F || $0 == 0x2D }
  }

  package static let rule =
    "a name is 1 to \(limit) letters, digits, '_' and '-', and begins with a letter or '_'"

  /// Whether an environment can hold a variable of this name. Parameters reach programs under
  /// exactly their names, so nothing more is asked of them.
  package static func isVariable(_ text: String) -> Bool {
    (1...256).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy {
        $0 != "=" && !$0.properties.isWhitespace && $0.properties.generalCategory != .control
      }
  }

  package static let variableRule =
    "a name of a variable has no '=', no blank, no control character and at most 256 bytes"

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
