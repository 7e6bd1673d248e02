// Frames that cost us work and carry nothing, and how many of them we bear.

package import NIOCore

/// A bucket that holds `burst` tokens and gets `perSecond` new ones.
package struct TokenBucket: Sendable {
  package let burst: Int
  package let perSecond: Int
  private var tokens: Double
  private var last: NIODeadline?

  package init(burst: Int, perSecond: Int) {
    self.burst = burst
    self.perSecond = perSecond
    self.tokens = Double(burst)
  }

  /// Takes one token. The clock is the caller's, so that tests need not wait.
  /// - Returns: whether there was one.
  package mutating func take(now: NIODeadline) -> Bool {
    if let last, now > last {
      let seconds = Double((now - last).nanoseconds) / 1e9
      tokens = min(Double(burst), tokens + seconds * Double(perSecond))
    }
    last = max(last ?? now, now)
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }
}

/// How much noise a peer may make. Honest peers stay far below; floods are in the thousands.
package struct FloodLimits: Sendable {
  /// Frames that carry nothing: empty DATA that does not end its stream, PRIORITY, types that we
  /// do not know. Old browsers and libraries send a handful of PRIORITY frames for each stream.
  package var idle = TokenBucket(burst: 1000, perSecond: 200)

  /// PING and SETTINGS, each of which we must answer, and answers to ours. gRPC peers may ping once a round trip to
  /// estimate the bandwidth, and a round trip on loopback is some 50 µs.
  package var answered = TokenBucket(burst: 20_000, perSecond: 20_000)

  /// Streams that we had to reset for what the peer did: malformed, refused, too large. (What the
  /// peer resets itself, the library limits.)
  package var provokedResets = TokenBucket(burst: 1000, perSecond: 100)

  package init() {}
}

/// Watches the frames of a connection. nghttp2 leaves these floods to its user.
struct FloodGuard {
  private var limits: FloodLimits

  init(_ limits: FloodLimits) {
    self.limits = limits
  }

  enum Frame {
    case idle
    case answered
    case useful
  }

  /// - Returns: what flooded us, if anything did.
  mutating func received(_ frame: Frame, now: NIODeadline) -> String? {
    switch frame {
    case .useful: nil
    case .idle: limits.idle.take(now: now) ? nil : "too many frames that carry nothing"
    case .answered: limits.answered.take(now: now) ? nil : "too many PING or SETTINGS frames"
    }
  }

  /// - Returns: what flooded us, if anything did.
  mutating func provokedReset(now: NIODeadline) -> String? {
    limits.provokedResets.take(now: now) ? nil : "too many streams that had to be reset"
  }
}
