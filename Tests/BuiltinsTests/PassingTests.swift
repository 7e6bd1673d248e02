// echo, tee, concat and discard: what they pass on, when, and what they report as taken.

import NIOCore
import Testing

@testable import Builtins

struct EchoTests {
  @Test func passesSlicesOnWithoutACopy() {
    var driver = Driver(Echo(ports: 1), inputs: 1, outputs: 1)
    driver.read()
    let bytes = ByteBuffer(repeating: 7, count: 100_000)
    driver.write(bytes)
    #expect(driver.emitted[0].map(address) == [address(bytes)])
    #expect(driver.taken == [100_000])
    #expect(!driver.isFinished)
    driver.end()
    #expect(driver.isFinished && driver.faults.isEmpty)
  }

  @Test func holdsWhatItWasGivenUntilItsReaderReads() {
    var driver = Driver(Echo(ports: 1), inputs: 1, outputs: 1)
    let parts = (0..<8).map { ByteBuffer(repeating: UInt8($0), count: 8192) }
    for part in parts { driver.write(part) }
    driver.end()
    #expect(driver.emitted[0].isEmpty && driver.taken == [0] && !driver.isFinished)
    driver.read()
    #expect(driver.emitted[0].map(address) == parts.map(address))
    #expect(driver.taken == [65536] && driver.isFinished && driver.faults.isEmpty)
  }

  @Test func stopsWhereItsReaderPausesWithinTheRun() {
    var driver = Driver(Echo(ports: 1), inputs: 1, outputs: 1)
    for part in ["ab", "cd"] { driver.write(ByteBuffer(string: part)) }
    driver.reading[0] = true
    driver.machine.setReading(true, output: 0)
    driver.run(pauses: { _ in true })
    #expect(driver.text() == "ab" && driver.taken == [2])
    driver.read()
    #expect(driver.text() == "abcd" && driver.taken == [4] && driver.faults.isEmpty)
  }

  @Test func portsKeepTheirOwnPace() {
    var driver = Driver(Echo(ports: 3), inputs: 3, outputs: 3)
    driver.read(0)
    driver.read(2)
    for input in 0..<3 { driver.write("input \(input)", input) }
    #expect((0..<3).map { driver.text($0) } == ["input 0", "", "input 2"])
    #expect(driver.taken == [7, 0, 7])
    for input in 0..<3 { driver.end(input) }
    #expect(!driver.isFinished)
    driver.read(1)
    #expect(driver.text(1) == "input 1" && driver.isFinished && driver.faults.isEmpty)
  }

  @Test func endsWithoutAByteAndWithoutAReader() {
    var driver = Driver(Echo(ports: 2), inputs: 2, outputs: 2)
    driver.end(1)
    #expect(!driver.isFinished)
    driver.end(0)
    #expect(driver.isFinished)
    var none = Driver(Echo(ports: 0), inputs: 0, outputs: 0)
    none.run()
    #expect(none.isFinished)
  }
}

struct InputQueueTests {
  @Test func smallFragmentsThatWaitAreGathered() {
    var driver = Driver(Echo(ports: 1), inputs: 1, outputs: 1)
    let slab = ByteBuffer(bytes: (0..<60_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
    for offset in 0..<60_000 { driver.write(slab.getSlice(at: offset, length: 1) ?? ByteBuffer()) }
    driver.read()
    #expect(driver.bytes() == Array(slab.readableBytesView))
    #expect(driver.emitted[0].count == 5)
    #expect(driver.emitted[0].dropFirst().allSatisfy { $0.capacity <= 16384 })
  }

  @Test func orderIsKeptBetweenLargeAndSmallFragments() {
    var driver = Driver(Echo(ports: 1), inputs: 1, outputs: 1)
    var expected: [UInt8] = []
    for (number, size) in [10, 5000, 3, 4, 16000, 4095, 4095, 4095, 4095, 4095, 9000, 1]
      .enumerated()
    {
      driver.write(ByteBuffer(repeating: UInt8(number), count: size))
      expected += Array(repeating: UInt8(number), count: size)
    }
    driver.read()
    #expect(driver.bytes() == expected && driver.taken == [expected.count])
  }

  @Test func nothingIsNoFragment() {
    var driver = Driver(Echo(ports: 1), inputs: 1, outputs: 1)
    driver.read()
    driver.write("")
    #expect(driver.emitted[0].isEmpty && driver.taken == [0])
  }
}

struct TeeTests {
  @Test func everyOutputGetsTheSameMemory() {
    var driver = Driver(Tee(outputs: 3), inputs: 1, outputs: 3)
    for output in 0..<3 { driver.read(output) }
    let bytes = ByteBuffer(repeating: 1, count: 70_000)
    driver.write(bytes)
    #expect(driver.emitted.map { $0.map(address) } == Array(repeating: [address(bytes)], count: 3))
    #expect(driver.taken == [70_000])
    driver.end()
    #expect(driver.isFinished && driver.faults.isEmpty)
  }

  @Test func theSlowestSetsThePace() {
    var driver = Driver(Tee(outputs: 2), inputs: 1, outputs: 2)
    driver.read(0)
    driver.write("one")
    driver.write("two")
    driver.end()
    #expect(driver.text(0) == "" && driver.taken == [0] && !driver.isFinished)
    driver.read(1)
    #expect(driver.text(0) == "onetwo" && driver.text(1) == "onetwo")
    #expect(driver.taken == [6] && driver.isFinished && driver.faults.isEmpty)
  }

  @Test func aReaderThatPausesBetweenTwoOutputsIsWaitedFor() {
    var driver = Driver(Tee(outputs: 2), inputs: 1, outputs: 2)
    driver.read(0)
    driver.read(1)
    driver.machine.write(ByteBuffer(string: "one"), input: 0)
    driver.machine.write(ByteBuffer(string: "two"), input: 0)
    driver.written[0] = 6
    let action = driver.machine.next()
    #expect(action == .emit(ByteBuffer(string: "one"), output: 0))
    driver.pause(1)
    #expect(driver.emitted[0].isEmpty && driver.emitted[1].isEmpty && driver.taken == [0])
    driver.read(1)
    #expect(driver.text(1) == "onetwo" && driver.text(0) == "two" && driver.taken == [6])
    #expect(driver.faults.isEmpty)
  }

  @Test func oneOutputIsAnEcho() {
    var driver = Driver(Tee(outputs: 1), inputs: 1, outputs: 1)
    driver.read()
    driver.write("all of it")
    driver.end()
    #expect(driver.text() == "all of it" && driver.taken == [9] && driver.isFinished)
  }
}

struct ConcatTests {
  @Test func laterInputsAreHeldBack() {
    var driver = Driver(Concat(inputs: 3), inputs: 3, outputs: 1)
    driver.read()
    driver.write("c", 2)
    driver.end(2)
    driver.write("b1", 1)
    #expect(driver.text() == "" && driver.taken == [0, 0, 0])
    driver.write("a", 0)
    #expect(driver.text() == "a" && driver.taken == [1, 0, 0])
    driver.end(0)
    #expect(driver.text() == "ab1" && driver.taken == [1, 2, 0] && !driver.isFinished)
    driver.write("b2", 1)
    driver.end(1)
    #expect(driver.text() == "ab1b2c" && driver.taken == [1, 4, 1])
    #expect(driver.isFinished && driver.faults.isEmpty)
  }

  @Test func waitsForItsReader() {
    var driver = Driver(Concat(inputs: 2), inputs: 2, outputs: 1)
    driver.write("a", 0)
    driver.end(0)
    driver.end(1)
    #expect(driver.taken == [0, 0] && !driver.isFinished)
    driver.read()
    #expect(driver.text() == "a" && driver.isFinished)
  }

  @Test func nothingIsTheConcatenationOfNothing() {
    var driver = Driver(Concat(inputs: 0), inputs: 0, outputs: 1)
    driver.run()
    #expect(driver.isFinished)
  }
}

struct DiscardTests {
  @Test func takesEverythingAndEndsWithItsInputs() {
    var driver = Driver(Discard(inputs: 2), inputs: 2, outputs: 0)
    driver.write("abc", 1)
    driver.write("de", 0)
    driver.end(1)
    #expect(driver.taken == [2, 3] && !driver.isFinished)
    driver.write("f", 0)
    driver.end(0)
    #expect(driver.taken == [3, 3] && driver.isFinished && driver.faults.isEmpty)
  }
}
