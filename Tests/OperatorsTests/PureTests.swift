// Parts without processes: lines, the pipe budget.

import Glibc
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Operators

struct PureTests {
  private func lines(_ text: [UInt8], cutAt cut: Int) -> [String] {
    var splitter = LineSplitter()
    var lines: [String] = []
    splitter.feed(ByteBuffer(bytes: text[..<cut])) { lines.append($0) }
    splitter.feed(ByteBuffer(bytes: text[cut...])) { lines.append($0) }
    splitter.finish { lines.append($0) }
    return lines
  }

  @Test func linesAreTheSameWhereverTheyAreCut() {
    let text = Array("one\n\ntwo äöü\nthree".utf8)
    for cut in 0...text.count {
      #expect(lines(text, cutAt: cut) == ["one", "", "two äöü", "three"])
    }
  }

  @Test func longLinesComeInPieces() {
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 20_000)
    let pieces = lines(long + [10] + Array("next\n".utf8), cutAt: 5000)
    #expect(pieces.map(\.utf8.count) == [8192, 8192, 3616, 4])
  }

  @Test func piecesDoNotCutCharacters() {
    for padding in 0..<4 {
      let text = String(repeating: "x", count: padding) + String(repeating: "€", count: 6000)
      let pieces = lines(Array(text.utf8), cutAt: 100)
      #expect(pieces.joined() == text)
      #expect(pieces.allSatisfy { $0.utf8.count <= LineSplitter.limit })
    }
  }

  @Test func bytesThatAreNoCharactersAreReplaced() {
    #expect(lines([0xFF, 0x61, 10], cutAt: 1) == ["\u{FFFD}a"])
    // Continuations without a beginning must not hold it up.
    let nonsense = lines([UInt8](repeating: 0x80, count: 10_000), cutAt: 0)
    #expect(nonsense.count == 2)
  }

  /// Grants pipes their size, unlike the kernel, which counts what this user has in other programs.
  private func budget(_ limit: Int, refusal: Int32 = 0) -> PipeBudget {
    PipeBudget(limit: limit, logger: Logger(label: "test")) { _, _ in refusal }
  }

  @Test func aPipeGrowsWhileItIsSeenFullAndBytesMove() throws {
    let budget = budget(2 << 20)
    let ends = try PipeEnds()
    var growth = PipeGrowth(of: ends.writeEnd.number, budget: budget)
    let born = growth.capacity
    var grows = growth.seenFull(ends.writeEnd.number)
    #expect(!grows)
    growth.moved(4 * born)
    #expect(growth.wantsToKnow)
    grows = growth.seenFull(ends.writeEnd.number)
    #expect(grows)
    #expect(growth.capacity == 256 * 1024)
    growth.moved(1 << 20)
    grows = growth.seenFull(ends.writeEnd.number)
    #expect(grows)
    #expect(growth.capacity == 1 << 20)
    growth.moved(8 << 20)
    grows = growth.seenFull(ends.writeEnd.number)
    #expect(!grows)
    #expect(budget.taken == (1 << 20) - born)
    growth.end()
    growth.end()
    #expect(budget.taken == 0)
  }

  @Test func pipesGrowWithinTheBudgetTogether() throws {
    let budget = budget(510 * 1024)
    var pipes: [(PipeEnds, PipeGrowth)] = []
    for _ in 0..<4 {
      let ends = try PipeEnds()
      var growth = PipeGrowth(of: ends.writeEnd.number, budget: budget)
      growth.moved(1 << 20)
      _ = growth.seenFull(ends.writeEnd.number)
      pipes.append((ends, growth))
    }
    #expect(budget.taken <= budget.limit)
    // An ordinary user's pipes may be born smaller than 64 KiB.
    #expect(pipes.map { $0.1.capacity == 256 << 10 } == [true, true, false, false])
    pipes[0].1.end()
    pipes[3].1.moved(1 << 20)
    let grows = pipes[3].1.seenFull(pipes[3].0.writeEnd.number)
    #expect(grows)
    for index in pipes.indices { pipes[index].1.end() }
    #expect(budget.taken == 0)
  }

  @Test func pipeMemoryIsAPartOfALargerBudget() throws {
    let left = NIOLockedValueBox(200 * 1024)
    let whole = PipeBudget.Whole(
      take: { bytes in
        left.withLockedValue {
          guard $0 >= bytes else { return false }
          $0 -= bytes
          return true
        }
      },
      giveBack: { bytes in left.withLockedValue { $0 += bytes } })
    let budget = PipeBudget(limit: 64 << 20, of: whole) { _, _ in 0 }
    let ends = try PipeEnds()
    var growth = PipeGrowth(of: ends.writeEnd.number, budget: budget)
    let born = growth.capacity
    growth.moved(4 * born)
    let first = growth.seenFull(ends.writeEnd.number)
    #expect(first)
    #expect(left.withLockedValue { $0 } == 200 * 1024 - (256 * 1024 - born))
    growth.moved(1 << 20)
    let second = growth.seenFull(ends.writeEnd.number)
    #expect(!second)
    #expect(budget.taken == 256 * 1024 - born)
    growth.end()
    #expect(left.withLockedValue { $0 } == 200 * 1024 && budget.taken == 0)
  }

  @Test func aRefusalEndsAllGrowth() throws {
    let budget = budget(2 << 20, refusal: EPERM)
    let ends = try PipeEnds()
    var growth = PipeGrowth(of: ends.writeEnd.number, budget: budget)
    growth.moved(1 << 20)
    let grows = growth.seenFull(ends.writeEnd.number)
    #expect(!grows && budget.refused && budget.taken == 0)
  }
}
