// What is written of a bench: table, JSON, plots, page.

import Testing

@testable import Bench

@Suite struct ReportTests {
  private let report = BenchReport.example

  @Test func theLimitIsTheBestOfTheGridForEachFigure() throws {
    let push = report.results[2]
    let throughput = try #require(report.limit(of: push, .throughput))
    #expect(throughput.subject.write == 65536)
    #expect(throughput.ratio == 5.0 / 8)
    let cpu = try #require(report.limit(of: push, .cpu))
    #expect(cpu.subject.write == 131072)
    #expect(cpu.ratio == 0.3 / 0.2)
    #expect(report.latencyLimit(of: report.results[5])?.ratio == 90.0 / 50)
    // The limit itself has none.
    #expect(report.limit(of: report.results[0], .throughput) == nil)
    #expect(report.latencyLimit(of: report.results[4]) == nil)
  }

  @Test func theTable() {
    #expect(report.text == table)
  }

  @Test func theJSON() {
    let json = report.json
    #expect(json.hasPrefix("{\n  \"version\": 1,\n  \"headrace\": \"0.1.0\",\n"))
    for line in [
      #""cpu": "Fast & <small>", "cores": 2, "kernel": "Linux 6.1", "memory_bytes": 8000000000"#,
      #""name": "push","#, #""size": 65536,"#,
      #""gb_per_s": {"median": 5, "min": 4, "max": 6, "runs": [6, 4, 5]},"#,
      #""p50": 90,"#, #""start_to_answer_ms": {"median": 20, "min": 20, "max": 20, "runs": [20]}"#,
      #""rss_anon_mb_over_s": [[0, 4], [0.5, 6]]"#, #""notes": ["no joules"]"#,
      #""ratio": 0.625"#,
    ] {
      #expect(json.contains(line), "\(line)\n\(json)")
    }
  }

  @Test func numbersHaveFiveDigits() {
    #expect(JSONValue.digits(0) == "0")
    #expect(JSONValue.digits(12.0) == "12")
    #expect(JSONValue.digits(1.0 / 3) == "0.33333")
    #expect(JSONValue.digits(123456.789) == "123457")
    #expect(JSONValue.digits(-2.5) == "-2.5")
    #expect(JSONValue.digits(.infinity) == "null")
  }

  @Test func aPlotIsDrawnToScale() {
    let plot = SVGPlot(
      title: "a < b", xLabel: "x", yLabel: "y",
      series: [
        .init("one", [.init(x: 0, y: 0), .init(x: 10, y: 5, low: 4, high: 6)]),
        .init("limit", [.init(x: 0, y: 10)], isLimit: true),
      ])
    let svg = plot.svg
    #expect(svg.contains("a &lt; b"))
    // From the lower left corner to half the height at the right edge.
    #expect(svg.contains(#"points="64,268 540,154""#))
    #expect(svg.contains(#"points="64,40 540,40""#))
    #expect(svg.contains("stroke-dasharray"))
    #expect(svg.hasPrefix("<svg xmlns=") && svg.hasSuffix("</svg>\n"))
  }

  @Test func aLogarithmicAxisHasPowersAtEqualDistances() {
    let plot = SVGPlot(
      title: "", xLabel: "", yLabel: "", hasLogarithmicX: true,
      ticks: [1: "1", 10: "10", 100: "100"],
      series: [.init("one", [.init(x: 1, y: 1), .init(x: 10, y: 1), .init(x: 100, y: 1)])])
    #expect(plot.svg.contains(#"points="64,40 302,40 540,40""#))
  }

  @Test func allPlotsInOneImage() {
    #expect(report.plots.count == 4)
    #expect(report.svg.contains(#"viewBox="0 0 1120 680""#))
    #expect(report.svg.contains(#"translate(560 340)"#))
    #expect(report.svg.split(separator: "<svg").count == 1)
  }

  @Test func thePageNeedsNothingElse() {
    let page = report.html
    #expect(page.contains("Fast &amp; &lt;small&gt;"))
    #expect(page.split(separator: "<svg ").count == 5)
    #expect(page.contains("<td>push 64K</td>"))
    // No script, and no address but that of SVG's namespace.
    #expect(!page.contains("<script") && !page.contains("href") && !page.contains("src="))
    #expect(page.split(separator: "http").count == 5)
  }
}

private let table = """
  Fast & <small>, 2 cores, Linux 6.1, 8.0 GB of memory
  median of 3 runs (least..most)

  throughput                       GB/s  of limit  messages/s              CPU s/GB  times limit
  raw-tcp w64K r64K   8.00 (7.00..9.00)                        0.250 (0.200..0.300)
  raw-tcp w128K r64K  6.00 (6.00..6.00)                        0.200 (0.200..0.200)
  push 64K            5.00 (4.00..6.00)     0.625      76.3 k  0.300 (0.250..0.500)         1.50
  push 1M             7.00 (7.00..7.00)     0.875       107 k  0.250 (0.250..0.250)         1.25

  latency, µs               p50   p99   max  p50 times limit  samples
  raw-latency 100, 1 node  50.0  60.0  60.0                         3
  about                    90.0   120   120             1.80        4

  a node
  start to first answer, ms              20.0
  idle, own memory (RssAnon), MB         4.00
  idle, resident, MB                     15.0
  under load, own memory, most seen, MB  6.00

  note: no joules

  """
