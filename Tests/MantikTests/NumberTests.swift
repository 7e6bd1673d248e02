// Numbers as text, against the library's own reading of them.

import Testing

@testable import Mantik

@Suite struct NumberTests {
  private func value(_ text: String, _ type: PlainType) -> Value? {
    var text = text
    return text.withUTF8 { DecimalNumber(UnsafeRawBufferPointer($0))?.value(as: type) }
  }

  @Test func floatsAreTheNearest() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<4_000 {
      let digits = Int.random(in: 1...21, using: &random)
      var text = Bool.random(using: &random) ? "-" : ""
      for _ in 0..<digits { text += "\(Int.random(in: 0...9, using: &random))" }
      if Bool.random(using: &random) {
        let point = text.index(text.endIndex, offsetBy: -Int.random(in: 0...digits, using: &random))
        text.insert(".", at: point)
      }
      if Bool.random(using: &random) { text += "e\(Int.random(in: -50...50, using: &random))" }
      #expect(self.value(text, .float64) == Double(text).map { .float64($0) }, "\(text)")
      let float = Float(text).flatMap { $0.isFinite ? Value.float32($0) : nil }
      #expect(self.value(text, .float32) == float, "\(text)")
    }
  }

  @Test func shortestDigitsReadBack() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<4_000 {
      let double = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &random))
      let float = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
      if double.isFinite {
        #expect(self.value(double.description, .float64) == .float64(double), "\(double)")
      }
      if float.isFinite {
        #expect(self.value(float.description, .float32) == .float32(float), "\(float)")
      }
    }
  }

  @Test(
    arguments: [
      ("0", 0), ("-0", 0), ("+7", 7), ("007", 7), ("1.0", 1), ("1.50", nil), ("1e3", 1000),
      ("12000e-3", 12), ("12e-1", nil), ("9223372036854775807", Int64.max),
      ("-9223372036854775808", Int64.min), ("9223372036854775808", nil),
      ("-9223372036854775809", nil), ("92233720368547758070", nil), ("0e99", 0), ("1e99", nil),
      ("", nil), ("-", nil), (".", nil), ("1e", nil), ("1e+", nil), ("0x10", nil), (" 1", nil),
      ("1 ", nil), ("1.2.3", nil), ("--1", nil), ("1e1.0", nil),
    ] as [(String, Int64?)])
  func wholeNumbers(text: String, number: Int64?) {
    #expect(self.value(text, .int64) == number.map { .int($0) }, "\(text)")
  }

  @Test func theWholeRangeOfUInt64() {
    #expect(self.value("18446744073709551615", .uint64) == .uint64(.max))
    #expect(self.value("+18446744073709551615", .uint64) == .uint64(.max))
    #expect(self.value("18446744073709551616", .uint64) == nil)
    #expect(self.value("-1", .uint64) == nil)
    #expect(self.value("1e400", .float64) == nil && self.value("1e39", .float32) == nil)
  }
}
