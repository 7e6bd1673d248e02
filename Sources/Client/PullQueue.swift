// What stands between a pull on its loop and the task that reads it: a queue, as a pure value.

internal import NIOCore

/// Input in, action out; the caller acts when it has unlocked. `Waiter` is a continuation, and a
/// number in tests.
///
/// Bounded by the stream's window: the credit of a chunk is owed when the reader asks for the next
/// one, and what is owed goes back in steps, or at once when there is nothing left to read.
///
/// A reader that waits is not woken for each chunk but when the loop has seen to all that came
/// together: being woken costs more than a chunk. Small chunks are joined by copying meanwhile.
struct PullQueue<Waiter: Sendable>: Sendable {
  static var creditStep: Int { 128 << 10 }
  /// Chunks up to this size are joined.
  static var joined: Int { 8 << 10 }

  private var chunks = CircularBuffer<ByteBuffer>()
  /// Small chunks that came behind `chunks`, joined. Not among them: an element of a CircularBuffer
  /// is copied to be changed, and so would be its bytes.
  private var tail = ByteBuffer()
  private var waiter: Waiter?
  /// Of the chunk that the reader has.
  private var inUse = 0
  private var owed = 0
  private var isScheduled = false
  private var isDeliveryScheduled = false
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
    // A reader that has just come overtakes a delivery, which then finds nobody.
    if let chunk = popFirst() {
      inUse = chunk.readableBytes
      next = .chunk(chunk)
    } else if let result {
      return (.end(result), false)
    } else {
      precondition(waiter == nil, "a pull has one reader")
      waiter = newWaiter
      next = .wait
    }
    let schedule = !isScheduled && owed > 0 && (isEmpty || owed >= Self.creditStep)
    if schedule { isScheduled = true }
    return (next, schedule)
  }

  /// On the loop: the bytes that are done with.
  mutating func credit() -> Int {
    isScheduled = false
    defer { owed = 0 }
    return owed
  }

  /// On the loop: data came. True: `deliver` must follow when the loop's turn ends.
  mutating func received(_ data: ByteBuffer) -> Bool {
    append(data)
    guard waiter != nil, !isDeliveryScheduled else { return false }
    isDeliveryScheduled = true
    return true
  }

  /// On the loop: the reader that waits, and its chunk.
  mutating func deliver() -> (reader: Waiter, chunk: ByteBuffer)? {
    isDeliveryScheduled = false
    guard let reader = waiter, let chunk = popFirst() else { return nil }
    waiter = nil
    inUse = chunk.readableBytes
    return (reader, chunk)
  }

  private mutating func append(_ data: ByteBuffer) {
    let count = data.readableBytes
    if count > Self.joined {
      keepTail()
      chunks.append(data)
    } else if tail.readableBytes > 0, tail.writableBytes >= count {
      tail.writeImmutableBuffer(data)
    } else if isEmpty {
      chunks.append(data)
    } else {
      // The second small one that waits: more will follow.
      keepTail()
      tail = ByteBufferAllocator().buffer(capacity: 4 * Self.joined)
      tail.writeImmutableBuffer(data)
    }
  }

  private var isEmpty: Bool { chunks.isEmpty && tail.readableBytes == 0 }

  private mutating func keepTail() {
    guard tail.readableBytes > 0 else { return }
    chunks.append(tail)
    tail = ByteBuffer()
  }

  private mutating func popFirst() -> ByteBuffer? {
    if chunks.isEmpty { keepTail() }
    return chunks.popFirst()
  }

  /// The pull has ended; a failure overtakes data that nobody has read. Returns the reader that
  /// hears it at once.
  mutating func end(_ result: Result<Void, MNPClientError>) -> Waiter? {
    self.result = result
    if case .failure = result {
      chunks.removeAll()
      tail = ByteBuffer()
    }
    // Its chunk is on the way to it, and the end behind that.
    guard isEmpty else { return nil }
    defer { waiter = nil }
    return waiter
  }
}
