// An output by file: sent after the program has exited 0, as fast as its reader takes it.

internal import Glibc
internal import NIOCore
internal import NIOPosix

/// Reads a whole file, off the loop, only while wanted. Confined to one event loop.
final class FileReader {
  struct Events {
    var read: (ByteBuffer) -> Void
    /// All of the file has been handed on, or it could not be read on.
    var finished: (SystemError?) -> Void
  }

  private static let bufferSize = 64 * 1024
  /// A hop to the pool costs more than to read a buffer, so several are read at once.
  private static let buffersAtOnce = 4

  /// Closed with its last reference, which a read in the pool may have.
  private var file: Descriptor?
  private let eventLoop: any EventLoop
  private let threadPool: NIOThreadPool
  private let events: Events
  private var ready = CircularBuffer<ByteBuffer>()
  private var reading = false
  private var working = false
  private var scheduled = false
  private var atEnd = false
  private var finished = false

  init(
    file: Descriptor, eventLoop: any EventLoop, threadPool: NIOThreadPool, events: Events
  ) {
    self.file = file
    self.eventLoop = eventLoop
    self.threadPool = threadPool
    self.events = events
  }

  /// Begins; an empty file is finished without a reader.
  func start() { schedule() }

  func setReading(_ reading: Bool) {
    self.reading = reading
    if reading { schedule() }
  }

  /// Drops the rest: no event follows.
  func discard() {
    finished = true
    ready.removeAll()
    file = nil
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
    while reading, !finished, let bytes = ready.popFirst() { events.read(bytes) }
    guard ready.isEmpty, !finished, !working else { return }
    guard !atEnd, let file else { return finish(nil) }
    working = true
    threadPool.runIfActive(eventLoop: eventLoop) { Self.readNext(file) }
      .assumeIsolated().whenComplete { result in
        self.working = false
        guard !self.finished else { return }
        switch result {
        case .success(let (buffers, error)):
          self.ready.append(contentsOf: buffers)
          self.atEnd = buffers.count < Self.buffersAtOnce
          if let error { return self.finish(error) }
          self.work()
        case .failure:
          self.finish(SystemError("cannot read", errno: ECANCELED))
        }
      }
  }

  private func finish(_ error: SystemError?) {
    guard !finished else { return }
    discard()
    events.finished(error)
  }

  private static func readNext(_ file: Descriptor) -> ([ByteBuffer], SystemError?) {
    var buffers: [ByteBuffer] = []
    var failure: SystemError?
    while buffers.count < buffersAtOnce, failure == nil {
      var buffer = ByteBufferAllocator().buffer(capacity: bufferSize)
      let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bufferSize) { room in
        var count = read(file.number, room.baseAddress, room.count)
        while count < 0, errno == EINTR { count = read(file.number, room.baseAddress, room.count) }
        if count < 0 { failure = SystemError("cannot read", errno: errno) }
        return max(count, 0)
      }
      guard count > 0 else { break }
      buffers.append(buffer)
    }
    return (buffers, failure)
  }
}
