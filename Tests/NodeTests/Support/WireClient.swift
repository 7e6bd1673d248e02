// A client that sends what it is told, right or wrong, on one connection.

import HTTP2
import MNP
import NIOCore
import NIOPosix
import Testing

/// One HTTP/2 connection to a node, without gRPC: fields and bytes.
final class WireClient: Sendable {
  /// What came on a stream.
  struct Answer: Sendable {
    /// Of all its field sections.
    var fields: [String: String] = [:]
    var data = ByteBuffer()
    /// How it was closed; nil while it is open.
    var code: HTTP2ErrorCode?
  }

  private let channel: any Channel
  private let handler: NIOLoopBound<Handler>

  init(_ node: NodeURL) async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let handler = NIOLoopBoundBox.makeBoxSendingValue(nil as Handler?, eventLoop: loop)
    channel = try await ClientBootstrap(group: loop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let made = Handler()
          handler.value = made
          try channel.pipeline.syncOperations.addHandler(made)
        }
      }
      .connect(host: node.host, port: node.tcpPort).get()
    self.handler = try await loop.submit {
      guard let made = handler.value else { throw NeverHappened(description: "a handler") }
      return NIOLoopBound(made, eventLoop: loop)
    }.get()
  }

  func open(_ fields: [HTTPField], endStream: Bool = false) async throws -> StreamID {
    try await run { handler in
      let id = try handler.http2.openStream(fields, endStream: endStream)
      handler.answers[id] = Answer()
      return id
    }
  }

  func write(_ bytes: [UInt8], on id: StreamID, end: Bool = false) async throws {
    try await run { handler in
      handler.http2.write(ByteBuffer(bytes: bytes), on: id)
      if end { handler.http2.finish(id) }
    }
  }

  func reset(_ id: StreamID) async throws {
    try await run { $0.http2.reset(id, .cancel) }
  }

  /// The answer as it is now. Its bytes are its own: those of the loop are appended to, and that the
  /// runtime then knows of no other reader is nothing that the thread sanitizer can see.
  func answer(_ id: StreamID) async throws -> Answer {
    try await run { handler in
      var answer = handler.answers[id] ?? Answer()
      answer.data = ByteBuffer(bytes: answer.data.readableBytesView)
      return answer
    }
  }

  /// The answer when the stream is closed.
  func whole(_ id: StreamID) async throws -> Answer {
    try await eventually("the end of stream \(id)") { try await answer(id).code != nil }
    return try await answer(id)
  }

  func close() async throws { try await channel.close() }

  private func run<Value: Sendable>(
    _ body: @escaping @Sendable (Handler) throws -> Value
  ) async throws -> Value {
    try await channel.eventLoop.submit { [handler] in
      defer { handler.value.flush() }
      return try body(handler.value)
    }.get()
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let http2 = HTTP2Connection(role: .client)
    var answers: [StreamID: Answer] = [:]
    private var context: ChannelHandlerContext?

    func channelActive(context: ChannelHandlerContext) {
      self.context = context
      flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      http2.receive(unwrapInboundIn(data))
      flush()
    }

    func flush() {
      var out: [ByteBuffer] = []
      var events: [HTTP2Event] = []
      repeat {
        http2.takeEvents(into: &events)
        for event in events { take(event) }
        while http2.produce(limit: 1 << 20, into: &out) {}
      } while !events.isEmpty
      for buffer in out { context?.write(wrapOutboundOut(buffer), promise: nil) }
      context?.flush()
    }

    private func take(_ event: HTTP2Event) {
      switch event {
      case .headers(let id, let fields, _, _):
        for field in fields { answers[id]?.fields[field.name] = field.value }
      case .data(let id, let bytes, let count, _):
        http2.creditConnection(count)
        http2.creditStream(id, count)
        answers[id]?.data.writeImmutableBuffer(bytes)
      case .streamClosed(let id, let code):
        answers[id]?.code = code
      default:
        break
      }
    }
  }
}
