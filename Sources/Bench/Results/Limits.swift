// What each measurement is held against.

/// The limit of a figure: the same work by TCP alone, in the same run.
package struct Limit: Equatable, Sendable {
  package var subject: Subject
  /// The limit's median.
  package var value: Double
  /// Ours by the limit's.
  package var ratio: Double
}

extension BenchReport {
  /// The limit of a throughput or CPU figure. Of raw TCP's grid it is the best cell of that very
  /// figure: the cell with the most bytes a second may not be the one with the least CPU.
  package func limit(of result: Result, _ figure: Figure) -> Limit? {
    guard figure == .throughput || figure == .cpu, let own = result.spread(figure)?.median else {
      return nil
    }
    let best = rivals(of: result.subject).compactMap { rival in
      rival.spread(figure).map { (rival.subject, $0.median) }
    }.min { figure.isRate ? $0.1 > $1.1 : $0.1 < $1.1 }
    return best.map { Limit(subject: $0.0, value: $0.1, ratio: own / max($0.1, 1e-9)) }
  }

  /// The limit of a latency's median.
  package func latencyLimit(of result: Result) -> Limit? {
    guard let own = result.latency?.percentile(0.5), result.subject.name != .rawLatency else {
      return nil
    }
    let rival = results.first {
      $0.subject.name == .rawLatency && $0.subject.nodes == (result.subject.nodes ?? 1)
    }
    guard let rival, let value = rival.latency?.percentile(0.5) else { return nil }
    return Limit(subject: rival.subject, value: value, ratio: own / max(value, 1e-9))
  }

  private func rivals(of subject: Subject) -> [Result] {
    switch subject.name {
    case .push: results.filter { $0.subject.name == .rawTCP }
    case .echo, .chain, .command:
      results.filter { $0.subject.name == .rawRelay && $0.subject.nodes == subject.nodes }
    default: []
    }
  }
}
