// The sending half of a stream: a queue, the peer's window, the wire.

internal import HTTP2
internal import Transport

/// As HTTP2 does it: what was written waits in the stream's queue and leaves as far as the peer's
/// window and the wire allow, at the end of the loop's turn.
final class DataSender: Checked {
  /// Bytes of the largest single write, and of the largest frame.
  static let largestWrite = 256 << 10
  private static let largestFrame = 256 << 10

  private let world: World
  private let host: Host
  private let side: Side
  private var stream: Stream?
  private var queue = ChunkQueue()
  // The node's own: Configuration's marks for a stream's queue.
  private(set) var marks = Watermarks(low: 256 << 10, high: 512 << 10)
  /// Bytes that the peer takes.
  private(set) var window = AdaptiveWindow.start
  /// Follow the last byte.
  private var ending: [Frame] = []
  private var isFlushScheduled = false
  /// Room again; the frames behind the last byte have left.
  private let onWritable: () -> Void
  private let onEnded: () -> Void
  /// What may be on its way here when the queue is found full, in bytes.
  private let late: Int
  var isTouched = false
  /// Most bytes that ever waited.
  private(set) var peak = 0

  init(
    on host: Host, side: Side, late: Int = 0, onWritable: @escaping () -> Void,
    onEnded: @escaping () -> Void
  ) {
    self.late = late
    self.host = host
    self.side = side
    self.onWritable = onWritable
    self.onEnded = onEnded
    world = host.world
  }

  var isConnected: Bool { stream != nil }

  func attach(_ stream: Stream) {
    self.stream = stream
    stream.sender = self
    scheduleFlush()
  }

  func write(_ chunk: Chunk) {
    queue.append(chunk)
    if world.mutation == .reorders, world.dice.chance(1, of: 20) { queue.swapLastTwo() }
    marks.add(chunk.count)
    peak = max(peak, marks.queued)
    world.touch(self)
    scheduleFlush()
  }

  func end(with frames: [Frame]) {
    ending += frames
    scheduleFlush()
  }

  func receivedUpdate(_ bytes: Int) {
    window += bytes
    scheduleFlush()
  }

  /// Drops what waits: the stream is reset, or its status overtakes.
  func drop() {
    queue.removeAll()
    _ = marks.remove(marks.queued)
    ending = []
    stream = nil
  }

  private func scheduleFlush() {
    guard !isFlushScheduled, let stream else { return }
    isFlushScheduled = true
    // The socket takes a batch ahead of the wire.
    let ahead = world.network.time(of: 512 << 10)
    let delay = max(0, stream.connection.freeTime(side) - world.now - ahead)
    host.later(delay) { [self] in
      isFlushScheduled = false
      flush()
    }
  }

  private func flush() {
    guard let stream else { return }
    let ahead = world.network.time(of: 512 << 10)
    let ignored = world.mutation == .ignoresWindow ? 128 << 10 : 0
    while stream.connection.freeTime(side) <= world.now + ahead {
      guard let chunk = queue.take(min(window + ignored, Self.largestFrame)) else { break }
      window -= chunk.count
      if world.mutation == .losesChunk, world.dice.chance(1, of: 40) {
        world.tell("(a chunk is lost)")
      } else {
        stream.send(.data(chunk), from: side)
      }
      if marks.remove(chunk.count) { onWritable() }
    }
    if queue.isEmpty || world.mutation == .saysDoneEarly {
      guard !ending.isEmpty else { return }
      let frames = ending
      ending = []
      for frame in frames { stream.send(frame, from: side) }
      onEnded()
    } else if window > 0 {
      scheduleFlush()
    }
  }

  func check() {
    world.require(
      marks.queued <= marks.high + Self.largestWrite + late,
      "\(marks.queued) bytes in the queue of a stream, on \(host)")
  }
}
