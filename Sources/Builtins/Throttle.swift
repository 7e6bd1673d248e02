// throttle: passes bytes on at a rate.

package import NIOCore

/// 1 to 1, at most `rate` bytes a second: over any time T at most `rate * (T + 0.1 s)`, and
/// `rate * T` counted from the start.
package struct Throttle: BuiltinMachine {
  private var input = InputQueue()
  private var reading = false
  private var bucket: TokenBucket
  private var isAwaitingTick = false
  private var owed = 0

  /// - Parameter rate: bytes a second, at least 1.
  package init(rate: Int) {
    self.bucket = TokenBucket(rate: rate)
  }

  package mutating func write(_ bytes: ByteBuffer, input: Int) {
    self.input.append(bytes)
  }

  package mutating func end(input: Int) {
    self.input.end()
  }

  package mutating func setReading(_ reading: Bool, output: Int) {
    self.reading = reading
  }

  package mutating func tick(_ now: NIODeadline) {
    self.isAwaitingTick = false
    self.bucket.refill(now)
  }

  package mutating func next() -> BuiltinAction? {
    if self.owed > 0 {
      defer { self.owed = 0 }
      return .took(self.owed, input: 0)
    }
    if self.input.isEmpty { return self.input.isDone ? .finished : nil }
    guard self.reading, !self.isAwaitingTick else { return nil }
    let available = self.input.front.readableBytes
    // Not byte by byte as tokens drip in: what is there at once, or a hundredth second's worth.
    let wanted = min(available, self.bucket.step)
    guard self.bucket.tokens >= wanted else {
      self.isAwaitingTick = true
      return .wake(self.bucket.time(whenHolding: wanted))
    }
    let count = min(available, self.bucket.tokens)
    self.bucket.spend(count)
    self.owed = count
    return .emit(self.input.read(count), output: 0)
  }
}

/// A token bucket, kept as the time up to which everything that was spent is paid for: exact, since
/// nothing is added up in fractions of a token.
struct TokenBucket {
  /// Bytes a second.
  let rate: Int
  /// What is worth waiting for, in bytes: a hundredth of a second, at least one byte.
  let step: Int
  /// How much unused time counts later, in nanoseconds: a tenth of a second, so that a timer that
  /// comes late costs no throughput; at least one byte's.
  private let burst: Int64
  private var paidUntil = NIODeadline.distantPast
  private var now = NIODeadline.distantPast
  private var hasStarted = false

  init(rate: Int) {
    self.rate = rate
    self.step = max(1, rate / 100)
    self.burst = max(100_000_000, Self.nanoseconds(1, rate: rate))
  }

  /// The bytes that may pass now.
  var tokens: Int {
    let spare = self.burst - (self.paidUntil - self.now).nanoseconds
    guard self.hasStarted, spare > 0 else { return 0 }
    let (high, low) = UInt64(spare).multipliedFullWidth(by: UInt64(self.rate))
    guard high < 1_000_000_000 else { return Int.max }
    return Int(clamping: UInt64(1_000_000_000).dividingFullWidth((high, low)).quotient)
  }

  /// Begins empty; afterwards unused time counts as far as the burst goes.
  mutating func refill(_ now: NIODeadline) {
    self.now = max(now, self.now)
    if self.hasStarted {
      self.paidUntil = max(self.paidUntil, self.now)
    } else {
      self.hasStarted = true
      self.paidUntil = self.now + .nanoseconds(self.burst)
    }
  }

  mutating func spend(_ bytes: Int) {
    self.paidUntil = self.paidUntil + .nanoseconds(Self.nanoseconds(bytes, rate: self.rate))
  }

  /// When `tokens` reaches `bytes`, which is at most `step`.
  func time(whenHolding bytes: Int) -> NIODeadline {
    self.paidUntil + .nanoseconds(Self.nanoseconds(bytes, rate: self.rate) - self.burst)
  }

  /// What so many bytes cost, rounded up so that the rate is never exceeded.
  private static func nanoseconds(_ bytes: Int, rate: Int) -> Int64 {
    let (high, low) = UInt64(bytes).multipliedFullWidth(by: 1_000_000_000)
    let rate = UInt64(rate)
    guard high < rate else { return Int64.max / 4 }
    let (quotient, remainder) = rate.dividingFullWidth((high, low))
    return Int64(clamping: min(quotient, UInt64(Int64.max / 4))) + (remainder > 0 ? 1 : 0)
  }
}
