// JSON with its keys in the order in which they are given: people read these files too.

internal import Pipeline

package indirect enum JSONValue: Equatable, Sendable {
  case text(String)
  case number(Double)
  case list([JSONValue])
  case object([(key: String, value: JSONValue)])

  package static func integer(_ value: Int) -> JSONValue { .number(Double(value)) }

  package static func == (one: JSONValue, other: JSONValue) -> Bool { one.line == other.line }

  /// Two spaces for each level; what fits into a line of 100 columns stands in one.
  package var pretty: String { pretty(indent: "") + "\n" }

  private func pretty(indent: String) -> String {
    let line = line
    if line.utf8.count + indent.utf8.count <= 100 { return line }
    let inner = indent + "  "
    switch self {
    case .list(let values):
      let rows = values.map { inner + $0.pretty(indent: inner) }
      return "[\n" + rows.joined(separator: ",\n") + "\n\(indent)]"
    case .object(let pairs):
      let rows = pairs.map {
        inner + "\(JSONText.quoted($0.key)): " + $0.value.pretty(indent: inner)
      }
      return "{\n" + rows.joined(separator: ",\n") + "\n\(indent)}"
    case .text, .number: return line
    }
  }

  /// All of it in one line.
  private var line: String {
    switch self {
    case .text(let text): JSONText.quoted(text)
    case .number(let number): Self.digits(number)
    case .list(let values): "[" + values.map(\.line).joined(separator: ", ") + "]"
    case .object(let pairs):
      "{" + pairs.map { "\(JSONText.quoted($0.key)): \($0.value.line)" }.joined(separator: ", ")
        + "}"
    }
  }

  /// Five significant digits: a run is not more exact than that. Whole numbers stay whole.
  package static func digits(_ number: Double) -> String {
    guard number.isFinite else { return "null" }
    if number == number.rounded(), abs(number) < 1e15 { return "\(Int(number))" }
    var scale = 1.0
    while abs(number) * scale < 10_000, scale < 1e9 { scale *= 10 }
    let rounded = (number * scale).rounded() / scale
    if rounded == rounded.rounded(), abs(rounded) < 1e15 { return "\(Int(rounded))" }
    return "\(rounded)"
  }
}
