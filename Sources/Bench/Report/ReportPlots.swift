// The plots of a bench, and the image of all of them.

extension BenchReport {
  /// Those that have something to show.
  package var plots: [SVGPlot] {
    [throughputPlot, cpuPlot, latencyPlot, memoryPlot].filter { !$0.series.isEmpty }
  }

  /// All plots in one image, two a row.
  package var svg: String {
    let plots = plots
    let rows = (plots.count + 1) / 2
    let columns = min(plots.count, 2)
    let width = SVGPlot.text(SVGPlot.width * Double(max(columns, 1)))
    let height = SVGPlot.text(SVGPlot.height * Double(max(rows, 1)))
    var lines = [
      #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(width) \#(height)" "#
        + #"width="\#(width)" height="\#(height)" font-family="sans-serif" font-size="11">"#
    ]
    for (index, plot) in plots.enumerated() {
      let x = SVGPlot.text(SVGPlot.width * Double(index % 2))
      let y = SVGPlot.text(SVGPlot.height * Double(index / 2))
      lines.append(#"<g transform="translate(\#(x) \#(y))">"#)
      lines.append(plot.group)
      lines.append("</g>")
    }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private var throughputPlot: SVGPlot {
    let bySize = results.filter { $0.subject.name == .push || $0.subject.name == .remote }
    let points = bySize.compactMap { result -> SVGPlot.Point? in
      guard let size = result.subject.size, let spread = result.spread(.throughput) else {
        return nil
      }
      return .init(x: Double(size), y: spread.median, low: spread.min, high: spread.max)
    }
    guard !points.isEmpty else { return Self.emptyPlot }
    var series = [SVGPlot.Series("push", points)]
    if let best = bySize.lazy.compactMap({ self.limit(of: $0, .throughput) }).first {
      series.append(SVGPlot.Series("raw TCP", [.init(x: 1, y: best.value)], isLimit: true))
    }
    var ticks: [Double: String] = [:]
    for size in bySize.compactMap(\.subject.size) { ticks[Double(size)] = SizeList.text(size) }
    return SVGPlot(
      title: "Throughput by size of messages", xLabel: "bytes of a message", yLabel: "GB/s",
      hasLogarithmicX: true, ticks: ticks, series: series)
  }

  private static let emptyPlot = SVGPlot(title: "", xLabel: "", yLabel: "", series: [])

  /// Small messages would hide all others: they cost by the message, not by the byte.
  private static let leastSizeOfCPU = 4096

  private var cpuPlot: SVGPlot {
    let shown = results.filter {
      $0.spread(.cpu) != nil && $0.subject.name != .rawTCP
        && ($0.subject.size ?? .max) >= Self.leastSizeOfCPU
    }
    var bars = shown.map { ($0.subject.shortLabel, $0.spread(.cpu)) }
    let limit = results.filter { $0.subject.name == .rawTCP }.compactMap { $0.spread(.cpu) }
      .min { $0.median < $1.median }
    if let limit { bars.insert(("raw TCP", limit), at: 0) }
    let points = bars.enumerated().compactMap { index, bar in
      bar.1.map { SVGPlot.Point(x: Double(index), y: $0.median, low: $0.min, high: $0.max) }
    }
    return SVGPlot(
      title: "CPU, all processes together", xLabel: "", yLabel: "CPU s/GB",
      ticks: Dictionary(bars.enumerated().map { (Double($0), $1.0) }) { first, _ in first },
      hasBars: true, series: [SVGPlot.Series("CPU s/GB", points)])
  }

  private var latencyPlot: SVGPlot {
    let series = results.compactMap { result -> SVGPlot.Series? in
      guard let latency = result.latency, result.subject.name != .rawLatency else { return nil }
      let shares = [0.001, 0.01] + (1...19).map { Double($0) / 20 } + [0.99, 0.999, 1]
      let points = shares.map {
        SVGPlot.Point(x: max(latency.percentile($0), 0.001), y: $0 * 100)
      }
      return SVGPlot.Series(result.subject.shortLabel, points)
    }
    return SVGPlot(
      title: "Latency: share of samples that are not above", xLabel: "µs", yLabel: "%",
      hasLogarithmicX: true, series: series)
  }

  private var memoryPlot: SVGPlot {
    let series = results.compactMap { result -> SVGPlot.Series? in
      guard !result.memory.isEmpty else { return nil }
      return SVGPlot.Series(
        result.subject.shortLabel, result.memory.map { .init(x: $0.seconds, y: $0.megabytes) })
    }
    return SVGPlot(
      title: "Own memory of a node under load", xLabel: "seconds", yLabel: "RssAnon, MB",
      series: series)
  }
}

extension Subject {
  /// For a plot's narrow places.
  var shortLabel: String {
    switch name {
    case .latency where command != nil: "latency, operator"
    case .firstByte, .chain, .latency: "\(name.rawValue) \(nodes ?? 1)"
    case .rawRelay: "relay \(nodes ?? 1)"
    case .generated: "generated"
    case .push, .remote: "\(name.rawValue) \(size.map { SizeList.text($0) } ?? "")"
    default: name.rawValue
    }
  }
}
