// How long a push may be without a connection, and when it tries again: a pure value.

internal import NIOCore

/// The time without progress counts, not that of one attempt: a connection that comes and goes without a
/// byte getting through is as good as none.
struct PushAbsence {
  let limit: TimeAmount
  /// When the connection was lost; nil while there is one that has brought something.
  private(set) var began: NIODeadline?
  private var attempts = 0
  private var farthest: Int64 = -1

  static let shortest = TimeAmount.milliseconds(50)
  static let longest = TimeAmount.seconds(2)

  init(limit: TimeAmount) { self.limit = limit }

  /// The connection is gone, or there was none to be had.
  ///
  /// - Returns: after which time to try again, at once at first; nil when it is over.
  mutating func next(now: NIODeadline) -> TimeAmount? {
    let since = began ?? now
    began = since
    defer { attempts += 1 }
    guard attempts > 0 else { return .zero }
    let end = since + limit
    guard now < end else { return nil }
    let delay = min(Self.longest, Self.shortest * (1 << min(attempts - 1, 8)))
    // The last attempt is at the end, and not before it.
    return min(delay, end - now)
  }

  /// The receiver is there again and has so many bytes.
  mutating func ended(at offset: Int64) {
    guard offset > farthest else { return }
    farthest = offset
    progressed()
  }

  /// Bytes have arrived.
  mutating func progressed() {
    began = nil
    attempts = 0
  }

  var limitInWords: String { "\(Double(limit.nanoseconds / 1_000_000) / 1000) s" }
}
