// Scalars of YAML's core schema, declared types, and the environment's form of both.

import Testing

@testable import OperatorFile

@Suite struct ParameterValueTests {
  @Test(
    arguments: [
      ("", .null), ("~", .null), ("null", .null), ("NULL", .null),
      ("true", .bool(true)), ("False", .bool(false)),
      ("1961", .int("1961")), ("-5", .int("-5")), ("+5", .int("5")), ("007", .int("7")),
      ("0", .int("0")), ("-0", .int("0")), ("0x1F", .int("31")), ("0o17", .int("15")),
      ("123456789012345678901234567890", .int("123456789012345678901234567890")),
      ("1.5", .float(1.5)), ("1.", .float(1)), (".5", .float(0.5)), ("-1.5e3", .float(-1500)),
      (".inf", .float(.infinity)), ("-.Inf", .float(-.infinity)),
      // What YAML 1.1 would have made something else of.
      ("yes", .string("yes")), ("off", .string("off")), ("2001-12-14", .string("2001-12-14")),
      ("12:30:45", .string("12:30:45")), ("1_000", .string("1_000")), ("0o9", .string("0o9")),
      ("1e999", .string("1e999")), ("nan", .string("nan")), ("inf", .string("inf")),
      ("0x", .string("0x")), ("-", .string("-")), ("1-2", .string("1-2")), (".", .string(".")),
      ("0x1.8p3", .string("0x1.8p3")), ("1K", .string("1K")),
    ] as [(String, ParameterValue)])
  func plainScalars(text: String, value: ParameterValue) {
    #expect(ParameterValue(plain: text) == value)
  }

  @Test(
    arguments: [
      (1.0, "1"), (1.5, "1.5"), (-0.25, "-0.25"), (0.1, "0.1"), (0.1 + 0.2, "0.30000000000000004"),
      (1000, "1000"), (1e20, "100000000000000000000"), (1e21, "1e21"), (1.25e22, "1.25e22"),
      (123_456.789, "123456.789"), (1e-6, "0.000001"), (1e-7, "1e-7"), (-1.5e-9, "-1.5e-9"),
      (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e308"),
      (0, "0"), (-0.0, "0"),
      (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"), (1e16, "10000000000000000"),
      (0.00001234, "0.00001234"),
    ] as [(Double, String)])
  func shortestDecimal(number: Double, text: String) {
    #expect(DecimalText.shortest(number) == text)
    if number.isFinite { #expect(Double(text) == number) }
  }

  @Test func everyShortestFormReadsBack() {
    // A plain generator with a fixed seed (xorshift64), so that a failure comes again.
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for _ in 0..<2000 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      let number = Double(bitPattern: state)
      guard number.isFinite else { continue }
      #expect(Double(DecimalText.shortest(number)) == number, "\(number)")
    }
  }

  @Test func environmentForm() {
    #expect(ParameterValue.bool(true).environmentText == "True")
    #expect(ParameterValue.bool(false).environmentText == "")
    #expect(ParameterValue.null.environmentText == nil)
    #expect(ParameterValue.int("1961").environmentText == "1961")
    #expect(ParameterValue.float(2.50).environmentText == "2.5")
    #expect(ParameterValue.string("a b").environmentText == "a b")
  }

  @Test(
    arguments: [
      (.int, "1961", .int("1961")), (.int, "+07", .int("7")), (.int, "1961.0", nil),
      (.int, "", nil), (.int, "abc", nil), (.int, " 1", nil),
      (.float, "1", .int("1")), (.float, "1.50", .float(1.5)), (.float, "inf", .float(.infinity)),
      (.float, "0x10", nil), (.float, "1e999", nil), (.float, "", nil),
      (.bool, "true", .bool(true)), (.bool, "FALSE", .bool(false)), (.bool, "", .bool(false)),
      (.bool, "1", nil), (.bool, "yes", nil),
      (.string, "", .string("")), (.string, "007", .string("007")),
    ] as [(ParameterType, String, ParameterValue?)])
  func typedText(type: ParameterType, text: String, value: ParameterValue?) {
    #expect(type.value(of: text) == value)
  }

  @Test func textWithoutTypeIsTheValue() {
    let number = ParameterDeclaration(name: "n", defaultValue: .int("5"))
    #expect(number.value(of: "007") == .string("007"))
    let flag = ParameterDeclaration(name: "f", defaultValue: .bool(true))
    #expect(flag.value(of: "false") == .bool(false))
    #expect(flag.value(of: "perhaps") == .string("perhaps"))
  }

  @Test(arguments: [
    ("10s", 10_000, "10s"), ("500ms", 500, "500ms"), ("2m", 120_000, "2m"),
    ("1.5s", 1500, "1500ms"), ("0s", 0, "0s"), ("1h", 3_600_000, "1h"), ("90s", 90_000, "90s"),
    ("24h", 86_400_000, "24h"), ("0.1s", 100, "100ms"),
  ])
  func durations(text: String, milliseconds: Int, canonical: String) throws {
    let duration = try #require(DurationText.parse(text))
    #expect(duration == .milliseconds(milliseconds))
    #expect(DurationText.text(duration) == canonical)
    #expect(DurationText.parse(canonical) == duration)
  }

  @Test(arguments: ["", "10", "s", "-1s", "10 s", "10sec", "25h", "1e3s", "1..5s", "٣s", "1d"])
  func noDurations(text: String) {
    #expect(DurationText.parse(text) == nil)
  }

  @Test func suggestions() {
    let names = ["command", "parameters", "inputs", "outputs"]
    #expect(Suggestion.nearest(to: "input", among: names) == "inputs")
    #expect(Suggestion.nearest(to: "comamnd", among: names) == "command")
    #expect(Suggestion.nearest(to: "COMMAND", among: names) == "command")
    #expect(Suggestion.nearest(to: "x", among: names) == nil)
    #expect(Suggestion.nearest(to: "image", among: names) == nil)
    #expect(Suggestion.ending(for: "zzz", among: ["a", "b"]) == "; there is 'a', 'b'")
    #expect(Suggestion.ending(for: "zzz", among: []) == "")
  }

  @Test func paths() {
    #expect(TextFile.absolute("a/../b/./c", in: "/x/y") == "/x/y/b/c")
    #expect(TextFile.absolute("/a//b/..", in: "/x") == "/a")
    #expect(TextFile.absolute("../../../z", in: "/x/y") == "/z")
    #expect(TextFile.folder(of: "/a/b.yaml") == "/a")
    #expect(TextFile.absolute(".").hasPrefix("/"))
  }
}
