// Numbers as decimal text: exact, and without a detour where there is a short way.

/// A decimal number taken apart: `digits` times ten to the `exponent`.
struct DecimalNumber {
  private let isNegative: Bool
  private let digits: UInt64
  private let exponent: Int
  /// More digits than `digits` holds: only the text has them all.
  private let isCut: Bool
  private let text: UnsafeRawBufferPointer

  /// Digits with or without sign, fraction and exponent.
  ///
  /// - Parameter text: must outlive this value.
  /// - Returns: nothing for other text.
  init?(_ text: UnsafeRawBufferPointer) {
    var index = 0
    let count = text.count
    var isNegative = false
    if count > 0, text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") {
      isNegative = text[0] == UInt8(ascii: "-")
      index = 1
    }
    var digits: UInt64 = 0
    var isCut = false
    var fraction = 0
    var pointAt: Int?
    let start = index
    while index < count {
      let byte = text[index]
      if byte == UInt8(ascii: "."), pointAt == nil {
        pointAt = index
      } else if byte >= 0x30, byte <= 0x39 {
        // Up to 19 digits fit.
        if digits >= 1_000_000_000_000_000_000 {
          isCut = true
        } else {
          digits = digits &* 10 &+ UInt64(byte &- 0x30)
          if pointAt != nil { fraction += 1 }
        }
      } else {
        break
      }
      index += 1
    }
    guard index - start > (pointAt == nil ? 0 : 1) else { return nil }
    var exponent = 0
    if index < count {
      guard text[index] | 0x20 == UInt8(ascii: "e"), count - index <= 8,
        let number = Int(String(decoding: text[(index + 1)...], as: UTF8.self))
      else { return nil }
      exponent = number
    }
    self.isNegative = isNegative
    self.digits = digits
    self.isCut = isCut
    self.exponent = exponent - fraction
    self.text = text
  }

  /// The number as one of this type; nothing where the type has no such number. A fraction of zeros
  /// is none.
  func value(as type: PlainType) -> Value? {
    switch type {
    case .float64: return self.double.map(Value.float64)
    case .float32: return self.float.map(Value.float32)
    case .bool, .string, .void: return nil
    default:
      guard let magnitude = self.magnitude else { return nil }
      guard self.isNegative else { return type.value(magnitude) }
      guard magnitude <= 1 << 63 else { return nil }
      return type.value(Int64(truncatingIfNeeded: 0 &- magnitude))
    }
  }

  /// The whole number without its sign.
  private var magnitude: UInt64? {
    // 20 digits may fit: the parser of the library knows.
    if self.isCut {
      let unsigned = self.text.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
      return UInt64(String(decoding: unsigned, as: UTF8.self))
    }
    if self.exponent == 0 || self.digits == 0 { return self.digits }
    guard self.exponent.magnitude < 20 else { return nil }
    var power: UInt64 = 1
    for _ in 0..<self.exponent.magnitude { power &*= 10 }
    if self.exponent < 0 {
      let (quotient, remainder) = self.digits.quotientAndRemainder(dividingBy: power)
      return remainder == 0 ? quotient : nil
    }
    let (product, overflow) = self.digits.multipliedReportingOverflow(by: power)
    return overflow ? nil : product
  }

  /// Where digits and power are both exact, so is the one rounding that follows.
  private var double: Double? {
    guard !self.isCut, self.digits <= 1 << 53, self.exponent.magnitude <= 22 else {
      let number = Double(String(decoding: self.text, as: UTF8.self))
      return number.flatMap { $0.isFinite ? $0 : nil }
    }
    let power = Self.doublePowers[Int(self.exponent.magnitude)]
    let number = self.exponent < 0 ? Double(self.digits) / power : Double(self.digits) * power
    return self.isNegative ? -number : number
  }

  private var float: Float? {
    guard !self.isCut, self.digits <= 1 << 24, self.exponent.magnitude <= 10 else {
      let number = Float(String(decoding: self.text, as: UTF8.self))
      return number.flatMap { $0.isFinite ? $0 : nil }
    }
    let power = Float(Self.doublePowers[Int(self.exponent.magnitude)])
    let number = self.exponent < 0 ? Float(self.digits) / power : Float(self.digits) * power
    return self.isNegative ? -number : number
  }

  /// 10 to the 0 until 22, all of them exact.
  private static let doublePowers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}
