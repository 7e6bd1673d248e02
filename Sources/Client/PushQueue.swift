// What stands between a writer's tasks and the push on its loop: a bounded queue, as a pure value.

internal import NIOCore

/// Input in, action out; the caller acts when it has unlocked. `Waiter` is a continuation, and a
/// number in tests.
///
/// Small writes that come faster than the loop turns travel together: the loop is woken once, looks
/// again as long as it finds something, and what waits for it is joined by copying. A writer waits while the push is not writable, or while
/// more than `limit` bytes wait for the loop.
struct PushQueue<Waiter: Sendable>: Sendable {
  /// How a writer goes on.
  enum Admission {
    case goOn
    case wait
    case failed(MNPClientError)
  }

  static var limit: Int { 512 << 10 }
  /// Buffers up to this size are joined.
  static var joined: Int { 8 << 10 }

  private var pending: [ByteBuffer] = []
  private var pendingBytes = 0
  /// Whether the last of `pending` is a buffer of ours, to which we may write. Writing to a
  /// caller's would copy all of it.
  private var ownsLast = false
  private var isScheduled = false
  private var isWritable = true
  private var waiters: [Waiter] = []
  private var finisher: Waiter?
  private var isFinishing = false
  private var result: Result<Void, MNPClientError>?

  /// Takes data. `schedule`: the loop must be told to `drain`. On `wait` the caller parks itself by
  /// `park`.
  mutating func write(_ data: ByteBuffer) -> (admission: Admission, schedule: Bool) {
    if let admission = ended() { return (admission, false) }
    precondition(!isFinishing, "a push was written to after it had been finished")
    append(data)
    let schedule = !isScheduled && pendingBytes > 0
    if schedule { isScheduled = true }
    return (mustWait ? .wait : .goOn, schedule)
  }

  /// Keeps the waiter, or says how it goes on at once.
  mutating func park(_ waiter: Waiter) -> Admission {
    if let admission = ended() { return admission }
    guard mustWait else { return .goOn }
    waiters.append(waiter)
    return .wait
  }

  /// On the loop: what is to be written now, and whether `done` follows it. With `again` the loop
  /// drains once more when its turn ends: waking it is dearer than a turn without work.
  mutating func drain() -> (data: [ByteBuffer], done: Bool, again: Bool) {
    let again = !pending.isEmpty && !isFinishing
    isScheduled = again
    defer {
      pending = []
      pendingBytes = 0
      ownsLast = false
    }
    return (pending, isFinishing, again)
  }

  /// On the loop, after what was drained has been written, and whenever it changes. Returns who
  /// goes on.
  mutating func writable(_ isWritable: Bool) -> [Waiter] {
    self.isWritable = isWritable
    guard !mustWait else { return [] }
    defer { waiters = [] }
    return waiters
  }

  /// The writer has written everything and waits for the answer. Nil: the waiter was kept, and the
  /// loop must be told to `drain`.
  mutating func finish(_ waiter: Waiter) -> Result<Void, MNPClientError>? {
    if let result { return result }
    precondition(!isFinishing, "a push was finished twice")
    isFinishing = true
    isScheduled = true
    finisher = waiter
    return nil
  }

  /// The push has ended. Returns who is to be told: writers, which fail, and who waits for the
  /// answer.
  mutating func end(_ result: Result<Void, MNPClientError>) -> (
    writers: [Waiter], finisher: Waiter?
  ) {
    self.result = result
    defer {
      waiters = []
      finisher = nil
      pending = []
      pendingBytes = 0
    }
    return (waiters, finisher)
  }

  private var mustWait: Bool { !isWritable || pendingBytes > Self.limit }

  /// A push ends well only behind `done`, and then nobody writes.
  private func ended() -> Admission? {
    guard let result else { return nil }
    if case .failure(let error) = result { return .failed(error) }
    preconditionFailure("a push was written to after it had been finished")
  }

  private mutating func append(_ data: ByteBuffer) {
    let count = data.readableBytes
    guard count > 0 else { return }
    pendingBytes += count
    if count <= Self.joined, ownsLast, let last = pending.indices.last,
      pending[last].writableBytes >= count
    {
      pending[last].writeImmutableBuffer(data)
    } else if count <= Self.joined, isScheduled {
      // The second small one of a turn: more will follow.
      var own = ByteBufferAllocator().buffer(capacity: 4 * Self.joined)
      own.writeImmutableBuffer(data)
      pending.append(own)
      ownsLast = true
    } else {
      pending.append(data)
      ownsLast = false
    }
  }
}
