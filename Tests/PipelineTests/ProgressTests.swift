// What a person sees of a run, from samples alone.

import Testing

@testable import Pipeline

@Suite struct ProgressTests {
  private func sample(_ bytes: Int64, done: Bool = false, writer: Int64 = 0, reader: Int64 = 0)
    -> EdgeSample
  {
    EdgeSample(bytes: bytes, isDone: done, heldByWriter: writer, heldByReader: reader)
  }

  @Test func ratesAreOfTheLastInterval() {
    var meter = ProgressMeter(edges: [("a.out", "b.in")])
    let first = meter.update([sample(1000)], now: 1)
    let second = meter.update([sample(5000)], now: 3)
    #expect(first[0].rate == 1000)
    #expect(second[0].rate == 2000)
    #expect(second[0].bytes == 5000)
  }

  @Test func aFinishedEdgeKeepsItsMeanRateAndItsDuration() {
    var meter = ProgressMeter(edges: [("a.out", "b.in")])
    _ = meter.update([sample(0)], now: 1)
    _ = meter.update([sample(10)], now: 2)
    _ = meter.update([sample(4000, done: true)], now: 5)
    let later = meter.update([sample(4000, done: true)], now: 60)
    // From the look before the first byte to the one that saw the end.
    #expect(later[0].rate == 1000)
    #expect(meter.durations == [4])
  }

  @Test func anEdgeThatNeverEndedHasNoDuration() {
    var meter = ProgressMeter(edges: [("a.out", "b.in")])
    _ = meter.update([sample(10)], now: 1)
    #expect(meter.durations == [nil])
  }

  @Test(arguments: [
    (0, false, 0, 0, EdgeProgress.Waiting.notStarted, "b waits for a, nothing yet"),
    (9, false, 0, 0, .forWriter, "b waits for a"),
    (9, false, 1, 0, .forReader, "a waits for b"),
    (9, false, 0, 7, .forReader, "a waits for b"),
    (9, true, 0, 7, .done, "done"),
  ])
  func whoWaitsForWhom(
    bytes: Int64, done: Bool, writer: Int64, reader: Int64, waiting: EdgeProgress.Waiting,
    text: String
  ) {
    var meter = ProgressMeter(edges: [("a.out", "b.in")])
    let edge = meter.update([sample(bytes, done: done, writer: writer, reader: reader)], now: 1)[0]
    #expect(edge.waiting == waiting)
    #expect(edge.waitingText == text)
  }

  @Test(arguments: [
    (0.0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1549, "1.5 kB"), (99_940, "99.9 kB"),
    (99_960, "100 kB"), (999_400, "999 kB"), (1_000_000, "1.0 MB"), (12_345_678_901, "12.3 GB"),
  ])
  func quantities(count: Double, text: String) {
    #expect(Quantity.bytes(count) == text)
  }

  @Test func theTableIsDrawnOverItselfAndCutToTheTerminal() {
    var table = ProgressTable()
    var meter = ProgressMeter(edges: [("a.out", "b.in")])
    let edges = meter.update([sample(10)], now: 1)
    let first = table.redraw(edges, seconds: 1, width: 80)
    let second = table.redraw(edges, seconds: 2, width: 30)
    #expect(!first.contains("\u{1B}[2A"))
    #expect(second.hasPrefix("\u{1B}[2A"))
    for line in second.split(separator: "\n") {
      let visible = line.replacing("\u{1B}[2A", with: "").replacing("\u{1B}[2K", with: "")
      #expect(visible.count < 30)
    }
    let cleared = table.clear(isTerminal: true)
    let clearedAgain = table.clear(isTerminal: true)
    #expect(cleared == "\u{1B}[2A\u{1B}[J")
    #expect(clearedAgain.isEmpty)
  }
}
