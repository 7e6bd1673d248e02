// Durations as people write them: 10s, 500ms, 2m.

package enum DurationText {
  package static let hint = "a number with its unit: 500ms, 10s, 2m, 1h"
  /// A day: longer is a slip of the unit, and keeps every sum of durations far from overflow.
  package static let limit = Duration.seconds(86_400)

  /// - Returns: nothing when it is none, or longer than a day.
  package static func parse(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = DecimalText.double(String(digits)), number >= 0, number <= 1e9 else {
      return nil
    }
    let unit: Double
    switch text.dropFirst(digits.count) {
    case "ms": unit = 0.001
    case "s": unit = 1
    case "m": unit = 60
    case "h": unit = 3600
    default: return nil
    }
    // Through whole microseconds, so that 0.1s is exactly 100 ms.
    let microseconds = (number * unit * 1e6).rounded()
    let duration = Duration.microseconds(Int64(microseconds))
    return duration <= limit ? duration : nil
  }

  /// The shortest text that parses to the same duration (to the microsecond).
  package static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    switch microseconds {
    case let whole where whole % 1_000_000 != 0:
      return DecimalText.shortest(Double(whole) / 1000) + "ms"
    case let whole where whole > 0 && whole % 3_600_000_000 == 0:
      return "\(whole / 3_600_000_000)h"
    case let whole where whole > 0 && whole % 60_000_000 == 0:
      return "\(whole / 60_000_000)m"
    default:
      return "\(microseconds / 1_000_000)s"
    }
  }
}
