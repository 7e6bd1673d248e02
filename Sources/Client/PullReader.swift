// A pull for async code: chunks as they come, each one's credit returned when the next is wanted.

internal import GRPC
internal import MNP
internal import NIOConcurrencyHelpers
public import NIOCore

/// The data of one output port, for one `for try await` loop. Get one from
/// ``MNPClient/pull(from:task:)``.
///
/// The end of the sequence means that the peer said `done`: anything else throws an
/// ``MNPClientError``, also where all bytes may have come. One that is let go of breaks its pull
/// off. The peer sends ahead of the reader up to the stream's window (256 KiB to 4 MiB).
public final class PullReader: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer
  private let bridge: PullBridge

  init(_ bridge: PullBridge) { self.bridge = bridge }

  deinit { bridge.cancel() }

  /// The next chunk, not empty; nil when the peer has said that this was all. Asking for it says
  /// that the one before is done with. Only one task may wait at a time.
  ///
  /// Throws: ``MNPClientError`` when the pull failed. A cancelled task ends it.
  nonisolated(nonsending) public func next() async throws -> ByteBuffer? {
    try await bridge.next()
  }

  /// The bytes of it all, where the peer's first message said so; nil before that. A hint.
  public var sizeHint: Int64? { bridge.sizeHint }

  /// Breaks the pull off.
  public func cancel() { bridge.cancel() }

  public func makeAsyncIterator() -> Iterator { Iterator(reader: self) }

  /// As ``PullReader/next()``.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let reader: PullReader
    public func next() async throws -> ByteBuffer? { try await reader.next() }

    /// As ``PullReader/next()``.
    public func next(
      isolation actor: isolated (any Actor)?
    ) async throws(any Error) -> ByteBuffer? {
      try await reader.next()
    }
  }
}

/// Between the pull on its loop and the task that reads it.
final class PullBridge: PullStreamDelegate, Sendable {
  private typealias Waiter = CheckedContinuation<ByteBuffer?, any Error>

  private struct State {
    var queue = PullQueue<Waiter>()
    var sizeHint: Int64?
  }

  private let node: NodeURL
  private let eventLoop: any EventLoop
  private let state = NIOLockedValueBox(State())
  private let stream: NIOLoopBoundBox<PullStream?>

  init(from node: NodeURL, eventLoop: any EventLoop) {
    self.node = node
    self.eventLoop = eventLoop
    stream = .makeEmptyBox(eventLoop: eventLoop)
  }

  var sizeHint: Int64? { state.withLockedValue { $0.sizeHint } }

  /// On the loop, first of all.
  func start(_ stream: PullStream) {
    self.stream.value = stream
  }

  // On the caller's executor: going to another one and back costs more than most chunks.
  nonisolated(nonsending) func next() async throws -> ByteBuffer? {
    if _Concurrency.Task.isCancelled {
      cancel()
      throw MNPClientError(
        GRPCStatus(.cancelled, "the task that reads was cancelled"), node: node)
    }
    // Without a continuation first: most chunks are there already.
    switch take(nil) {
    case .chunk(let chunk): return chunk
    case .end(let result):
      try result.get()
      return nil
    case .wait: break
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (waiter: Waiter) in
        switch take(waiter) {
        case .chunk(let chunk): waiter.resume(returning: chunk)
        case .end(let result): waiter.resume(with: result.map { nil }.mapError { $0 })
        case .wait: break
        }
      }
    } onCancel: {
      self.cancel()
    }
  }

  func cancel() {
    eventLoop.execute { self.stream.value?.cancel() }
  }

  private func take(_ waiter: Waiter?) -> PullQueue<Waiter>.Next {
    let (next, schedule) = state.withLockedValue { $0.queue.next(waiter) }
    if schedule {
      eventLoop.execute {
        let credit = self.state.withLockedValue { $0.queue.credit() }
        self.stream.value?.returnCredit(credit)
      }
    }
    return next
  }

  func pullReceived(_ data: ByteBuffer) {
    let hint = stream.value?.sizeHint
    let schedule = state.withLockedValue { state in
      state.sizeHint = hint
      return state.queue.received(data)
    }
    if schedule { eventLoop.execute { self.deliver() } }
  }

  private func deliver() {
    guard let (reader, chunk) = state.withLockedValue({ $0.queue.deliver() }) else { return }
    reader.resume(returning: chunk)
  }

  func pullEnded(_ status: GRPCStatus) {
    stream.value = nil
    let error = MNPClientError(status, node: node)
    let reader = state.withLockedValue {
      $0.queue.end(status.isOK ? .success(()) : .failure(error))
    }
    if status.isOK { reader?.resume(returning: nil) } else { reader?.resume(throwing: error) }
  }
}
