// The round trip of a small record through raw relays.

internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix
internal import Pipeline

/// Sends a record, waits until the sink has it, and sends the next one.
final class RawProbe: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Tells of a piece at the sink, by its bytes and when it came. Set before the first is sent.
  private typealias Arrivals = NIOLockedValueBox<(@Sendable (Int, NIODeadline) -> Void)?>

  private let record: ByteBuffer
  private let arrivals: Arrivals
  private let time: TimeAmount
  private let limit: Int
  private let promise: EventLoopPromise<[Double]>
  private var latencies: [Double] = []
  private var sentAt = NIODeadline.now()
  private var missing = 0
  private var isOver = false
  private var timer: Scheduled<Void>?

  private init(
    _ record: ByteBuffer, _ arrivals: Arrivals, for time: TimeAmount, limit: Int,
    _ promise: EventLoopPromise<[Double]>
  ) {
    self.record = record
    self.arrivals = arrivals
    self.time = time
    self.limit = limit
    self.promise = promise
  }

  /// Microseconds of each record but the first, which goes with the opening of connections.
  static func run(
    _ record: ByteBuffer, to tcpPort: Int, back sink: RawSink, for time: TimeAmount, limit: Int,
    on eventLoop: any EventLoop
  ) async throws -> [Double] {
    let promise = eventLoop.makePromise(of: [Double].self)
    let arrivals = Arrivals(nil)
    // Before the connection: the relays may have reached the sink before this end is told of it.
    sink.expect(
      .init(
        onData: { bytes in
          let now = NIODeadline.now()
          arrivals.withLockedValue { $0 }?(bytes, now)
        }, onEnd: { _ in }))
    ClientBootstrap(group: eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.prepareRaw(read: rawRead)
          try channel.pipeline.syncOperations.addHandler(
            RawProbe(record, arrivals, for: time, limit: limit, promise))
        }
      }
      .connect(host: "127.0.0.1", port: tcpPort)
      .whenFailure { promise.fail(RunFailure(.unreachable, "a raw connection failed: \($0)")) }
    let latencies = try await promise.futureResult.get()
    return Array(latencies.dropFirst())
  }

  func channelActive(context: ChannelHandlerContext) {
    let eventLoop = context.eventLoop
    let probe = NIOLoopBound(self, eventLoop: eventLoop)
    let context = NIOLoopBound(context, eventLoop: eventLoop)
    // Taken where it arrives, whichever loop that is.
    arrivals.withLockedValue {
      $0 = { bytes, time in
        eventLoop.execute { probe.value.arrived(bytes, at: time, context.value) }
      }
    }
    // For the records that count; on a busy machine the connections alone may take longer.
    stop(context.value, in: max(time, Self.patience))
    send(context.value)
  }

  private static let patience = TimeAmount.seconds(2)

  private func stop(_ context: ChannelHandlerContext, in time: TimeAmount) {
    let context = NIOLoopBound(context, eventLoop: context.eventLoop)
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.stop(context.value) }
  }

  private func send(_ context: ChannelHandlerContext) {
    missing = record.readableBytes
    sentAt = .now()
    context.writeAndFlush(wrapOutboundOut(record), promise: nil)
  }

  private func arrived(_ bytes: Int, at time: NIODeadline, _ context: ChannelHandlerContext) {
    missing -= bytes
    guard missing <= 0, !isOver else { return }
    latencies.append(Double((time - sentAt).nanoseconds) / 1000)
    if latencies.count == 2 { stop(context, in: self.time) }
    if latencies.count > limit { stop(context) } else { send(context) }
  }

  private func stop(_ context: ChannelHandlerContext) {
    isOver = true
    timer?.cancel()
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isOver {
      promise.succeed(latencies)
    } else {
      promise.fail(RunFailure(.dataBroken, "a raw connection was closed by its receiver"))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    promise.fail(RunFailure(.dataBroken, "a raw connection broke: \(error)"))
    context.close(promise: nil)
  }
}
