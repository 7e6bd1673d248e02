// The table of a bench, as text and as cells.

package struct ReportTable: Equatable, Sendable {
  package var head: [String]
  package var rows: [[String]]

  /// The same without the columns in which no row says anything.
  var withoutEmptyColumns: ReportTable {
    let kept = head.indices.filter { column in rows.contains { !$0[column].isEmpty } }
    return ReportTable(head: kept.map { head[$0] }, rows: rows.map { row in kept.map { row[$0] } })
  }

  /// Columns by width, the first to the left and the others to the right.
  package var text: String {
    let all = [head] + rows
    let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    let lines = all.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let space = String(repeating: " ", count: widths[column] - cell.count)
        line += column == 0 ? cell + space : "  " + space + cell
      }
      while line.last == " " { line.removeLast() }
      return line
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension BenchReport {
  /// One for throughput, one for latencies, one for memory and start; those that have rows.
  package var tables: [ReportTable] {
    [throughputTable, latencyTable, nodeTable].filter { !$0.rows.isEmpty }.map(
      \.withoutEmptyColumns)
  }

  /// All of it for a terminal.
  package var text: String {
    var text =
      "\(machine.description)\nmedian of \(runs) \(runs == 1 ? "run" : "runs") (least..most)\n\n"
    text += tables.map(\.text).joined(separator: "\n")
    if !notes.isEmpty { text += "\n" + notes.map { "note: \($0)\n" }.joined() }
    return text
  }

  private var throughputTable: ReportTable {
    let hasEnergy = results.contains { $0.spread(.energy) != nil }
    var head = ["throughput", "GB/s", "of limit", "messages/s", "CPU s/GB", "times limit"]
    head += ["bench", "nodes"] + (hasEnergy ? ["J/GB"] : []) + ["peak MB"]
    let rows = results.compactMap { result -> [String]? in
      guard let throughput = result.spread(.throughput) else { return nil }
      let ratio = limit(of: result, .throughput).map { Self.short($0.ratio) } ?? ""
      let cpuRatio = limit(of: result, .cpu).map { Self.short($0.ratio) } ?? ""
      var row = [result.subject.label, Self.cell(throughput), ratio]
      row.append(result.spread(.messages).map { Self.large($0.median) } ?? "")
      row += [Self.cell(result.spread(.cpu)), cpuRatio]
      row.append(result.spread(.benchCPU).map { Self.short($0.median) } ?? "")
      row.append(result.spread(.nodesCPU).map { Self.short($0.median) } ?? "")
      if hasEnergy { row.append(Self.cell(result.spread(.energy))) }
      row.append(result.spread(.peakResident).map { Self.short($0.median) } ?? "")
      return row
    }
    return ReportTable(head: head, rows: rows)
  }

  private var latencyTable: ReportTable {
    let rows = results.compactMap { result -> [String]? in
      guard let latency = result.latency else { return nil }
      return [
        result.subject.label, Self.short(latency.percentile(0.5)),
        Self.short(latency.percentile(0.99)), Self.short(latency.maximum),
        latencyLimit(of: result).map { Self.short($0.ratio) } ?? "",
        Self.cell(result.spread(.cold)), "\(latency.samples.count)",
      ]
    }
    return ReportTable(

      head: ["latency, µs", "p50", "p99", "max", "p50 times limit", "cold", "samples"], rows: rows)
  }

  private var nodeTable: ReportTable {
    let figures: [(Figure, String)] = [
      (.start, "start to first answer, ms"), (.idleOwn, "idle, own memory (RssAnon), MB"),
      (.idleResident, "idle, resident, MB"), (.peakOwn, "under load, own memory, most seen, MB"),
    ]
    let rows = figures.compactMap { figure, label -> [String]? in
      guard let spread = results.compactMap({ $0.spread(figure) }).first else { return nil }
      return [label, Self.cell(spread)]
    }
    return ReportTable(head: ["a node", ""], rows: rows)
  }

  private static func cell(_ spread: Spread?) -> String {
    guard let spread else { return "" }
    let median = short(spread.median)
    return spread.runs.count > 1
      ? "\(median) (\(short(spread.min))..\(short(spread.max)))" : median
  }

  /// Three significant digits.
  static func short(_ number: Double) -> String {
    let magnitude = abs(number)
    let places = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
    return fixed(number, places: places)
  }

  static func fixed(_ number: Double, places: Int) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let units = Int((abs(number) * Double(scale)).rounded())
    let sign = number < 0 && units > 0 ? "-" : ""
    guard places > 0 else { return "\(sign)\(units)" }
    let fraction = "\(scale + units % scale)".dropFirst()
    return "\(sign)\(units / scale).\(fraction)"
  }

  /// `5.12 M`.
  static func large(_ number: Double) -> String {
    if number >= 1e6 { return short(number / 1e6) + " M" }
    return number >= 1e3 ? short(number / 1e3) + " k" : short(number)
  }
}
