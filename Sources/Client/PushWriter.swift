// A push for async code: writes that wait while the receiver is behind, then one answer.

internal import GRPC
internal import MNP
internal import NIOConcurrencyHelpers
public import NIOCore

/// Writes the data of one input port. Get one from ``MNPClient/push(to:task:sizeHint:awaitsTask:)``.
///
/// One that is let go of before ``finish()`` has returned breaks its push off. Safe to use from any
/// task; the order of concurrent writes is theirs to settle.
public final class PushWriter: Sendable {
  private let bridge: PushBridge

  init(_ bridge: PushBridge) { self.bridge = bridge }

  deinit { bridge.cancel() }

  /// Sends data, and returns when more may follow: at once, while what waits for the receiver is
  /// less than about 512 KiB. Small writes that come together travel together. The buffer must not
  /// be written to afterwards (it would be copied).
  ///
  /// Throws: ``MNPClientError`` when the push has ended. A cancelled task ends it.
  nonisolated(nonsending) public func write(_ data: ByteBuffer) async throws {
    try await bridge.write(data)
  }

  /// Says that this was all, and returns when the receiver has answered well.
  ///
  /// Throws: ``MNPClientError`` when the push failed. A cancelled task ends it.
  nonisolated(nonsending) public func finish() async throws { try await bridge.finish() }

  /// Breaks the push off. The receiver's task fails where data has moved.
  public func cancel() { bridge.cancel() }

  /// Calls `body` when the push has ended, however that came about; on an event loop. For whoever
  /// waits for something else meanwhile, such as the next bytes to write. One at a time.
  public func whenEnded(_ body: @escaping @Sendable () -> Void) { bridge.whenEnded(body) }
}

/// Between tasks and the push on its loop.
final class PushBridge: PushStreamDelegate, Sendable {
  private typealias Waiter = CheckedContinuation<Void, any Error>

  private let node: NodeURL
  private let eventLoop: any EventLoop
  private let queue = NIOLockedValueBox(PushQueue<Waiter>())
  private let stream: NIOLoopBoundBox<PushStream?>
  private let onEnd: NIOLoopBoundBox<(@Sendable () -> Void)?>
  private let hasEnded: NIOLoopBoundBox<Bool>

  init(to node: NodeURL, eventLoop: any EventLoop) {
    self.node = node
    self.eventLoop = eventLoop
    stream = .makeEmptyBox(eventLoop: eventLoop)
    onEnd = .makeEmptyBox(eventLoop: eventLoop)
    hasEnded = .makeBoxSendingValue(false, eventLoop: eventLoop)
  }

  /// On the loop, first of all.
  func start(_ stream: PushStream) {
    self.stream.value = stream
  }

  // On the caller's executor, as everything here: going to another one and back costs more than
  // most writes.
  nonisolated(nonsending) func write(_ data: ByteBuffer) async throws {
    // A writer that never waits would otherwise not notice.
    if _Concurrency.Task.isCancelled {
      cancel()
      throw MNPClientError(
        GRPCStatus(.cancelled, "the task that writes was cancelled"), node: node)
    }
    let (admission, schedule) = queue.withLockedValue { $0.write(data) }
    if schedule { eventLoop.execute { self.drain() } }
    switch admission {
    case .goOn: break
    case .failed(let error): throw error
    case .wait:
      try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { (waiter: Waiter) in
          switch queue.withLockedValue({ $0.park(waiter) }) {
          case .wait: break
          case .goOn: waiter.resume()
          case .failed(let error): waiter.resume(throwing: error)
          }
        }
      } onCancel: {
        self.cancel()
      }
    }
  }

  nonisolated(nonsending) func finish() async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (waiter: Waiter) in
        if let result = queue.withLockedValue({ $0.finish(waiter) }) {
          waiter.resume(with: result.mapError { $0 })
        } else {
          eventLoop.execute { self.drain() }
        }
      }
    } onCancel: {
      self.cancel()
    }
  }

  func cancel() {
    eventLoop.execute { self.stream.value?.cancel() }
  }

  func whenEnded(_ body: @escaping @Sendable () -> Void) {
    eventLoop.execute {
      if self.hasEnded.value { body() } else { self.onEnd.value = body }
    }
  }

  private func drain() {
    guard let stream = stream.value else { return }
    let (data, done, again) = queue.withLockedValue { $0.drain() }
    for buffer in data { stream.write(buffer) }
    if done {
      stream.done()
    } else {
      goOn(stream.isWritable)
      if again { eventLoop.execute { self.drain() } }
    }
  }

  private func goOn(_ isWritable: Bool) {
    let writers = queue.withLockedValue { $0.writable(isWritable) }
    for writer in writers { writer.resume() }
  }

  func pushBecameWritable() { goOn(true) }

  func pushEnded(_ status: GRPCStatus, features: Features) {
    stream.value = nil
    let error = MNPClientError(status, node: node)
    let (writers, finisher) = queue.withLockedValue {
      $0.end(status.isOK ? .success(()) : .failure(error))
    }
    for writer in writers { writer.resume(throwing: error) }
    if status.isOK { finisher?.resume() } else { finisher?.resume(throwing: error) }
    hasEnded.value = true
    onEnd.value?()
    onEnd.value = nil
  }
}
