// A TCP proxy between two nodes that damages or breaks what passes, where its owner says so.

import MNP
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// What a proxy does to one connection. Used on one loop.
protocol Fault: AnyObject {
  /// Bytes are to go on, towards the node or from it; they may be changed.
  ///
  func pass(_ bytes: inout ByteBuffer, toNode: Bool) -> Verdict
}

enum Verdict {
  case pass
  /// Break the connection on both sides, in place of sending them.
  case breakOff
  /// Break it towards the client alone: the node hears nothing, not even the end.
  case vanish
}

/// Listens on loopback and carries each connection on to one node.
final class FaultyProxy: Sendable {
  private let channel: any Channel
  let tcpPort: Int

  /// - Parameter fault: made for each connection; its number, from 0.
  init(
    to node: TestNode, fault: @escaping @Sendable (Int) -> any Fault
  ) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let count = NIOLockedValueBox(0)
    channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { incoming in
        ClientBootstrap(group: incoming.eventLoop)
          .channelOption(.autoRead, value: false)
          .connect(host: node.url.host, port: node.url.tcpPort)
          .assumeIsolated()
          .flatMapThrowing { outgoing in
            let number = count.withLockedValue { count in
              defer { count += 1 }
              return count
            }
            let fault = fault(number)
            let pair = Pair(fault)
            let forth = Half(pair, other: outgoing, toNode: true)
            let back = Half(pair, other: incoming, toNode: false)
            try incoming.pipeline.syncOperations.addHandler(forth)
            try outgoing.pipeline.syncOperations.addHandler(back)
            outgoing.read()
          }.nonisolated()
      }
      .bind(host: "127.0.0.1", port: 0).get()
    tcpPort = channel.localAddress?.port ?? 0
  }

  func url(_ session: SessionID, port: Int32 = 0) -> NodeURL {
    NodeURL(host: "127.0.0.1", tcpPort: tcpPort, session: session, port: port)
  }

  func close() async throws { try await channel.close() }

  private final class Pair {
    let fault: any Fault
    var hasVanished = false
    init(_ fault: any Fault) { self.fault = fault }
  }

  /// One direction: reads when the other side has taken what was read before.
  private final class Half: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let pair: Pair
    private let other: any Channel
    private let toNode: Bool

    init(_ pair: Pair, other: any Channel, toNode: Bool) {
      self.pair = pair
      self.other = other
      self.toNode = toNode
    }

    func channelActive(context: ChannelHandlerContext) {
      context.read()
      context.fireChannelActive()
    }

    func handlerAdded(context: ChannelHandlerContext) {
      if context.channel.isActive { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var bytes = unwrapInboundIn(data)
      guard !pair.hasVanished else { return }
      switch pair.fault.pass(&bytes, toNode: toNode) {
      case .pass: break
      case .breakOff:
        context.close(promise: nil)
        other.close(promise: nil)
        return
      case .vanish:
        pair.hasVanished = true
        if toNode { context.close(promise: nil) } else { other.close(promise: nil) }
        return
      }
      let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
      other.writeAndFlush(bytes).whenSuccess { bound.value.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
      if !pair.hasVanished { other.close(promise: nil) }
      context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }
}

/// Flips one bit of what DATA frames carry in one direction.
final class BitFlip: Fault {
  private let towardsNode: Bool
  /// Of the payload byte to hit, counted down to it.
  private var left: Int
  private let mask: UInt8
  private let flipped: NIOLockedValueBox<Bool>
  /// Bytes of the present frame, or of the client's preface, that are to come.
  private var skip: Int
  private var payload = 0
  private var head: [UInt8] = []

  /// - Parameter offset: of the byte, among all payload of DATA frames of the connection.
  init(at offset: Int, bit: Int, toNode: Bool, flipped: NIOLockedValueBox<Bool>) {
    towardsNode = toNode
    left = offset
    mask = 1 << UInt8(bit)
    self.flipped = flipped
    // "PRI * HTTP/2.0" and so on comes first.
    skip = toNode ? 24 : 0
  }

  func pass(_ bytes: inout ByteBuffer, toNode: Bool) -> Verdict {
    guard toNode == towardsNode, left >= 0 else { return .pass }
    var index = bytes.readerIndex
    while index < bytes.writerIndex {
      let available = bytes.writerIndex - index
      if skip > 0 {
        let count = min(skip, available)
        skip -= count
        index += count
      } else if payload > 0 {
        let count = min(payload, available)
        if left < count, let byte = bytes.getInteger(at: index + left, as: UInt8.self) {
          bytes.setInteger(byte ^ mask, at: index + left)
          flipped.withLockedValue { $0 = true }
          left = -1
          return .pass
        }
        left -= count
        payload -= count
        index += count
      } else {
        head += bytes.getBytes(at: index, length: min(9 - head.count, available)) ?? []
        index += min(9, available)
        guard head.count == 9 else { continue }
        let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
        if head[3] == 0 { payload = length } else { skip = length }
        head = []
      }
    }
    return .pass
  }
}

/// Lets so many bytes through, of both directions together, then breaks.
final class Cut: Fault {
  private var left: Int
  private let verdict: Verdict
  private let onCut: @Sendable () -> Void

  init(after bytes: Int, _ verdict: Verdict = .breakOff, onCut: @escaping @Sendable () -> Void = {})
  {
    left = bytes
    self.verdict = verdict
    self.onCut = onCut
  }

  func pass(_ bytes: inout ByteBuffer, toNode: Bool) -> Verdict {
    left -= bytes.readableBytes
    guard left < 0 else { return .pass }
    onCut()
    return verdict
  }
}
