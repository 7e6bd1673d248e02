// Hundreds of seeds: whatever goes wrong, what must hold holds.

import Simulator
import Testing

@Suite struct SeedTests {
  /// A failure names its seed; `scripts/simulate --seed N --trace` tells its story.
  @Test(arguments: 0..<8)
  func whatMustHoldHolds(part: Int) {
    var tally = Tally()
    for seed in UInt64(part * 50)..<UInt64(part * 50 + 50) {
      let outcome = Simulation(seed: seed).run()
      tally.add(outcome, seed: seed)
      if let violation = outcome.violation {
        Issue.record("seed \(seed): \(violation.what); scripts/simulate --seed \(seed) --trace")
      }
    }
    #expect(tally.succeeded > 0 && tally.succeeded < tally.runs, "some go well, some do not")
  }

  @Test func everyFaultHappens() {
    var tally = Tally()
    for seed in 0..<100 { tally.add(Simulation(seed: UInt64(seed)).run(), seed: UInt64(seed)) }
    for fault in Fault.allCases {
      #expect((tally.faults[fault] ?? 0) > 0, "\(fault.rawValue)")
    }
  }

  /// Without this a printed seed would be worth nothing.
  @Test(arguments: [3, 42, 77])
  func aSeedReplays(seed: UInt64) {
    let first = Simulation(seed: seed, traced: 100_000).run()
    let second = Simulation(seed: seed, traced: 100_000).run()
    #expect(first.events == second.events)
    #expect(first.story == second.story)
    #expect(!first.story.isEmpty)
  }
}
