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

/// How much noise a peer may make on one connection. Honest peers stay far below; floods are in the
/// thousands. Past any of these the connection ends with ENHANCE_YOUR_CALM.
package struct FloodLimits: Sendable {
  /// Frames that carry nothing: empty DATA that does not end its stream, PRIORITY, types that we
  /// do not know.
  package var idle = TokenBucket(burst: 1000, perSecond: 33)

  /// PING and SETTINGS, each of which we must answer, answers to ours, and resets of streams that are over. gRPC peers may ping once a round trip to
  /// estimate the bandwidth, and a round trip on loopback is some 50 µs.
  package var answered = TokenBucket(burst: 20_000, perSecond: 20_000)

  /// Streams that a client resets ("Rapid Reset"): each is a call begun for nothing. Servers only: a
  /// client's own calls are what its server may reset.
  package var resets = TokenBucket(burst: 1000, perSecond: 33)

  /// Streams that we had to reset for what the peer did: malformed, refused, too large
  /// ("MadeYouReset").
  package var provokedResets = TokenBucket(burst: 200, perSecond: 20)

  /// CONTINUATION frames of one field section.
  package var continuations = 8

  /// Entries of one SETTINGS frame.
  package var settings = 32

  /// Answers to PING and SETTINGS that wait for a peer that does not read.
  package var unsentAcknowledgements = 1000

  /// Frames of any kind that wait for a peer that does not read, DATA left out. A stream has at most
  /// one head, one reset and five window updates: honest peers with 4,096 streams stay below.
  package var unsentFrames = 32_768

  package init() {}
}

/// Watches the frames of a connection. nghttp2 leaves these floods to its user, or to a later version
/// of itself.
struct FloodGuard {
  private var limits: FloodLimits
  private var continuations = 0

  init(_ limits: FloodLimits) {
    self.limits = limits
  }

  enum Frame {
    case idle
    case answered
    case reset
    /// Of a stream that is over already.
    case lateReset
    case fieldSection
    case continuation
    case useful
  }

  /// - Returns: what flooded us, if anything did.
  mutating func received(_ frame: Frame, now: NIODeadline) -> String? {
    switch frame {
    case .useful: return nil
    case .idle: return limits.idle.take(now: now) ? nil : "too many frames that carry nothing"
    case .answered: return limits.answered.take(now: now) ? nil : "too many PING or SETTINGS frames"
    case .lateReset: return limits.answered.take(now: now) ? nil : "too many resets of what is over"
    case .reset: return limits.resets.take(now: now) ? nil : "too many streams were reset"
    case .fieldSection:
      continuations = 0
      return nil
    case .continuation:
      continuations += 1
      return continuations <= limits.continuations ? nil : "too many CONTINUATION frames"
    }
  }

  /// - Returns: what flooded us, if anything did.
  mutating func provokedReset(now: NIODeadline) -> String? {
    limits.provokedResets.take(now: now) ? nil : "too many streams that had to be reset"
  }

  /// - Returns: what flooded us, if anything did.
  func waiting(frames: Int) -> String? {
    frames <= limits.unsentFrames ? nil : "too many frames wait for a peer that does not read"
  }
}
