// The write end of an operator's input pipe: queue, backpressure, and what the reader left unread.

internal import Glibc
internal import NIOCore
internal import NIOPosix

/// Writes an input's bytes to its pipe, as fast as the operator reads. Confined to one event loop.
///
/// It writes to the pipe itself, as soon as the loop's turn ends, and only a full pipe is left to a
/// NIO channel on a second descriptor of the same pipe: the channel gets a page to write, which says
/// when there is room again. So each byte is known to be taken at once, and what the operator left
/// unread can be counted before the pipe is closed.
final class PipeWriter {
  /// Called after `write` and `end` have returned, never from within.
  struct Events {
    /// These bytes are in the pipe, or were dropped.
    var took: (Int) -> Void
    /// The operator reads no more, and `unread` of the bytes so far were never read.
    var closed: (_ unread: Int) -> Void
    /// The pipe is closed, after a good end or a bad one.
    var finished: () -> Void
  }

  private enum State {
    /// There is no pipe yet.
    case waiting
    case open(Descriptor, any Channel)
    /// Ended well, with bytes in the pipe: a read end is kept, to see at the operator's end whether
    /// they were read. It keeps no reader from its end of file.
    case ended(Descriptor?)
    /// The operator reads no more.
    case closed
  }

  private let eventLoop: any EventLoop
  private let budget: PipeBudget
  private let events: Events
  private var state = State.waiting
  private var growth: PipeGrowth?
  private var queue = CircularBuffer<ByteBuffer>()
  private var queuedBytes = 0
  private var endRequested = false
  private var flushScheduled = false
  /// Copies of small buffers, which come after the queue. Not in it: to write to a buffer there would
  /// copy the whole of it.
  private var staging = ByteBuffer()
  /// The channel has a page to write; nothing else may write meanwhile.
  private var channelWriting = false

  /// A page, or less: as long as the pipe has no room for it, it has none at all.
  private static let pageSize = 4096
  private static let vectorLimit = 64
  /// Below this a buffer is copied: a slice of its own costs more, and keeps all of the buffer alive
  /// that it is a slice of.
  private static let smallSize = 1024
  private static let stagingSize = 64 * 1024

  init(eventLoop: any EventLoop, budget: PipeBudget, events: Events) {
    self.eventLoop = eventLoop
    self.budget = budget
    self.events = events
  }

  deinit {
    growth?.end()
    if case .open(_, let channel) = state { channel.close(promise: nil) }
  }

  /// The pipe is there: what was queued is written.
  func attach(_ descriptor: Descriptor) throws(SystemError) {
    guard case .waiting = state else { return }
    descriptor.setNonBlocking()
    let channel = try PipeChannels.open(writeEnd: descriptor.duplicate(), on: eventLoop)
    state = .open(descriptor, channel)
    growth = PipeGrowth(of: descriptor.number, budget: budget)
    // The kernel says that the last reader is gone by an error, upon which NIO closes.
    channel.closeFuture.assumeIsolated().whenComplete { [weak self] _ in self?.readerGone() }
    scheduleFlush()
  }

  /// Which pipe it is, while it is open.
  var pipe: FileIdentity? {
    if case .open(let descriptor, _) = state { FileIdentity(of: descriptor) } else { nil }
  }

  func write(_ bytes: ByteBuffer) {
    guard bytes.readableBytes > 0 else { return }
    queuedBytes += bytes.readableBytes
    enqueue(bytes)
    scheduleFlush()
  }

  private func enqueue(_ bytes: ByteBuffer) {
    guard bytes.readableBytes < Self.smallSize else {
      seal()
      queue.append(bytes)
      return
    }
    if staging.writerIndex + bytes.readableBytes > Self.stagingSize { seal() }
    staging.writeImmutableBuffer(bytes)
  }

  /// Puts the staging buffer into the queue.
  private func seal() {
    guard staging.readableBytes > 0 else { return }
    queue.append(staging)
    staging = ByteBuffer()
  }

  func end() {
    endRequested = true
    scheduleFlush()
  }

  /// Nothing of the operator is left: says what it has not read, and closes.
  func operatorGone() {
    switch state {
    case .waiting:
      if queuedBytes > 0 || !endRequested { close(unread: queuedBytes) }
    case .open(let descriptor, _):
      close(unread: descriptor.unreadBytes + queuedBytes)
    case .ended(let readEnd):
      state = .closed
      growth?.end()
      if let unread = readEnd?.unreadBytes, unread > 0 { events.closed(unread) }
    case .closed:
      break
    }
  }

  private func scheduleFlush() {
    guard !flushScheduled, !channelWriting else { return }
    if case .waiting = state { return }
    flushScheduled = true
    eventLoop.assumeIsolated().execute {
      self.flushScheduled = false
      self.flush()
    }
  }

  private func flush() {
    switch state {
    case .waiting:
      break
    case .ended, .closed:
      drop()
    case .open(let descriptor, let channel):
      guard !channelWriting else { return }
      seal()
      if writeQueue(descriptor, channel), endRequested { endWell(descriptor, channel) }
    }
  }

  /// Writes until the queue is empty (true) or the pipe is full, or nobody reads. Reports at once:
  /// a flush always runs on a clean stack.
  private func writeQueue(_ descriptor: Descriptor, _ channel: any Channel) -> Bool {
    var taken = 0
    var outcome: Int32 = 0
    while !queue.isEmpty {
      let (written, offered) = writeVector(descriptor.number)
      if written < 0 {
        outcome = errno
        if outcome == EINTR { continue }
      } else {
        consume(written)
        taken += written
        growth?.moved(written)
        // A short write means a full pipe.
        outcome = written < offered ? EAGAIN : 0
      }
      if outcome == EAGAIN, growth?.seenFull(descriptor.number) == true { continue }
      if outcome != 0 { break }
    }
    if outcome == EAGAIN { leaveToChannel(channel) }
    if taken > 0 { events.took(taken) }
    if outcome == 0 || outcome == EAGAIN { return queuedBytes == 0 }
    // EPIPE; anything else would be just as final.
    readerGone()
    return false
  }

  private func writeVector(_ number: Int32) -> (written: Int, offered: Int) {
    if queue.count == 1, let bytes = queue.first {
      return bytes.withUnsafeReadableBytes { bytes in
        (Glibc.write(number, bytes.baseAddress, bytes.count), bytes.count)
      }
    }
    return withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.vectorLimit) { vector in
      var offered = 0
      var storages: [Unmanaged<AnyObject>] = []
      let count = min(queue.count, Self.vectorLimit)
      storages.reserveCapacity(count)
      for (index, bytes) in queue.prefix(count).enumerated() {
        // The storage is retained until writev has returned, so the address stays good.
        bytes.withUnsafeReadableBytesWithStorageManagement { bytes, storage in
          storages.append(storage.retain())
          let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
          vector[index] = iovec(iov_base: base, iov_len: bytes.count)
          offered += bytes.count
        }
      }
      let written = writev(number, vector.baseAddress, Int32(count))
      let error = errno
      for storage in storages { storage.release() }
      errno = error
      return (written, offered)
    }
  }

  private func consume(_ count: Int) {
    queuedBytes -= count
    var rest = count
    while rest > 0, let first = queue.first {
      if first.readableBytes <= rest {
        rest -= first.readableBytes
        queue.removeFirst()
      } else {
        queue[queue.startIndex].moveReaderIndex(forwardBy: rest)
        rest = 0
      }
    }
  }

  /// Gives the channel the next page; when it has written it there is room again.
  private func leaveToChannel(_ channel: any Channel) {
    guard let page = queue.first?.getPrefix(Self.pageSize) else { return }
    channelWriting = true
    channel.writeAndFlush(page).assumeIsolated().whenComplete { result in
      self.channelWriting = false
      // A failure also closes the channel, which is where it is dealt with.
      guard case .success = result, case .open = self.state else { return }
      self.consume(page.readableBytes)
      self.growth?.moved(page.readableBytes)
      self.events.took(page.readableBytes)
      self.flush()
    }
  }

  private func endWell(_ descriptor: Descriptor, _ channel: any Channel) {
    var readEnd: Descriptor?
    if descriptor.unreadBytes > 0 {
      let path = "/proc/self/fd/\(descriptor.number)"
      readEnd = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK)
    }
    state = .ended(readEnd)
    descriptor.close()
    channel.close(promise: nil)
    // Kept open, it keeps its memory.
    if readEnd == nil { growth?.end() }
    events.finished()
  }

  private func readerGone() {
    guard case .open(let descriptor, _) = state else { return }
    close(unread: descriptor.unreadBytes + queuedBytes)
  }

  private func close(unread: Int) {
    let before = state
    state = .closed
    growth?.end()
    if case .open(let descriptor, let channel) = before {
      descriptor.close()
      channel.close(promise: nil)
    }
    events.closed(unread)
    drop()
    events.finished()
  }

  /// Nobody will read what is queued: its credit goes back.
  private func drop() {
    let dropped = queuedBytes
    queue.removeAll()
    staging = ByteBuffer()
    queuedBytes = 0
    if dropped > 0 { events.took(dropped) }
  }
}

extension ByteBuffer {
  /// The first bytes, at most `count`, without copying.
  fileprivate func getPrefix(_ count: Int) -> ByteBuffer? {
    getSlice(at: readerIndex, length: min(count, readableBytes))
  }
}
