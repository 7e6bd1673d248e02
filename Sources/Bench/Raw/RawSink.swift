// Where raw relays lead back to, in the bench itself.

internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix

/// Takes one connection after the other; what is expected of the next one is said before it comes.
final class RawSink: Sendable {
  /// Hears, on the sink's loop, of each piece by its bytes, and of the end with the count of them all.
  struct Expectation: Sendable {
    var onData: (@Sendable (Int) -> Void)?
    var onEnd: @Sendable (Int) -> Void
  }

  let tcpPort: Int
  private let expectation: NIOLockedValueBox<Expectation?>

  private init(tcpPort: Int, _ expectation: NIOLockedValueBox<Expectation?>) {
    self.tcpPort = tcpPort
    self.expectation = expectation
  }

  static func bind(on eventLoop: any EventLoop) async throws -> RawSink {
    let expectation = NIOLockedValueBox<Expectation?>(nil)
    let channel = try await ServerBootstrap(group: eventLoop)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.prepareRaw(read: rawRead)
          try channel.pipeline.syncOperations.addHandler(
            RawEnd(expectation.withLockedValue { $0 }))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return RawSink(tcpPort: channel.localAddress?.port ?? 0, expectation)
  }

  func expect(_ next: Expectation) {
    expectation.withLockedValue { $0 = next }
  }
}

private final class RawEnd: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let expectation: RawSink.Expectation?
  private var count = 0

  init(_ expectation: RawSink.Expectation?) {
    self.expectation = expectation
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data).readableBytes
    count += bytes
    expectation?.onData?(bytes)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    expectation?.onEnd(count)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
