// What the edges of a run look like while it runs: bytes, rate, and who waits for whom.

/// One edge at one moment, as the two nodes at its ends tell it.
package struct EdgeSample: Equatable, Sendable {
  /// Bytes that have arrived at the reading end.
  package var bytes: Int64
  /// The end has arrived.
  package var isDone: Bool
  /// Bytes that the writing end holds because the reading end takes no more.
  package var heldByWriter: Int64
  /// Bytes that the reading end has received and its operator has not taken.
  package var heldByReader: Int64

  package init(bytes: Int64, isDone: Bool, heldByWriter: Int64, heldByReader: Int64) {
    self.bytes = bytes
    self.isDone = isDone
    self.heldByWriter = heldByWriter
    self.heldByReader = heldByReader
  }
}

/// One edge as a person sees it.
package struct EdgeProgress: Equatable, Sendable {
  package enum Waiting: Equatable, Sendable {
    /// Nothing has come yet.
    case notStarted
    /// The reading operator has taken all there is: it waits for the writing one.
    case forWriter
    /// Bytes are held back: the writing operator waits for the reading one.
    case forReader
    case done
  }

  package var from: String
  package var to: String
  package var bytes: Int64
  /// Bytes a second, over the last interval; over the whole time once it is done.
  package var rate: Double
  package var waiting: Waiting

  /// `anomaly waits for read`, in the names of the operators.
  package var waitingText: String {
    let writer = from.prefix { $0 != "." }
    let reader = to.prefix { $0 != "." }
    return switch waiting {
    case .notStarted: "\(reader) waits for \(writer), nothing yet"
    case .forWriter: "\(reader) waits for \(writer)"
    case .forReader: "\(writer) waits for \(reader)"
    case .done: "done"
    }
  }
}

/// Turns samples into progress: a value without clock or I/O.
package struct ProgressMeter: Sendable {
  private struct Edge {
    var from: String
    var to: String
    var lastBytes: Int64 = 0
    var lastTime = 0.0
    var firstTime: Double?
    var doneTime: Double?
  }

  private var edges: [Edge]

  package init(edges: [(from: String, to: String)]) {
    self.edges = edges.map { Edge(from: $0.from, to: $0.to) }
  }

  /// - Parameters:
  ///   - samples: one for each edge, in the order given to `init`.
  ///   - now: seconds since the run began.
  package mutating func update(_ samples: [EdgeSample], now: Double) -> [EdgeProgress] {
    precondition(samples.count == edges.count, "one sample for each edge")
    return edges.indices.map { progress(of: $0, samples[$0], now: now) }
  }

  /// Seconds from before the first byte to the end, as often as was looked; nil without an end.
  package var durations: [Double?] {
    edges.map { edge in edge.doneTime.map { $0 - (edge.firstTime ?? $0) } }
  }

  private mutating func progress(of index: Int, _ sample: EdgeSample, now: Double) -> EdgeProgress {
    // Since the look before: the first byte came after that one.
    if edges[index].firstTime == nil, sample.bytes > 0 {
      edges[index].firstTime = edges[index].lastTime
    }
    if edges[index].doneTime == nil, sample.isDone { edges[index].doneTime = now }
    let edge = edges[index]
    let rate: Double
    if let done = edge.doneTime {
      rate = Double(sample.bytes) / max(done - min(edge.firstTime ?? 0, done), 0.001)
    } else {
      rate = Double(sample.bytes - edge.lastBytes) / max(now - edge.lastTime, 0.001)
    }
    edges[index].lastBytes = sample.bytes
    edges[index].lastTime = now
    let waiting: EdgeProgress.Waiting =
      if sample.isDone {
        .done
      } else if sample.heldByWriter > 0 || sample.heldByReader > 0 {
        .forReader
      } else {
        sample.bytes == 0 ? .notStarted : .forWriter
      }
    return EdgeProgress(
      from: edge.from, to: edge.to, bytes: sample.bytes, rate: rate, waiting: waiting)
  }
}

/// Byte counts and rates as people read them.
package enum Quantity {
  /// `0 B`, `999 B`, `1.5 kB`, `12.3 MB`: powers of 1000.
  package static func bytes(_ count: Double) -> String {
    var value = count
    var unit = "B"
    for next in ["kB", "MB", "GB", "TB"] where value >= 999.5 {
      value /= 1000
      unit = next
    }
    if unit == "B" { return "\(Int(value.rounded())) B" }
    let tenths = Int((value * 10).rounded())
    return value < 99.95 ? "\(tenths / 10).\(tenths % 10) \(unit)" : "\(tenths / 10) \(unit)"
  }

  package static func rate(_ bytesPerSecond: Double) -> String { bytes(bytesPerSecond) + "/s" }
}

/// The live table, redrawn in place on a terminal, or one line an edge elsewhere.
package struct ProgressTable: Sendable {
  private var drawnLines = 0

  package init() {}

  /// The text that redraws the table over its former self (ECMA-48: cursor up, erase line).
  ///
  /// - Parameter width: columns of the terminal; longer lines are cut, since a wrapped line would
  ///   break the redrawing.
  package mutating func redraw(_ edges: [EdgeProgress], seconds: Double, width: Int) -> String {
    let lines = [Self.header(seconds)] + Self.rows(edges)
    var text = drawnLines > 0 ? "\u{1B}[\(drawnLines)A" : ""
    for line in lines { text += "\u{1B}[2K" + line.prefix(max(20, width - 1)) + "\n" }
    drawnLines = lines.count
    return text
  }

  /// The text that takes the table away, for a line of the log; the next drawing comes below it.
  package mutating func clear(isTerminal: Bool) -> String {
    defer { drawnLines = 0 }
    return isTerminal && drawnLines > 0 ? "\u{1B}[\(drawnLines)A\u{1B}[J" : ""
  }

  /// The same as plain lines.
  package static func plain(_ edges: [EdgeProgress], seconds: Double) -> String {
    ([header(seconds)] + rows(edges)).map { $0 + "\n" }.joined()
  }

  private static func header(_ seconds: Double) -> String {
    let tenths = Int((seconds * 10).rounded())
    return "running for \(tenths / 10).\(tenths % 10) s"
  }

  private static func rows(_ edges: [EdgeProgress]) -> [String] {
    let names = edges.map { "\($0.from) -> \($0.to)" }
    let nameWidth = names.map(\.count).max() ?? 0
    return zip(names, edges).map { name, edge in
      let count = Quantity.bytes(Double(edge.bytes))
      let rate = Quantity.rate(edge.rate)
      return "  " + name.padded(to: nameWidth) + "  " + count.leftPadded(to: 9) + "  "
        + rate.leftPadded(to: 11) + "  " + edge.waitingText
    }
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }

  fileprivate func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: Swift.max(0, width - count)) + self
  }
}
