// Whether a silent peer is still there, and how far away it is.

package import NIOCore

/// Decides when to ask a peer for a sign of life, as a value with an injected clock.
///
/// Any byte that arrives counts as one. Without it a host that vanished (no FIN, no RST) would
/// hold its calls for as long as TCP keeps trying: a quarter of an hour, or for ever where nothing
/// is being sent.
package struct Keepalive: Sendable {
  package enum Action: Hashable, Sendable {
    case wait(until: NIODeadline)
    /// Send a PING, and come back at that time.
    case ping(until: NIODeadline)
    case dead
  }

  package var interval: TimeAmount
  package let timeout: TimeAmount
  private var lastSign: NIODeadline
  private var asked: NIODeadline?

  package init(interval: TimeAmount, timeout: TimeAmount, now: NIODeadline) {
    self.interval = interval
    self.timeout = timeout
    self.lastSign = now
  }

  package mutating func received(now: NIODeadline) {
    self.lastSign = now
    self.asked = nil
  }

  package mutating func check(now: NIODeadline) -> Action {
    if let asked {
      return now >= asked + self.timeout ? .dead : .wait(until: asked + self.timeout)
    }
    guard now >= self.lastSign + self.interval else {
      return .wait(until: self.lastSign + self.interval)
    }
    self.asked = now
    return .ping(until: now + self.timeout)
  }
}

/// The round trip to a peer, from its answers to PING.
package struct RoundTrip: Sendable {
  /// Zero until it is known.
  package private(set) var estimate = TimeAmount.zero
  private var pending: (id: UInt64, sent: NIODeadline)?
  private var measured: NIODeadline?

  package init() {}

  /// Whether a new measurement is worth a PING.
  package func isDue(now: NIODeadline) -> Bool {
    guard self.pending == nil else { return false }
    guard let measured else { return true }
    return now - measured >= .seconds(10)
  }

  package mutating func sent(_ id: UInt64, now: NIODeadline) {
    if self.pending == nil { self.pending = (id, now) }
  }

  package mutating func answered(_ id: UInt64, now: NIODeadline) {
    guard let pending, pending.id == id else { return }
    self.pending = nil
    self.measured = now
    let sample = now - pending.sent
    // Samples are late when either side is busy, and never early: believe the shorter at once,
    // the longer slowly.
    if self.estimate == .zero || sample < self.estimate {
      self.estimate = sample
    } else {
      self.estimate = .nanoseconds(
        self.estimate.nanoseconds + (sample.nanoseconds - self.estimate.nanoseconds) / 8)
    }
  }
}
