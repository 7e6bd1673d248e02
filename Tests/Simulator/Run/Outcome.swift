// What came of a seed, and of many.

/// What came of one seed.
package struct Outcome: Sendable {
  package var violation: Violation?
  package var events: Int
  package var faults: [Fault: Int]
  /// Tasks of the engine that succeeded, of so many.
  package var succeeded: Int
  package var runs: Int
  /// When everything had ended, in nanoseconds of the simulated clock.
  package var ended: Int64
  package var story: [String]
}

/// The sum of many seeds.
package struct Tally: Sendable {
  package private(set) var seeds = 0
  package private(set) var events = 0
  package private(set) var runs = 0
  package private(set) var succeeded = 0
  package private(set) var faults: [Fault: Int] = [:]
  package private(set) var failures: [(seed: UInt64, violation: Violation)] = []

  package init() {}

  package mutating func add(_ outcome: Outcome, seed: UInt64) {
    seeds += 1
    events += outcome.events
    runs += outcome.runs
    succeeded += outcome.succeeded
    faults.merge(outcome.faults) { $0 + $1 }
    if let violation = outcome.violation { failures.append((seed, violation)) }
  }

  package var text: String {
    let kinds = Fault.allCases.map { "\($0.rawValue) \(faults[$0] ?? 0)" }.joined(separator: ", ")
    return """
      \(seeds) seeds, \(events) events, \(runs) tasks of which \(succeeded) succeeded
      faults: \(kinds)
      violations: \(failures.count)
      """
  }
}
