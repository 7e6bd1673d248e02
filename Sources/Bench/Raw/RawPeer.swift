// The other process of a raw measurement: takes bytes, passes them on, sends them, or pumps them through
// a program.

internal import NIOCore
internal import NIOPosix
internal import Pipeline

/// What `headrace bench-peer` does until it is killed.
package enum RawPeer {
  package enum Mode: Sendable {
    /// Counts what comes, in reads of so many bytes, and answers the count at the end.
    case receiver(read: Int)
    /// Passes everything on to a TCP port of loopback.
    case relay(tcpPort: Int)
  }

  /// Listens on loopback, on one event loop, as a node does.
  ///
  /// - Returns: the TCP port.
  package static func start(_ mode: Mode) async throws -> Int {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          switch mode {
          case .receiver(let read):
            try channel.prepareRaw(read: read)
            try channel.pipeline.syncOperations.addHandler(RawCounter())
          case .relay(let tcpPort):
            try channel.prepareRaw(read: rawRead)
            try channel.syncOptions?.setOption(.autoRead, value: false)
            try channel.pipeline.syncOperations.addHandler(RawRelay(to: tcpPort))
          }
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return channel.localAddress?.port ?? 0
  }

  /// Writes `write` bytes at a time to a receiver's TCP port of loopback, for a time.
  ///
  /// - Throws: where the receiver does not say that it has counted as many.
  package static func send(write: Int, to tcpPort: Int, seconds: Double) async throws -> PeerSample
  {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let slab = Payload.make(write)
    return try await PeerSample {
      let sent = try await RawSender.run(
        slab, to: tcpPort, for: .seconds(seconds), on: group.next())
      guard sent.counted == sent.bytes else {
        throw RunFailure(
          .dataBroken, "\(sent.bytes) bytes were sent, \(sent.counted ?? 0) arrived at the receiver"
        )
      }
      return sent.bytes
    }
  }

  /// Feeds a program from memory, as a node does, and drops what it writes.
  ///
  /// - Throws: where it does not write as many bytes as it was given, or does not end well.
  package static func pump(through command: [String], seconds: Double) async throws -> PeerSample {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let slab = Payload.make(256 << 10)
    return try await PeerSample {
      let moved = try await OperatorPump.run(
        command, slab: slab, for: .seconds(seconds), on: group.next())
      guard moved.read == moved.bytes else {
        throw RunFailure(
          .dataBroken, "\(moved.bytes) bytes went into \(command[0]), \(moved.read) came out")
      }
      return moved.bytes
    }
  }
}

extension TimeAmount {
  fileprivate static func seconds(_ seconds: Double) -> TimeAmount {
    .nanoseconds(Int64(seconds * 1e9))
  }
}

/// Counts to the end and answers with the count, 8 bytes.
private final class RawCounter: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var count = 0

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    count += unwrapInboundIn(data).readableBytes
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event else { return }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(integer: count)), promise: nil)
    context.close(mode: .all, promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// The half of a relay that reads. What one turn of reading brought is written with one flush.
private final class RawRelay: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let tcpPort: Int
  private var next: (any Channel)?
  private var collected: [ByteBuffer] = []

  init(to tcpPort: Int) {
    self.tcpPort = tcpPort
  }

  func channelActive(context: ChannelHandlerContext) {
    let channel = context.channel
    let relay = NIOLoopBound(self, eventLoop: context.eventLoop)
    ClientBootstrap(group: context.eventLoop)
      .channelInitializer { next in
        next.eventLoop.makeCompletedFuture {
          try next.prepareRaw(read: rawRead)
          try next.pipeline.syncOperations.addHandler(RawRelayEnd(before: channel))
        }
      }
      .connect(host: "127.0.0.1", port: tcpPort)
      .whenComplete { result in
        switch result {
        case .success(let next):
          relay.value.next = next
          channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
        case .failure:
          channel.close(promise: nil)
        }
      }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    collected.append(unwrapInboundIn(data))
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    guard let next, !collected.isEmpty else { return }
    for buffer in collected { next.write(buffer, promise: nil) }
    collected.removeAll(keepingCapacity: true)
    next.flush()
    if !next.isWritable { try? context.channel.syncOptions?.setOption(.autoRead, value: false) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { next?.close(mode: .output, promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    next?.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// The half that writes: lets the other one read while there is room.
private final class RawRelayEnd: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let before: any Channel

  init(before: any Channel) {
    self.before = before
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    guard context.channel.isWritable else { return }
    try? before.syncOptions?.setOption(.autoRead, value: true)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    before.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
