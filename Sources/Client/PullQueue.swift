// What stands between a pull on its loop and the task that reads it: a queue, as a pure value.

internal import NIOCore

/// Input in, action out; the caller acts when it has unlocked. `Waiter` is a continuation, and a
/// number in tests.
///
/// Bounded by the stream's window: the credit of a chunk is owed when the reader asks for the next
/// one, and what is owed goes back in steps, or at once when there is nothing left to read.
struct PullQueue<Waiter: Sendable>: Sendable {
  static var creditStep: Int { 128 << 10 }

  private var chunks = CircularBuffer<ByteBuffer>()
  private var waiter: Waiter?
  /// Of the chunk that the reader has.
  private var inUse = 0
  private var owed = 0
  private var isScheduled = false
  private var result: Result<Void, MNPClientError>?

  /// How a reader goes on.
  enum Next {
    case chunk(ByteBuffer)
    case end(Result<Void, MNPClientError>)
    /// Nothing is there: the waiter was kept.
    case wait
  }

  /// The reader is done with its chunk and wants the next. `schedule`: the loop must be told to
  /// take the `credit`. Without a waiter, `wait` only says that there is nothing.
  mutating func next(_ newWaiter: Waiter?) -> (next: Next, schedule: Bool) {
    owed += inUse
    inUse = 0
    let next: Next
    if let chunk = chunks.popFirst() {
      inUse = chunk.readableBytes
      next = .chunk(chunk)
    } else if let result {
      return (.end(result), false)
    } else {
      precondition(waiter == nil, "a pull has one reader")
      waiter = newWaiter
      next = .wait
    }
    let schedule = !isScheduled && owed > 0 && (chunks.isEmpty || owed >= Self.creditStep)
    if schedule { isScheduled = true }
    return (next, schedule)
  }

  /// On the loop: the bytes that are done with.
  mutating func credit() -> Int {
    isScheduled = false
    defer { owed = 0 }
    return owed
  }

  /// On the loop: data came. Returns the reader that takes it at once.
  mutating func received(_ data: ByteBuffer) -> Waiter? {
    guard let reader = waiter else {
      chunks.append(data)
      return nil
    }
    waiter = nil
    inUse = data.readableBytes
    return reader
  }

  /// The pull has ended; a failure overtakes data that nobody has read. Returns the reader that
  /// hears it at once.
  mutating func end(_ result: Result<Void, MNPClientError>) -> Waiter? {
    self.result = result
    if case .failure = result { chunks.removeAll() }
    defer { waiter = nil }
    return waiter
  }
}
