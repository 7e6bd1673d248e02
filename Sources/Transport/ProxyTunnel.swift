// Asks an HTTP proxy for a tunnel, and loses no byte that comes through it.

internal import GRPC
internal import NIOCore

/// The first handler of a connection through a proxy: sends CONNECT, reads the answer, and leaves the
/// pipeline to HTTP/2 (RFC 9110, section 9.3.6).
///
/// A plaintext HTTP/2 server speaks first, so its SETTINGS often come in the same read as the proxy's
/// answer. NIOExtras' NIOHTTP1ProxyConnectHandler with NIO's response decoder reads them as a second
/// answer and drops them: for TLS, where the client speaks first, that never shows. Hence this one.
///
/// What comes early is kept and handed on when the handler is removed, which is to happen once the
/// connection's own handler stands behind it.
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// An answer's head is a few hundred bytes; what is longer is no proxy's.
  private static let maximumHead = 16 << 10

  private let request: String
  private let deadline: NIODeadline
  private let established: EventLoopPromise<Void>
  private var isAnswered = false
  private var received = ByteBuffer()
  private var timer: Scheduled<Void>?

  /// - Parameters:
  ///   - target: `HOST:TCPPORT`, IPv6 in brackets.
  ///   - authorization: the value of Proxy-Authorization, where the proxy's URL has credentials.
  ///   - established: succeeds when the tunnel is there; fails with ``TunnelError``.
  init(
    target: String, authorization: String?, deadline: NIODeadline,
    established: EventLoopPromise<Void>
  ) {
    var lines = ["CONNECT \(target) HTTP/1.1", "Host: \(target)"]
    if let authorization { lines.append("Proxy-Authorization: \(authorization)") }
    request = lines.joined(separator: "\r\n") + "\r\n\r\n"
    self.deadline = deadline
    self.established = established
  }

  func handlerAdded(context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
      self?.answer(.failure(TunnelError("it did not answer in time")))
    }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    received.writeBuffer(&bytes)
    guard !isAnswered else { return }
    guard let head = readHead() else {
      if received.readableBytes > Self.maximumHead {
        answer(.failure(TunnelError("its answer is no answer to CONNECT")))
      }
      return
    }
    answer(Self.outcome(of: head))
  }

  func channelInactive(context: ChannelHandlerContext) {
    answer(.failure(TunnelError("it closed the connection")))
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    answer(.failure(TunnelError("\(error)")))
    context.fireErrorCaught(error)
  }

  func removeHandler(
    context: ChannelHandlerContext, removalToken: ChannelHandlerContext.RemovalToken
  ) {
    if received.readableBytes > 0 {
      context.fireChannelRead(wrapInboundOut(received))
      context.fireChannelReadComplete()
    }
    context.leavePipeline(removalToken: removalToken)
  }

  private func answer(_ result: Result<Void, TunnelError>) {
    guard !isAnswered else { return }
    isAnswered = true
    timer?.cancel()
    established.completeWith(result.mapError { $0 as any Error })
  }

  /// The head of the answer, without its empty line; nil while it is not whole.
  private func readHead() -> String? {
    let end = Array("\r\n\r\n".utf8)
    let view = received.readableBytesView
    guard let start = view.firstRange(of: end) else { return nil }
    let length = start.lowerBound - view.startIndex
    let head = received.readString(length: length)
    received.moveReaderIndex(forwardBy: end.count)
    return head
  }

  /// `HTTP/1.1 200 Connection established`: any 2xx is a tunnel.
  private static func outcome(of head: String) -> Result<Void, TunnelError> {
    let line = head.prefix { $0 != "\r\n" && $0 != "\n" }
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let code = Int(words[1]) else {
      return .failure(TunnelError("its answer is no answer to CONNECT"))
    }
    switch code {
    case 200..<300: return .success(())
    case 407: return .failure(TunnelError("it wants credentials (HTTP 407)"))
    default:
      return .failure(TunnelError("it refused with HTTP \(words[1...].joined(separator: " "))"))
    }
  }
}

/// Why a proxy gives no tunnel, in words.
struct TunnelError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }
}
