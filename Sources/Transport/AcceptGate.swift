// Keeps a listener from accepting more connections than it may serve.

internal import NIOCore

/// Holds back accepting while `limit` connections are open; clients wait in the kernel's queue.
/// NIO's AcceptBackoffHandler, which every ServerBootstrap has, does the same for a second where
/// accepting failed because the process has no descriptors left.
final class AcceptGate: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias OutboundIn = Never

  private let limit: Int
  private var open = 0
  private var isReadHeld = false

  init(limit: Int) {
    self.limit = limit
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.open += 1
    let child = self.unwrapInboundIn(data)
    let gate = NIOLoopBound(self, eventLoop: context.eventLoop)
    let serverContext = NIOLoopBound(context, eventLoop: context.eventLoop)
    child.closeFuture.hop(to: context.eventLoop).whenComplete { _ in
      gate.value.closedOne(serverContext.value)
    }
    context.fireChannelRead(data)
  }

  func read(context: ChannelHandlerContext) {
    if self.open < self.limit {
      context.read()
    } else {
      self.isReadHeld = true
    }
  }

  private func closedOne(_ context: ChannelHandlerContext) {
    self.open -= 1
    if self.isReadHeld && self.open < self.limit {
      self.isReadHeld = false
      context.read()
    }
  }
}
