// In which order measurements run, and how long it takes.

/// The runs of a bench: run 1 of every measurement, then run 2 of every measurement, so that what
/// changes on the machine meanwhile changes all of them alike.
package struct Schedule: Equatable, Sendable {
  package struct Step: Equatable, Sendable {
    /// From 1.
    package var run: Int
    /// Index of the measurement.
    package var measurement: Int
  }

  package var steps: [Step]

  package init(measurements: Int, runs: Int) {
    steps = (1...max(runs, 1)).flatMap { run in
      (0..<measurements).map { Step(run: run, measurement: $0) }
    }
  }

  /// Seconds of it all, for people to decide whether they wait.
  ///
  /// - Parameter durations: about the seconds of one run of each measurement.
  package func estimate(_ durations: [Double]) -> Double {
    steps.reduce(0) { $0 + durations[$1.measurement] }
  }

  /// `about 3 min`.
  package static func text(seconds: Double) -> String {
    let seconds = Int(seconds.rounded(.up))
    return seconds < 120 ? "about \(seconds) s" : "about \((seconds + 30) / 60) min"
  }
}
