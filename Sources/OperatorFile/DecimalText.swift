// Numbers as text: what is one, and the shortest way to write it.

package enum DecimalText {
  /// The canonical digits of a whole decimal number of any length; nothing for other text.
  package static func integer(_ text: some StringProtocol) -> String? {
    var digits = Substring(text)
    var sign = ""
    if let first = digits.first, first == "-" || first == "+" {
      sign = first == "-" ? "-" : ""
      digits = digits.dropFirst()
    }
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    digits = digits.drop { $0 == "0" }
    return digits.isEmpty ? "0" : sign + digits
  }

  /// A decimal number with or without fraction and exponent; nothing for other text, and for what
  /// a double cannot hold (`1e999`).
  package static func double(_ text: String) -> Double? {
    let bytes = text.utf8
    // Swift's own parser also takes "nan", "infinity" and hexadecimal floats.
    guard
      bytes.allSatisfy({
        (48...57).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0)
      }), bytes.contains(where: { (48...57).contains($0) })
    else { return nil }
    // YAML allows `1.` and `.5`, which Swift's parser takes both.
    guard let number = Double(text), number.isFinite else { return nil }
    return number
  }

  /// The fewest digits that read back as the same number, without a fraction where there is none,
  /// and with an exponent only below 1e-6 and from 1e21 on (the rule of ECMAScript's Number
  /// to string, section 6.1.6.1.20, but without the plus sign).
  package static func shortest(_ number: Double) -> String {
    guard number.isFinite else { return number.isNaN ? "nan" : number < 0 ? "-inf" : "inf" }
    guard number != 0 else { return "0" }
    // Swift's description has the shortest digits; only their layout differs.
    let parts = number.magnitude.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".")
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    var point = mantissa[0].count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    var digits = Substring(mantissa[0] + fraction)
    while digits.first == "0" {
      digits = digits.dropFirst()
      point -= 1
    }
    while digits.last == "0" { digits = digits.dropLast() }

    let zeros = { (count: Int) in String(repeating: "0", count: count) }
    let sign = number < 0 ? "-" : ""
    switch point {
    case digits.count...21 where digits.count <= 21:
      return sign + digits + zeros(point - digits.count)
    case 1...21:
      return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    case -5...0:
      return sign + "0." + zeros(-point) + digits
    default:
      let rest = digits.dropFirst()
      return sign + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest) + "e\(point - 1)"
    }
  }
}
