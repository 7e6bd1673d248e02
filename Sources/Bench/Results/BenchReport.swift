// All that a bench found.

/// What was measured, on what, and when.
package struct BenchReport: Equatable, Sendable {
  /// All runs of one measurement.
  package struct Result: Equatable, Sendable {
    package var subject: Subject
    package var samples: [Sample]

    package init(_ subject: Subject, _ samples: [Sample] = []) {
      self.subject = subject
      self.samples = samples
    }

    /// The figure over the runs; nil where it was not measured.
    package func spread(_ figure: Figure) -> Spread? {
      Spread(samples.compactMap { $0.figures[figure] })
    }

    /// Of all samples of all runs.
    package var latency: Distribution? { Distribution(samples.flatMap(\.latencies)) }

    /// Of the first run that has any: runs are not laid over each other.
    package var memory: [Sample.Memory] { samples.first { !$0.memory.isEmpty }?.memory ?? [] }
  }

  package static let formatVersion = 1

  package var headrace: String
  package var machine: Machine
  /// RFC 3339, in UTC.
  package var date: String
  package var runs: Int
  /// Of one run of one measurement.
  package var seconds: Double
  /// What is not measured, and why.
  package var notes: [String]
  package var results: [Result]

  package init(
    headrace: String, machine: Machine, date: String, runs: Int, seconds: Double, notes: [String],
    results: [Result]
  ) {
    self.headrace = headrace
    self.machine = machine
    self.date = date
    self.runs = runs
    self.seconds = seconds
    self.notes = notes
    self.results = results
  }
}
