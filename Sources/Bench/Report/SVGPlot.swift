// One plot as SVG, with axes, lines, bands and bars; no scripts, no fonts from elsewhere.

#if canImport(Glibc)
  internal import Glibc
#endif

/// What is drawn into a plot: values only, so that a plot can be compared as text.
package struct SVGPlot: Equatable, Sendable {
  package struct Point: Equatable, Sendable {
    package var x: Double
    package var y: Double
    /// The spread around y, where there is one.
    package var low: Double?
    package var high: Double?

    package init(x: Double, y: Double, low: Double? = nil, high: Double? = nil) {
      self.x = x
      self.y = y
      self.low = low
      self.high = high
    }
  }

  package struct Series: Equatable, Sendable {
    package var name: String
    package var points: [Point]
    /// A limit: dashed, and drawn over the whole width where it is one point.
    package var isLimit: Bool

    package init(_ name: String, _ points: [Point], isLimit: Bool = false) {
      self.name = name
      self.points = points
      self.isLimit = isLimit
    }
  }

  package var title: String
  package var xLabel: String
  package var yLabel: String
  /// Powers of ten are as far from each other as the next.
  package var hasLogarithmicX: Bool
  /// What stands at x, in place of its value.
  package var ticks: [Double: String]
  package var series: [Series]
  /// Bars from 0 at each point in place of lines.
  package var hasBars: Bool

  package init(
    title: String, xLabel: String, yLabel: String, hasLogarithmicX: Bool = false,
    ticks: [Double: String] = [:], hasBars: Bool = false, series: [Series]
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.hasLogarithmicX = hasLogarithmicX
    self.ticks = ticks
    self.hasBars = hasBars
    self.series = series.filter { !$0.points.isEmpty }
  }

  package static let width = 560.0
  package static let height = 340.0
  private static let left = 64.0
  private static let right = 540.0
  private static let top = 40.0
  private static let bottom = 268.0
  private static let colours = [
    "#0b6fa4", "#c2571a", "#2e7d4f", "#7b4ea3", "#a6842c", "#b03a5b", "#4a6572", "#1aa39a",
  ]

  /// An element `svg` of its own.
  package var svg: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.text(Self.width)) \
    \(Self.text(Self.height))" width="\(Self.text(Self.width))" \
    height="\(Self.text(Self.height))" font-family="sans-serif" font-size="11">
    \(group)
    </svg>

    """
  }

  /// Its content, to be placed in another image.
  package var group: String {
    let scale = Scale(self)
    var lines = [
      #"<rect width="560" height="340" fill="white"/>"#,
      Self.label(
        title, x: Self.width / 2, y: 22, anchor: "middle", attributes: #" font-size="14""#),
      Self.label(xLabel, x: (Self.left + Self.right) / 2, y: 302, anchor: "middle"),
      Self.label(
        yLabel, x: 0, y: 0, anchor: "middle",
        attributes: #" transform="translate(16 154) rotate(-90)""#),
    ]
    lines += axes(scale)
    for (index, series) in series.enumerated() {
      let colour = Self.colours[index % Self.colours.count]
      lines +=
        hasBars && !series.isLimit
        ? bars(series, scale, colour) : curve(series, scale, colour)
    }
    if !(series.count == 1 && hasBars) { lines += legend() }
    return lines.joined(separator: "\n")
  }

  // MARK: Parts

  private func axes(_ scale: Scale) -> [String] {
    var lines: [String] = []
    for value in scale.yTicks {
      let y = scale.y(value)
      lines.append(Self.line(Self.left, y, Self.right, y, #"stroke="gainsboro""#))
      lines.append(
        Self.label(JSONValue.digits(value), x: Self.left - 6, y: y + 4, anchor: "end"))
    }
    for (value, text) in scale.xTicks(ticks) {
      let x = scale.x(value)
      lines.append(Self.line(x, Self.bottom, x, Self.bottom + 4, #"stroke="dimgray""#))
      lines.append(
        hasBars
          ? Self.slanted(text, x: x) : Self.label(text, x: x, y: Self.bottom + 16, anchor: "middle")
      )
    }
    lines.append(
      Self.line(Self.left, Self.bottom, Self.right, Self.bottom, #"stroke="dimgray""#))
    return lines
  }

  private func curve(_ series: Series, _ scale: Scale, _ colour: String) -> [String] {
    var points = series.points
    if series.isLimit, points.count == 1 {
      points = [Point(x: scale.xRange.0, y: points[0].y), Point(x: scale.xRange.1, y: points[0].y)]
    }
    var lines: [String] = []
    let band = points.filter { $0.low != nil && $0.high != nil }
    if band.count > 1 {
      let upper = band.map { scale.place($0.x, $0.high ?? $0.y) }
      let lower = band.reversed().map { scale.place($0.x, $0.low ?? $0.y) }
      lines.append(
        #"<polygon points="\#((upper + lower).joined(separator: " "))" fill="\#(colour)" "#
          + #"fill-opacity="0.15"/>"#)
    }
    let path = points.map { scale.place($0.x, $0.y) }.joined(separator: " ")
    let dash = series.isLimit ? #" stroke-dasharray="6 4""# : ""
    lines.append(
      #"<polyline points="\#(path)" fill="none" stroke="\#(colour)" stroke-width="1.8"\#(dash)/>"#)
    if points.count <= 12, !series.isLimit {
      for point in points {
        lines.append(
          #"<circle cx="\#(Self.text(scale.x(point.x)))" cy="\#(Self.text(scale.y(point.y)))" "#
            + #"r="3" fill="\#(colour)"/>"#)
      }
    }
    return lines
  }

  private func bars(_ series: Series, _ scale: Scale, _ colour: String) -> [String] {
    let width = min(40, (Self.right - Self.left) / Double(series.points.count + 1) * 0.6)
    return series.points.flatMap { point -> [String] in
      let (x, y) = (scale.x(point.x), scale.y(point.y))
      var lines = [
        #"<rect x="\#(Self.text(x - width / 2))" y="\#(Self.text(y))" width="\#(Self.text(width))" "#
          + #"height="\#(Self.text(max(Self.bottom - y, 0)))" fill="\#(colour)"/>"#
      ]
      if let low = point.low, let high = point.high {
        lines.append(Self.line(x, scale.y(low), x, scale.y(high), #"stroke="black""#))
      }
      return lines
    }
  }

  private func legend() -> [String] {
    var lines: [String] = []
    for (index, series) in series.enumerated() {
      let x = Self.left + Double(index % 4) * 122
      let y = 318 + Double(index / 4) * 13
      let colour = Self.colours[index % Self.colours.count]
      lines.append(Self.line(x, y - 4, x + 16, y - 4, #"stroke="\#(colour)" stroke-width="3""#))
      lines.append(Self.label(series.name, x: x + 20, y: y, anchor: "start"))
    }
    return lines
  }

  // MARK: Elements

  private static func label(
    _ text: String, x: Double, y: Double, anchor: String, attributes: String = ""
  ) -> String {
    #"<text x="\#(Self.text(x))" y="\#(Self.text(y))" text-anchor="\#(anchor)" fill="black""#
      + #"\#(attributes)>\#(escaped(text))</text>"#
  }

  /// Names of bars are longer than bars are wide.
  private static func slanted(_ text: String, x: Double) -> String {
    let place = "translate(\(Self.text(x + 4)) \(Self.text(bottom + 14))) rotate(-30)"
    return label(text, x: 0, y: 0, anchor: "end", attributes: #" transform="\#(place)""#)
  }

  private static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String
  ) -> String {
    #"<line x1="\#(text(x1))" y1="\#(text(y1))" x2="\#(text(x2))" y2="\#(text(y2))" \#(style)/>"#
  }

  /// A tenth of a pixel is enough.
  static func text(_ number: Double) -> String { JSONValue.digits((number * 10).rounded() / 10) }

  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }

  /// From values to places.
  struct Scale {
    let xRange: (Double, Double)
    let yMaximum: Double
    let yTicks: [Double]
    private let isLogarithmic: Bool

    init(_ plot: SVGPlot) {
      let points = plot.series.filter { !($0.isLimit && $0.points.count == 1) }.flatMap(\.points)
      isLogarithmic = plot.hasLogarithmicX
      let least = points.map(\.x).min() ?? 0
      let most = points.map(\.x).max() ?? 1
      let margin = plot.hasBars ? 0.6 : 0
      xRange =
        most > least || plot.hasBars
        ? (least - margin, most + margin)
        : isLogarithmic ? (least / 2, most * 2) : (least - 1, most + 1)
      let highest = plot.series.flatMap(\.points).map { max($0.y, $0.high ?? $0.y) }.max() ?? 1
      let step = Self.step(for: max(highest, 1e-9))
      let count = Int((highest / step).rounded(.up))
      yMaximum = Double(max(count, 1)) * step
      yTicks = (0...max(count, 1)).map { Double($0) * step }
    }

    func x(_ value: Double) -> Double {
      let (least, most) = xRange
      let share =
        isLogarithmic
        ? (log10(value) - log10(least)) / (log10(most) - log10(least))
        : (value - least) / (most - least)
      return SVGPlot.left + share * (SVGPlot.right - SVGPlot.left)
    }

    func y(_ value: Double) -> Double {
      SVGPlot.bottom - value / yMaximum * (SVGPlot.bottom - SVGPlot.top)
    }

    func place(_ x: Double, _ y: Double) -> String {
      "\(SVGPlot.text(self.x(x))),\(SVGPlot.text(self.y(y)))"
    }

    func xTicks(_ given: [Double: String]) -> [(Double, String)] {
      if !given.isEmpty { return given.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
      let (least, most) = xRange
      if isLogarithmic {
        let values = (-9...12).flatMap { exponent -> [Double] in
          [1.0, 3.0].map { $0 * Self.power(exponent) }
        }
        return values.filter { (least...most).contains($0) }.map { ($0, JSONValue.digits($0)) }
      }
      let step = Self.step(for: max(most - least, 1e-9))
      let first = Int((least / step).rounded(.up))
      let last = Int((most / step).rounded(.down))
      guard first <= last else { return [] }
      return (first...last).map { (Double($0) * step, JSONValue.digits(Double($0) * step)) }
    }

    /// 1, 2 or 5 times a power of ten, so that at most about six of it fill the range.
    private static func step(for range: Double) -> Double {
      let raw = range / 5
      let base = power(Int(log10(raw).rounded(.down)))
      return ([1.0, 2.0, 5.0].map { $0 * base }.first { $0 >= raw * 0.999 }) ?? 10 * base
    }

    private static func power(_ exponent: Int) -> Double {
      var value = 1.0
      for _ in 0..<abs(exponent) { value *= 10 }
      return exponent < 0 ? 1 / value : value
    }
  }
}
