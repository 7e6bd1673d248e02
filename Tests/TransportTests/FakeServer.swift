// A server that answers as a test says, right or wrong, over a real socket.

import HTTP2
import NIOCore
import NIOPosix
import Testing

@testable import Transport

/// Accepts connections, speaks HTTP/2 by the book, and leaves the answers to the test.
final class FakeServer: Sendable {
  /// One connection of it. Confined to its event loop.
  final class Peer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// 1 is the first that came.
    let number: Int
    let http2: HTTP2Connection
    private let handle: @Sendable (Peer, HTTP2Event) -> Void
    private var context: ChannelHandlerContext?
    /// Answers nothing any more, not even a PING.
    var isDeaf = false

    init(
      number: Int, configuration: HTTP2Connection.Configuration,
      handle: @escaping @Sendable (Peer, HTTP2Event) -> Void
    ) {
      self.number = number
      self.http2 = HTTP2Connection(role: .server, configuration: configuration)
      self.handle = handle
    }

    func channelActive(context: ChannelHandlerContext) {
      self.context = context
      self.flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard !self.isDeaf else { return }
      self.http2.receive(self.unwrapInboundIn(data))
      var events: [HTTP2Event] = []
      self.http2.takeEvents(into: &events)
      for event in events {
        if case .data(let id, _, let count, _) = event {
          self.http2.creditConnection(count)
          self.http2.creditStream(id, count)
        }
        self.handle(self, event)
      }
      self.flush()
    }

    func flush() {
      guard !self.isDeaf, let context = self.context else { return }
      var out: [ByteBuffer] = []
      while self.http2.produce(limit: 1 << 20, into: &out) {}
      for buffer in out { context.write(self.wrapOutboundOut(buffer), promise: nil) }
      context.flush()
    }

    /// What no library of ours would send.
    func sendRaw(_ bytes: [UInt8]) {
      self.flush()
      guard let context = self.context else { return }
      context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    /// GOAWAY with NO_ERROR.
    func sendGoAway(lastStream: UInt8) {
      self.sendRaw([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, lastStream, 0, 0, 0, 0])
    }

    func close() { self.context?.close(promise: nil) }
  }

  let peer: PeerAddress
  /// Requests that came, as "CONNECTION PATH".
  let requests: Watch<[String]>
  private let channel: any Channel

  /// - Parameter handle: gets every event, and answers with the peer's `http2`.
  init(
    on group: any EventLoopGroup, configuration: HTTP2Connection.Configuration = .init(),
    handle: @escaping @Sendable (Peer, HTTP2Event) -> Void
  ) async throws {
    let count = Watch(0)
    let requests = Watch<[String]>([])
    self.requests = requests
    self.channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          count.update { $0 += 1 }
          let peer = Peer(number: count.value, configuration: configuration) { peer, event in
            if case .headers(_, let fields, kind: .request, _) = event {
              let path = fields.first { $0.name == ":path" }?.value ?? ""
              requests.update { $0.append("\(peer.number) \(path)") }
            }
            handle(peer, event)
          }
          try channel.pipeline.syncOperations.addHandler(peer)
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    self.peer = try #require(self.channel.localAddress.flatMap(PeerAddress.init))
  }

  func close() async throws { try await self.channel.close() }
}

extension HTTP2Event {
  /// Of a request: its stream and its path.
  var request: (id: StreamID, path: String)? {
    guard case .headers(let id, let fields, kind: .request, _) = self else { return nil }
    return (id, fields.first { $0.name == ":path" }?.value ?? "")
  }

  /// The stream that the client has ended.
  var ended: StreamID? {
    switch self {
    case .headers(let id, _, _, endStream: true), .data(let id, _, _, endStream: true): id
    default: nil
    }
  }
}
