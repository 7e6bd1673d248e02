// Joules, where the machine tells them.

#if canImport(Glibc)
  internal import Glibc
#endif

/// The energy counters of the processor packages (powercap, intel-rapl:N). They count whatever the
/// machine does, not only what is measured, and most machines let root alone read them.
struct Energy: Sendable {
  private struct Counter: Sendable {
    var path: String
    /// Microjoules after which it begins at 0 again.
    var range: Double
  }

  private let counters: [Counter]

  /// Nil where there is no counter that can be read.
  init?() {
    var counters: [Counter] = []
    for number in 0..<64 {
      let folder = "/sys/class/powercap/intel-rapl:\(number)"
      guard let range = Self.number("\(folder)/max_energy_range_uj"),
        Self.number("\(folder)/energy_uj") != nil
      else { break }
      counters.append(Counter(path: "\(folder)/energy_uj", range: range))
    }
    guard !counters.isEmpty else { return nil }
    self.counters = counters
  }

  /// Microjoules of each counter, now.
  func read() -> [Double] { counters.map { Self.number($0.path) ?? 0 } }

  /// Joules between two readings. Longer than a counter's range, an hour or so, is not noticed.
  func joules(from start: [Double], to end: [Double]) -> Double {
    var sum = 0.0
    for (index, counter) in counters.enumerated() {
      let difference = end[index] - start[index]
      sum += difference >= 0 ? difference : difference + counter.range
    }
    return sum / 1e6
  }

  private static func number(_ path: String) -> Double? {
    ProcFile.read(path).flatMap { Double($0.prefix { $0 != "\n" }) }
  }
}
