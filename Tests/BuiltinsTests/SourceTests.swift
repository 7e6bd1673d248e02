// generate and throttle, and the names and parameters of all builtins.

import NIOCore
import OperatorFile
import Testing

@testable import Builtins

struct GenerateTests {
  @Test(arguments: [0, 1, 7, 8, 9, 262_143, 262_144, 262_145, 3_000_001])
  func writesExactlySoManyBytes(count: Int) {
    for pattern in [GeneratePattern.zero, .counter, .random(seed: 42)] {
      var driver = Driver(Generate(bytes: count, pattern: pattern), inputs: 0, outputs: 1)
      driver.run()
      #expect(driver.emitted[0].isEmpty && driver.isFinished == (count == 0))
      driver.read()
      #expect(driver.isFinished && driver.faults.isEmpty)
      let bytes = driver.bytes()
      #expect(bytes.count == count)
      let wrong = bytes.indices.first {
        bytes[$0] != UInt8(truncatingIfNeeded: pattern.word(UInt64($0 / 8)) >> (8 * ($0 % 8)))
      }
      #expect(wrong == nil, "\(pattern)")
    }
  }

  /// The first words that SplitMix64's published test vector gives for the seed 1234567.
  @Test func randomIsSplitMix64() {
    let words = (0..<5).map { GeneratePattern.random(seed: 1_234_567).word(UInt64($0)) }
    #expect(
      words == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  @Test func pausesWithItsReader() {
    var driver = Driver(Generate(bytes: nil, pattern: .counter), inputs: 0, outputs: 1)
    driver.reading[0] = true
    driver.machine.setReading(true, output: 0)
    driver.run(pauses: { _ in true })
    #expect(driver.emitted[0].map(\.readableBytes) == [262_144] && !driver.isFinished)
  }

  @Test func aSlabThatIsStillHeldIsNotTouched() {
    var driver = Driver(Generate(bytes: 5 << 20, pattern: .counter), inputs: 0, outputs: 1)
    driver.read()
    let words = driver.emitted[0].map { $0.getInteger(at: 0, endianness: .little, as: UInt64.self) }
    #expect(words == (0..<20).map { UInt64($0 * 32768) })
  }

  @Test(arguments: ["", "ones", "random", "random:", "random:-1", "random:x", "random: 1", "Zero"])
  func otherPatternsAreRefused(text: String) {
    #expect(GeneratePattern(text) == nil)
  }
}

struct ThrottleTests {
  private static let second: Int64 = 1_000_000_000

  @Test func passesNoMoreThanItsRate() {
    var driver = Driver(Throttle(rate: 1000), inputs: 1, outputs: 1)
    driver.read()
    driver.tick(nanoseconds: 5 * Self.second)
    driver.write(ByteBuffer(repeating: 1, count: 3000))
    var now = 5 * Self.second
    while driver.bytes().count < 3000 {
      #expect(driver.wakes.count == 1)
      guard let wake = driver.wakes.popLast() else { return }
      now = max(now, Int64(wake.uptimeNanoseconds))
      driver.tick(nanoseconds: now)
      #expect(driver.bytes().count <= Int((now - 5 * Self.second) / (Self.second / 1000)))
    }
    #expect(now == 8 * Self.second && driver.taken == [3000])
    driver.end()
    #expect(driver.isFinished && driver.faults.isEmpty)
  }

  @Test func unusedTimeCountsForATenthOfASecond() {
    var driver = Driver(Throttle(rate: 1000), inputs: 1, outputs: 1)
    driver.read()
    driver.tick(nanoseconds: 0)
    driver.tick(nanoseconds: 100 * Self.second)
    driver.write(ByteBuffer(repeating: 1, count: 3000))
    #expect(driver.bytes().count == 100)
  }

  @Test func aLateTickCatchesUp() {
    var driver = Driver(Throttle(rate: 1_000_000), inputs: 1, outputs: 1)
    driver.read()
    driver.tick(nanoseconds: 0)
    driver.write(ByteBuffer(repeating: 1, count: 1_000_000))
    driver.tick(nanoseconds: Self.second / 20)
    #expect(driver.bytes().count == 50_000)
  }

  @Test(arguments: [1, 3, 7, 1 << 20, 1 << 40, Int.max])
  func everyRateArrives(rate: Int) {
    var driver = Driver(Throttle(rate: rate), inputs: 1, outputs: 1)
    driver.read()
    driver.tick(nanoseconds: 0)
    driver.write(ByteBuffer(repeating: 1, count: 5))
    driver.end()
    var ticks = 0
    var last: Int64 = 0
    while !driver.isFinished, ticks < 10, let wake = driver.wakes.popLast() {
      last = Int64(wake.uptimeNanoseconds)
      driver.tick(nanoseconds: last)
      ticks += 1
    }
    #expect(driver.isFinished && driver.taken == [5] && driver.faults.isEmpty)
    #expect(Double(last) >= 5e9 / Double(rate) - 1)
  }

  @Test func waitsForItsReaderAndItsStart() {
    var driver = Driver(Throttle(rate: 1 << 30), inputs: 1, outputs: 1)
    driver.write("abc")
    driver.tick(nanoseconds: 0)
    driver.tick(nanoseconds: Self.second)
    #expect(driver.emitted[0].isEmpty && driver.taken == [0] && driver.wakes.isEmpty)
    driver.read()
    #expect(driver.text() == "abc" && driver.taken == [3])
  }
}

struct BuiltinTests {
  @Test(arguments: [
    (BuiltinKind.echo, ["x": "1"], "echo has no parameter 'x'; it has none"),
    (.generate, ["rate": "1"], "generate has no parameter 'rate'; it has bytes, pattern"),
    (.generate, ["bytes": "1T"], "generate: bytes='1T' is not a number, or one with K, M or G"),
    (
      .generate, ["pattern": "random"],
      "generate: pattern='random' is not zero, counter or random:SEED with a number for SEED"
    ),
    (
      .throttle, [:],
      "throttle needs the parameter 'rate': bytes a second, with K, M or G as powers of 1024"
    ),
    (
      .throttle, ["rate": "0"],
      "throttle: rate='0' is not a number above 0, or one with K, M or G"
    ),
  ])
  func wrongParametersAreNamed(builtin: BuiltinKind, parameters: [String: String], message: String)
  {
    #expect(throws: BuiltinError(message)) { try builtin.check(parameters: parameters) }
  }

  @Test func rightParametersAreTaken() throws {
    try BuiltinKind.generate.check(
      parameters: ["bytes": "0", "pattern": "random:18446744073709551615"])
    try BuiltinKind.generate.check(parameters: [:])
    try BuiltinKind.throttle.check(parameters: ["rate": "64K"])
    try BuiltinKind.throttle.check(given: [:])
  }

  /// What convert is to do its ports say, or its parameters.
  @Test(arguments: BuiltinKind.allCases.filter { $0 != .convert })
  func defaultsAreTaken(kind: BuiltinKind) throws {
    var values: [String: String] = [:]
    for parameter in kind.parameters {
      values[parameter.name] = parameter.defaultValue.map { $0.environmentText } ?? "1M"
    }
    try kind.check(parameters: values)
  }

  @Test func byteCounts() {
    #expect(parseByteCount("0") == 0)
    #expect(parseByteCount("1K") == 1024)
    #expect(parseByteCount("64M") == 64 << 20)
    #expect(parseByteCount("3G") == 3 << 30)
    for text in ["", "K", "1k", "-1", "+1", " 1", "1 K", "1.5M", "0x10", "8589934592G", "١"] {
      #expect(parseByteCount(text) == nil, "\(text)")
    }
  }
}
