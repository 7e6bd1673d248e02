// merge and split: lines stay whole, whatever the cuts, the order of arrival and the backpressure.

import NIOCore
import Testing

@testable import Builtins

struct MergeTests {
  @Test func alternatesWhereSeveralInputsAreReady() {
    var driver = Driver(Merge(inputs: 3), inputs: 3, outputs: 1)
    driver.write("a1\na2\na3\n", 0)
    driver.write("b1\nb2\n", 1)
    driver.write("c1\n", 2)
    driver.read()
    #expect(driver.text() == "a1\nb1\nc1\na2\nb2\na3\n")
    #expect(driver.taken == [9, 6, 3] && !driver.isFinished)
    for input in 0..<3 { driver.end(input) }
    #expect(driver.isFinished && driver.faults.isEmpty)
  }

  @Test func aLineInProgressHoldsTheOthersBack() {
    var driver = Driver(Merge(inputs: 2), inputs: 2, outputs: 1)
    driver.read()
    driver.write("half", 0)
    driver.write("other\n", 1)
    #expect(driver.text() == "half" && driver.taken == [4, 0])
    driver.write(" a line\nand", 0)
    // Input 0 began another line, but it was the other's turn.
    #expect(driver.text() == "half a line\nother\nand" && driver.taken == [15, 6])
    driver.end(0)
    #expect(driver.text() == "half a line\nother\nand\n" && !driver.isFinished)
    driver.end(1)
    #expect(driver.isFinished && driver.faults.isEmpty)
  }

  @Test func aLineHasNoBoundAndNoCopy() {
    var driver = Driver(Merge(inputs: 2), inputs: 2, outputs: 1)
    driver.read()
    driver.write("b\n", 1)
    let part = ByteBuffer(repeating: UInt8(ascii: "x"), count: 100_000)
    for _ in 0..<50 { driver.write(part, 0) }
    driver.write("held\n", 1)
    #expect(driver.emitted[0].dropFirst().allSatisfy { address($0) == address(part) })
    #expect(driver.taken == [5_000_000, 2])
    driver.end(0)
    #expect(driver.text().hasSuffix("x\nheld\n") && driver.taken == [5_000_000, 7])
  }

  @Test func missingLastNewlinesAreAddedOnce() {
    var driver = Driver(Merge(inputs: 3), inputs: 3, outputs: 1)
    driver.write("a", 0)
    driver.write("b\n", 1)
    for input in 0..<3 { driver.end(input) }
    #expect(!driver.isFinished)
    driver.read()
    #expect(driver.text() == "a\nb\n" && driver.taken == [1, 2, 0] && driver.isFinished)
  }

  @Test func aMissingNewlineWaitsForTheReader() {
    var driver = Driver(Merge(inputs: 1), inputs: 1, outputs: 1)
    driver.read()
    driver.write("a")
    driver.pause()
    driver.end()
    #expect(driver.text() == "a" && !driver.isFinished)
    driver.read()
    #expect(driver.text() == "a\n" && driver.isFinished && driver.faults.isEmpty)
  }

  @Test func linesStayWholeCutAtEveryOffset() {
    let a = "first\n\nthird of a\nlast without"
    let b = "b\nb2\nb three\n"
    for (a1, a2) in cuts(a) {
      for (b1, b2) in cuts(b) {
        var driver = Driver(Merge(inputs: 2), inputs: 2, outputs: 1)
        driver.read()
        driver.write(a1, 0)
        driver.write(b1, 1)
        driver.write(a2, 0)
        driver.end(0)
        driver.write(b2, 1)
        driver.end(1)
        #expect(driver.isFinished && driver.faults.isEmpty)
        #expect(driver.taken == driver.written)
        #expect(
          isInterleaving(driver.text(), of: [a + "\n", b]), "\(a1)|\(a2) \(b1)|\(b2)")
      }
    }
  }

  /// Random texts, cuts and pauses; the seed of a failure is in its message.
  @Test func linesStayWholeInAnyOrder() {
    for seed in UInt64(0)..<300 {
      var random = SeededGenerator(seed: seed)
      let count = Int.random(in: 1...4, using: &random)
      let texts = (0..<count).map { randomLines(input: $0, using: &random) }
      var left = texts.map { Array($0.utf8) }
      var open = Set(0..<count)
      var driver = Driver(Merge(inputs: count), inputs: count, outputs: 1)
      while !driver.isFinished {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: driver.pause()
        case 1: driver.read()
        default: feed(&driver, &left, &open, using: &random)
        }
        if open.isEmpty { driver.read() }
      }
      #expect(driver.faults.isEmpty && driver.taken == driver.written, "seed \(seed)")
      let whole = texts.map { $0.isEmpty || $0.hasSuffix("\n") ? $0 : $0 + "\n" }
      #expect(isInterleaving(driver.text(), of: whole), "seed \(seed)")
    }
  }
}

struct SplitTests {
  @Test func lineKGoesToOutputKModN() {
    var driver = Driver(Split(outputs: 3), inputs: 1, outputs: 3)
    for output in 0..<3 { driver.read(output) }
    driver.write("0\n1\n2\n3\n4\n5\n6")
    driver.end()
    #expect((0..<3).map { driver.text($0) } == ["0\n3\n6", "1\n4\n", "2\n5\n"])
    #expect(driver.emitted.map(\.count) == [1, 1, 1])
    #expect(driver.taken == [13] && driver.isFinished && driver.faults.isEmpty)
  }

  @Test func theOutputWhoseTurnItIsHoldsTheInputBack() {
    var driver = Driver(Split(outputs: 2), inputs: 1, outputs: 2)
    driver.read(0)
    driver.write("0\n1\n2\n3\n")
    driver.end()
    #expect(driver.text(0) == "0\n" && driver.taken == [2] && !driver.isFinished)
    driver.read(1)
    #expect(driver.text(0) == "0\n2\n" && driver.text(1) == "1\n3\n" && driver.taken == [8])
    #expect(driver.isFinished && driver.faults.isEmpty)
  }

  @Test func largePiecesAreNotCopied() {
    var driver = Driver(Split(outputs: 2), inputs: 1, outputs: 2)
    driver.read(0)
    driver.read(1)
    let long = ByteBuffer(repeating: UInt8(ascii: "x"), count: 50_000)
    driver.write("s\nt\nu\n")
    for _ in 0..<20 { driver.write(long) }
    driver.write("\nv\n")
    #expect(driver.emitted[1].dropFirst().dropLast(2).allSatisfy { address($0) == address(long) })
    #expect(driver.bytes(1).count == 2 + 1_000_001 && driver.text(0) == "s\nu\nv\n")
    #expect(driver.taken == driver.written && driver.faults.isEmpty)
  }

  @Test func oneOutputGetsEverythingAsItIs() {
    var driver = Driver(Split(outputs: 1), inputs: 1, outputs: 1)
    driver.read()
    let bytes = ByteBuffer(string: String(repeating: "line\n", count: 5000))
    driver.write(bytes)
    #expect(driver.emitted[0].map(address) == [address(bytes)])
  }

  @Test func cutAtEveryOffsetGivesTheSame() {
    let text = "zero\n\ntwo is longer\n3\nfour\nlast without"
    for outputs in 1...3 {
      let expected = dealt(text, outputs: outputs)
      for (head, tail) in cuts(text) {
        var driver = Driver(Split(outputs: outputs), inputs: 1, outputs: outputs)
        for output in 0..<outputs { driver.read(output) }
        driver.write(head)
        driver.write(tail)
        driver.end()
        #expect((0..<outputs).map { driver.text($0) } == expected, "\(head)|\(tail)")
        #expect(driver.isFinished && driver.faults.isEmpty && driver.taken == driver.written)
      }
    }
  }

  @Test func anyOrderGivesTheSame() {
    for seed in UInt64(0)..<300 {
      var random = SeededGenerator(seed: seed)
      let outputs = Int.random(in: 1...4, using: &random)
      let text = randomLines(input: 0, using: &random)
      var left = [Array(text.utf8)]
      var open: Set<Int> = [0]
      var driver = Driver(Split(outputs: outputs), inputs: 1, outputs: outputs)
      while !driver.isFinished {
        let output = Int.random(in: 0..<outputs, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: driver.pause(output)
        case 1: driver.read(output)
        default: feed(&driver, &left, &open, using: &random)
        }
      }
      #expect(driver.faults.isEmpty && driver.taken == driver.written, "seed \(seed)")
      #expect(
        (0..<outputs).map { driver.text($0) } == dealt(text, outputs: outputs), "seed \(seed)")
    }
  }
}

/// Writes a piece of a random input, or ends it when nothing of it is left.
private func feed(
  _ driver: inout Driver, _ left: inout [[UInt8]], _ open: inout Set<Int>,
  using random: inout SeededGenerator
) {
  guard let input = open.sorted().randomElement(using: &random) else { return }
  guard !left[input].isEmpty else {
    open.remove(input)
    return driver.end(input)
  }
  let size = min(left[input].count, Int.random(in: 1...9000, using: &random))
  driver.write(ByteBuffer(bytes: left[input].prefix(size)), input)
  left[input].removeFirst(size)
}

/// Lines that name their input, some empty, some long, the last one with or without a newline.
private func randomLines(input: Int, using random: inout SeededGenerator) -> String {
  var text = ""
  for line in 0..<Int.random(in: 0..<40, using: &random) {
    let size = [0, 3, 30, 5000].randomElement(using: &random) ?? 0
    text += "\(input).\(line):" + String(repeating: "x", count: size) + "\n"
  }
  if Bool.random(using: &random) { text += "\(input) no newline" }
  return text
}

/// Whether `text` is made of the lines of `sources`, each source's in its own order. Only for
/// sources of which no two have a line in common, but for empty lines of one of them.
private func isInterleaving(_ text: String, of sources: [String]) -> Bool {
  var rest = sources.map { $0.split(separator: "\n", omittingEmptySubsequences: false).dropLast() }
  for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
    guard let source = rest.firstIndex(where: { $0.first == line }) else { return false }
    rest[source] = rest[source].dropFirst()
  }
  return rest.allSatisfy(\.isEmpty) && (text.isEmpty || text.hasSuffix("\n"))
}

/// What `split` must give.
private func dealt(_ text: String, outputs: Int) -> [String] {
  var parts = Array(repeating: "", count: outputs)
  var line = 0
  for character in text {
    parts[line % outputs].append(character)
    if character == "\n" { line += 1 }
  }
  return parts
}
