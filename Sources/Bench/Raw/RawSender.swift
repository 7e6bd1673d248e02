// Writes to a TCP connection as fast as it takes it, for a time.

internal import NIOCore
internal import NIOPosix
internal import Pipeline

/// The sending end of a raw measurement, on its channel's loop. The same slice is written again and
/// again, as `PushLoad` does.
final class RawSender: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  struct Sent: Sendable {
    var bytes: Int
    /// What the receiver says has come; nil where it says nothing.
    var counted: Int?
  }

  private static let writesPerTurn = 8

  private let slab: ByteBuffer
  private let time: TimeAmount
  private let promise: EventLoopPromise<Sent>
  private var answer = ByteBuffer()
  private var bytes = 0
  private var isOver = false
  private var isScheduled = false

  private init(_ slab: ByteBuffer, for time: TimeAmount, _ promise: EventLoopPromise<Sent>) {
    self.slab = slab
    self.time = time
    self.promise = promise
  }

  /// Until the peer has closed the connection, behind its count.
  static func run(
    _ slab: ByteBuffer, to tcpPort: Int, for time: TimeAmount, on eventLoop: any EventLoop
  ) async throws -> Sent {
    let promise = eventLoop.makePromise(of: Sent.self)
    ClientBootstrap(group: eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.prepareRaw(read: rawRead)
          try channel.pipeline.syncOperations.addHandler(RawSender(slab, for: time, promise))
        }
      }
      .connect(host: "127.0.0.1", port: tcpPort)
      .whenFailure { promise.fail(RunFailure(.unreachable, "a raw connection failed: \($0)")) }
    return try await promise.futureResult.get()
  }

  func channelActive(context: ChannelHandlerContext) {
    let sender = NIOLoopBound(self, eventLoop: context.eventLoop)
    let context = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.value.eventLoop.scheduleTask(in: time) { sender.value.stop(context.value) }
    fill(context.value)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) { fill(context) }

  private func fill(_ context: ChannelHandlerContext) {
    guard !isScheduled else { return }
    var writes = Self.writesPerTurn
    while !isOver, writes > 0, context.channel.isWritable {
      writes -= 1
      bytes += slab.readableBytes
      context.writeAndFlush(wrapOutboundOut(slab), promise: nil)
    }
    guard !isOver, context.channel.isWritable else { return }
    // The timer gets its turn, however fast the receiver is.
    isScheduled = true
    let sender = NIOLoopBound(self, eventLoop: context.eventLoop)
    let context = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.value.eventLoop.execute {
      sender.value.isScheduled = false
      sender.value.fill(context.value)
    }
  }

  private func stop(_ context: ChannelHandlerContext) {
    isOver = true
    context.close(mode: .output, promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    answer.writeBuffer(&buffer)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isOver {
      promise.succeed(Sent(bytes: bytes, counted: answer.readInteger()))
    } else {
      promise.fail(RunFailure(.dataBroken, "a raw connection was closed by its receiver"))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    promise.fail(RunFailure(.dataBroken, "a raw connection broke: \(error)"))
    context.close(promise: nil)
  }
}
