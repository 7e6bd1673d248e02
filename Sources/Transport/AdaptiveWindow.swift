// How large one stream's receive window should be, from how fast its consumer is.

package import NIOCore

/// The window of one stream, as a value with an injected clock.
///
/// A consumer that drains a whole window within about a round trip is held up by the window, not
/// by itself: its window doubles. Measured, 64 KiB windows give a seventh to a fifth of the
/// throughput that windows from 1 MiB on give, and memory is windows times streams: so a window
/// grows only where it is used, and shrinks again where the node's budget is short.
package struct AdaptiveWindow: Sendable {
  /// All in bytes.
  package static let minimum = 64 << 10
  package static let start = 256 << 10
  package static let maximum = 4 << 20

  /// On loopback a round trip is shorter than a wake-up: below this it says nothing.
  private static let shortestRoundTrip = TimeAmount.milliseconds(1)

  package enum Pressure: Sendable {
    /// There is room to grow.
    case none
    /// Keep what there is.
    case high
    /// Give back: new calls have to be refused otherwise.
    case critical
  }

  package private(set) var size: Int
  private var consumed = 0
  private var epoch: NIODeadline

  package init(size: Int = Self.start, now: NIODeadline) {
    self.size = size
    self.epoch = now
  }

  /// Counts bytes that the consumer is done with. True when that makes a window since the last
  /// time, and `decide` is due: the clock need not be read for less.
  package mutating func consume(_ bytes: Int) -> Bool {
    self.consumed += bytes
    return self.consumed >= self.size
  }

  /// The size that the window should have from now on. Begins the next measurement.
  package mutating func decide(
    now: NIODeadline, roundTrip: TimeAmount, pressure: Pressure
  ) -> Int {
    let elapsed = now - self.epoch
    self.epoch = now
    self.consumed = 0
    switch pressure {
    case .critical:
      return max(self.size / 2, Self.minimum)
    case .high:
      return self.size
    case .none:
      // A sender that is held up by the window sends one window in one round trip; twice that
      // leaves room for the jitter of both hosts.
      let limit = max(roundTrip, Self.shortestRoundTrip)
      return elapsed <= limit + limit ? min(self.size * 2, Self.maximum) : self.size
    }
  }

  package mutating func resize(to size: Int) {
    self.size = size
  }
}
