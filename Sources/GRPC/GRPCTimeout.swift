// grpc-timeout: how long the caller will wait, as at most eight digits and a unit.

package import NIOCore

/// Source: grpc/doc/PROTOCOL-HTTP2.md, "Timeout".
package enum GRPCTimeout {
  private static let units: [(letter: UInt8, nanoseconds: Int64)] = [
    (UInt8(ascii: "n"), 1),
    (UInt8(ascii: "u"), 1_000),
    (UInt8(ascii: "m"), 1_000_000),
    (UInt8(ascii: "S"), 1_000_000_000),
    (UInt8(ascii: "M"), 60_000_000_000),
    (UInt8(ascii: "H"), 3_600_000_000_000),
  ]

  /// About 73 years. More is taken for this, so that a deadline never overflows.
  private static let maximum = Int64.max / 4

  /// Nil when `text` is malformed. Zero is well-formed here and means a deadline in the past.
  package static func parse(_ text: String) -> TimeAmount? {
    let bytes = text.utf8
    guard (2...9).contains(bytes.count), let letter = bytes.last,
      let unit = self.units.first(where: { $0.letter == letter })
    else { return nil }
    var value: Int64 = 0
    for byte in bytes.dropLast() {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    let (product, overflow) = value.multipliedReportingOverflow(by: unit.nanoseconds)
    return .nanoseconds(overflow ? self.maximum : min(product, self.maximum))
  }

  /// In the finest unit that eight digits can say, rounded up: the peer never gives up before us.
  package static func format(_ timeout: TimeAmount) -> String {
    let nanoseconds = max(timeout.nanoseconds, 1)
    for unit in self.units {
      let value = (nanoseconds - 1) / unit.nanoseconds + 1
      if value <= 99_999_999 { return "\(value)\(Character(UnicodeScalar(unit.letter)))" }
    }
    preconditionFailure("Int64 nanoseconds are fewer than 99,999,999 hours")
  }
}
