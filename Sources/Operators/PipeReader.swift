// The read end of an operator's output pipe: read only while wanted, drained when the operator is gone.

internal import Glibc
internal import NIOCore

/// Reads an output's bytes from its pipe and hands each chunk on at once. Confined to one event loop.
///
/// It keeps a write end of the pipe open itself. So the pipe never ends: the kernel would report that
/// without being asked, whereupon NIO reads everything, wanted or not, and closes; and an end of file
/// means nothing to us. What is drained is known otherwise: when nothing of the operator is left, the
/// bytes that are in the pipe at that moment are the last. A process that has left the group may hold
/// the pipe open, and may even write on.
final class PipeReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  struct Events {
    var read: (ByteBuffer) -> Void
    /// Nothing more comes, and the pipe is closed.
    var drained: () -> Void
  }

  private enum State {
    case open
    /// So many of the pipe's bytes are still to come.
    case draining(Int)
    case closed
  }

  /// Bytes of one read. What is read is passed on as a slice, so a program that writes much is read in
  /// few calls, and one that writes little does not hold large buffers.
  static let reads = (64 << 10)...(256 << 10)

  private let eventLoop: any EventLoop
  private let spare: Descriptor
  private let channel: any Channel
  private let events: Events
  private var state = State.open
  private var growth: PipeGrowth
  private var reading = false
  /// Bytes of the latest read.
  private var lastRead = 0
  /// What a read that was already asked for brought after reading was turned off.
  private var held: ByteBuffer?
  private var deliveryScheduled = false

  /// All bytes that were read.
  private(set) var total = 0

  /// `spare` is a write end of the same pipe.
  init(
    readEnd: Descriptor, spare: Descriptor, eventLoop: any EventLoop, budget: PipeBudget,
    reads: ClosedRange<Int> = PipeReader.reads, events: Events
  ) throws(SystemError) {
    self.eventLoop = eventLoop
    self.spare = spare
    self.events = events
    growth = PipeGrowth(of: readEnd.number, budget: budget)
    readEnd.setNonBlocking()
    channel = try PipeChannels.open(readEnd: readEnd, reads: reads, on: eventLoop)
    do {
      try channel.pipeline.syncOperations.addHandler(self)
    } catch {
      channel.close(promise: nil)
      throw SystemError("cannot watch a pipe", errno: EIO)
    }
  }

  var identity: FileIdentity? { FileIdentity(of: spare) }

  /// Whether a named pipe's path leads to this pipe.
  func isSame(as identity: FileIdentity) -> Bool { FileIdentity(of: spare) == identity }

  /// Bytes in the pipe, or read and not yet handed on.
  var waiting: Int { spare.unreadBytes + (held?.readableBytes ?? 0) }

  func setReading(_ reading: Bool) {
    guard reading != self.reading else { return }
    self.reading = reading
    guard reading, isOpen else { return }
    if held == nil {
      channel.read()
    } else if !deliveryScheduled {
      deliveryScheduled = true
      eventLoop.assumeIsolated().execute {
        self.deliveryScheduled = false
        self.deliverHeld()
      }
    }
  }

  /// Nothing of the operator is left: what is in the pipe now is the last.
  func operatorGone() {
    guard case .open = state else { return }
    state = .draining(waiting)
    finishIfDrained()
  }

  /// Drops what is in the pipe.
  func discard() {
    held = nil
    if isOpen { close() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    lastRead = bytes.readableBytes
    growth.moved(lastRead)
    if reading { deliver(bytes) } else { held = bytes }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    guard isOpen else { return }
    if growth.wantsToKnow, spare.unreadBytes + lastRead >= growth.capacity {
      _ = growth.seenFull(spare.number)
    }
    if reading, held == nil { context.read() }
  }

  /// The loop has shut down, or else we closed it.
  func channelInactive(context: ChannelHandlerContext) { discard() }

  private var isOpen: Bool {
    if case .closed = state { false } else { true }
  }

  private func deliverHeld() {
    guard reading, isOpen, let bytes = held else { return }
    held = nil
    deliver(bytes)
    if reading, isOpen { channel.read() }
  }

  private func deliver(_ bytes: ByteBuffer) {
    guard isOpen else { return }
    total += bytes.readableBytes
    if case .draining(let left) = state { state = .draining(left - bytes.readableBytes) }
    events.read(bytes)
    finishIfDrained()
  }

  /// Also while reading is off: an empty pipe is drained without a reader.
  private func finishIfDrained() {
    if case .draining(let left) = state, left <= 0 { close() }
  }

  private func close() {
    state = .closed
    growth.end()
    spare.close()
    channel.close(promise: nil)
    events.drained()
  }
}
