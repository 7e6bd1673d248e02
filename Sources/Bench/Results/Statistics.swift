// Medians, spreads, percentiles and histograms.

/// One figure over all runs.
package struct Spread: Equatable, Sendable {
  package var median: Double
  package var min: Double
  package var max: Double
  /// In the order of the runs.
  package var runs: [Double]

  /// Nil without a run.
  package init?(_ runs: [Double]) {
    let sorted = runs.sorted()
    guard let least = sorted.first, let most = sorted.last else { return nil }
    let middle = sorted.count / 2
    median =
      sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    min = least
    max = most
    self.runs = runs
  }
}

/// All samples of a latency, in microseconds.
package struct Distribution: Equatable, Sendable {
  /// Ascending, never empty.
  package let samples: [Double]

  /// Nil without a sample.
  package init?(_ samples: [Double]) {
    guard !samples.isEmpty else { return nil }
    self.samples = samples.sorted()
  }

  /// The least sample that at least this share of all samples does not exceed (nearest rank).
  ///
  /// - Parameter share: above 0, at most 1.
  package func percentile(_ share: Double) -> Double {
    let rank = Int((share * Double(samples.count)).rounded(.up))
    return samples[Swift.min(Swift.max(rank, 1), samples.count) - 1]
  }

  package var maximum: Double { samples[samples.count - 1] }

  /// How many samples are at most `limit` and above the limit before. Limits are powers of the
  /// square root of 2, so that a bar has the same width wherever it stands; only those from the
  /// first to the last that holds a sample.
  package var histogram: [(limit: Double, count: Int)] {
    func bucket(_ value: Double) -> Int {
      var index = 0
      while Self.limit(index) < value { index += 1 }
      return index
    }
    let first = bucket(samples[0])
    var counts = [Int](repeating: 0, count: bucket(maximum) - first + 1)
    var index = first
    for sample in samples {
      while Self.limit(index) < sample { index += 1 }
      counts[index - first] += 1
    }
    return counts.enumerated().map { (Self.limit($0 + first), $1) }
  }

  private static func limit(_ index: Int) -> Double {
    let power = Double(1 << (Swift.min(index, 120) / 2))
    return index.isMultiple(of: 2) ? power : power * 2.0.squareRoot()
  }
}
