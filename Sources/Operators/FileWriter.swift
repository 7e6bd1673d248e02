// An input by file: written to disk as it comes, whole before the program starts.

internal import Glibc
internal import NIOCore
internal import NIOPosix

/// Writes an input's bytes to a file, off the loop. Confined to one event loop.
final class FileWriter {
  struct Events {
    /// These bytes are in the file, or were dropped.
    var took: (Int) -> Void
    /// All of the input is in the file.
    var complete: () -> Void
    /// The disk is full, or the like. What comes after is dropped.
    var failed: (SystemError) -> Void
  }

  private let eventLoop: any EventLoop
  private let threadPool: NIOThreadPool
  private let events: Events
  private var file: Descriptor?
  private var queue: [ByteBuffer] = []
  private var working = false
  private var endRequested = false
  private var finished = false
  private var scheduled = false

  init(eventLoop: any EventLoop, threadPool: NIOThreadPool, events: Events) {
    self.eventLoop = eventLoop
    self.threadPool = threadPool
    self.events = events
  }

  /// The file is there.
  func attach(_ file: Descriptor) {
    self.file = file
    schedule()
  }

  func write(_ bytes: ByteBuffer) {
    guard bytes.readableBytes > 0 else { return }
    queue.append(bytes)
    schedule()
  }

  func end() {
    endRequested = true
    schedule()
  }

  /// The operator does not start any more, or is gone: what still comes is dropped.
  func operatorGone() {
    finished = true
    file = nil
    schedule()
  }

  private func schedule() {
    guard !scheduled else { return }
    scheduled = true
    eventLoop.assumeIsolated().execute {
      self.scheduled = false
      self.work()
    }
  }

  private func work() {
    if finished { return drop() }
    guard !working, let file else { return }
    guard !queue.isEmpty else {
      guard endRequested else { return }
      finished = true
      self.file = nil
      return events.complete()
    }
    working = true
    let batch = queue
    queue.removeAll()
    threadPool.runIfActive(eventLoop: eventLoop) {
      () -> SystemError? in Self.write(batch, to: file)
    }.assumeIsolated().whenComplete { result in
      self.working = false
      // The pool only fails when it is shut down, and the process with it.
      if case .success(let error?) = result, !self.finished {
        self.finished = true
        self.file = nil
        self.events.failed(error)
      }
      let count = batch.reduce(0) { $0 + $1.readableBytes }
      self.events.took(count)
      self.work()
    }
  }

  private func drop() {
    let dropped = queue.reduce(0) { $0 + $1.readableBytes }
    queue.removeAll()
    if dropped > 0 { events.took(dropped) }
  }

  private static func write(_ batch: [ByteBuffer], to file: Descriptor) -> SystemError? {
    for bytes in batch {
      let error: SystemError? = bytes.withUnsafeReadableBytes { bytes in
        var rest = bytes[...]
        while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
          let count = Glibc.write(file.number, base, rest.count)
          if count < 0 {
            if errno == EINTR { continue }
            return SystemError("cannot write", errno: errno)
          }
          rest = rest.dropFirst(count)
        }
        return nil
      }
      if let error { return error }
    }
    return nil
  }
}
