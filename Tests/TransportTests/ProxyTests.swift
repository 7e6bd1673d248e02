// HTTP proxies: which one is chosen, and a call through one.

import GRPC
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Transport

@Suite struct ProxySettingsTests {
  private func chosen(
    _ host: String, tls: Bool = false, url: String? = nil, port: Int = 8502,
    _ environment: [String: String]
  ) throws -> String? {
    let settings = try ProxySettings(url: url, environment: environment)
    let peer = PeerAddress(host: host, tcpPort: port, tls: tls)
    return settings.proxy(for: peer)?.address.authority
  }

  @Test func theURL() throws {
    let proxy = try Proxy(url: "http://me:p%40ss%3A@proxy.example:3128/")
    #expect(proxy.address == PeerAddress(host: "proxy.example", tcpPort: 3128))
    #expect(proxy.authorization == "Basic " + Base64.encode(Array("me:p@ss:".utf8), padded: true))
    #expect(try Proxy(url: "proxy").address == PeerAddress(host: "proxy", tcpPort: 80))
    #expect(try Proxy(url: "HTTP://[::1]:8").address == PeerAddress(host: "::1", tcpPort: 8))
    #expect(try Proxy(url: "me@proxy:8").authorization == "Basic bWU6")
    for bad in ["", "http://", "https://proxy", "socks5://proxy", "proxy:0", "proxy:x", ":80"] {
      #expect(throws: GRPCStatus.self) { try Proxy(url: bad) }
    }
  }

  @Test func theEnvironment() throws {
    let all = ["http_proxy": "p:1", "https_proxy": "p:2", "all_proxy": "p:3"]
    #expect(try self.chosen("host", all) == "p:1")
    #expect(try self.chosen("host", tls: true, all) == "p:2")
    #expect(try self.chosen("host", ["all_proxy": "p:3"]) == "p:3")
    #expect(try self.chosen("host", tls: true, ["ALL_PROXY": "p:3"]) == "p:3")
    #expect(try self.chosen("host", ["HTTP_PROXY": "p:4"]) == "p:4")
    #expect(try self.chosen("host", ["HTTP_PROXY": "p:4", "http_proxy": "p:1"]) == "p:1")
    #expect(try self.chosen("host", ["HTTP_PROXY": "p:4", "http_proxy": ""]) == "p:4")
    #expect(try self.chosen("host", ["HTTP_PROXY": "p:4", "REQUEST_METHOD": "GET"]) == nil)
    #expect(try self.chosen("host", ["https_proxy": "p:2"]) == nil)
    #expect(try self.chosen("host", [:]) == nil)
    #expect(try self.chosen("127.0.0.1", all) == nil)
    #expect(try self.chosen("localhost", all) == nil)
    do throws(GRPCStatus) {
      _ = try ProxySettings(url: nil, environment: ["https_proxy": "ftp://x"])
      Issue.record("accepted")
    } catch {
      #expect(error.message.hasPrefix("https_proxy: "))
    }
  }

  @Test func theSettingGoesForEveryHost() throws {
    #expect(try self.chosen("127.0.0.1", url: "q:1", ["http_proxy": "p:1"]) == "q:1")
    #expect(try self.chosen("h", tls: true, url: "q:1", ["https_proxy": "p:1"]) == "q:1")
    #expect(try self.chosen("h", url: "q:1", ["no_proxy": "h"]) == nil)
  }

  @Test func exceptions() throws {
    let list = "example.org, .inner ,10.0.0.0/8,fd00::/8,192.0.2.7,*.wild.net,one.net:99"
    let environment = ["http_proxy": "p:1", "NO_PROXY": list]
    for host in [
      "example.org", "Sub.Example.org", "a.inner", "10.200.3.4", "fd12::1", "192.0.2.7",
      "x.wild.net",
    ] { #expect(try self.chosen(host, environment) == nil, "\(host)") }
    for host in ["notexample.org", "org", "11.0.0.1", "fe80::1", "192.0.2.8", "one.net"] {
      #expect(try self.chosen(host, environment) == "p:1", "\(host)")
    }
    #expect(try self.chosen("one.net", port: 99, environment) == nil)
    #expect(try self.chosen("any", ["http_proxy": "p:1", "no_proxy": "*"]) == nil)
    #expect(try self.chosen("any", ["http_proxy": "p:1", "no_proxy": ""]) == "p:1")
  }
}

/// A proxy of our own: reads one CONNECT, answers it, and joins the two connections.
private final class ConnectProxy: Sendable {
  let requests = NIOLockedValueBox<[String]>([])
  let address: PeerAddress
  private let channel: any Channel

  /// `answer` is the status line for a request; 200 opens the tunnel.
  init(_ group: any EventLoopGroup, answer: @escaping @Sendable (String) -> String) async throws {
    let requests = self.requests
    self.channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            ConnectHandler(requests: requests, answer: answer))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    self.address = try #require(channel.localAddress.flatMap(PeerAddress.init))
  }

  func close() async throws { try await self.channel.close() }
}

private final class ConnectHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let requests: NIOLockedValueBox<[String]>
  private let answer: @Sendable (String) -> String
  private var received = ByteBuffer()
  private var hasAnswered = false
  private var target: (any Channel)?

  init(requests: NIOLockedValueBox<[String]>, answer: @escaping @Sendable (String) -> String) {
    self.requests = requests
    self.answer = answer
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = self.unwrapInboundIn(data)
    if let target { return target.writeAndFlush(bytes, promise: nil) }
    self.received.writeBuffer(&bytes)
    let text = String(buffer: self.received)
    guard !self.hasAnswered, let end = text.range(of: "\r\n\r\n") else { return }
    self.hasAnswered = true
    let request = String(text[..<end.lowerBound])
    self.requests.withLockedValue { $0.append(request) }
    let line = self.answer(request)
    guard line.contains(" 200 ") else {
      context.writeAndFlush(
        self.wrapOutboundOut(ByteBuffer(string: line + "\r\ncontent-length: 0\r\n\r\n")),
        promise: nil)
      return
    }
    let words = request.split(separator: " ")
    let parts = words[1].split(separator: ":")
    let client = context.channel
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    ClientBootstrap(group: context.eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ForwardHandler(to: client))
        }
      }
      .connect(host: String(parts[0]), port: Int(parts[1]) ?? 0)
      .whenSuccess { channel in
        let (handler, context) = bound.value
        handler.target = channel
        context.writeAndFlush(
          handler.wrapOutboundOut(ByteBuffer(string: line + "\r\n\r\n")), promise: nil)
      }
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.target?.close(promise: nil)
  }
}

private final class ForwardHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let other: any Channel

  init(to other: any Channel) { self.other = other }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.other.writeAndFlush(self.unwrapInboundIn(data), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { self.other.close(promise: nil) }
}

extension String {
  fileprivate func range(of text: String) -> Range<String.Index>? { self.firstRange(of: text) }
}

@Suite(.timeLimit(.minutes(1))) struct ProxyTests {
  private func pair(_ proxy: ConnectProxy, credentials: String = "") async throws -> Pair {
    var configuration = TransportConfiguration()
    configuration.proxy = try ProxySettings(
      url: "http://\(credentials)\(proxy.address)", environment: [:])
    configuration.connectTimeout = .seconds(5)
    return try await Pair(client: configuration) { call in
      let probe = Probe(.count)
      probe.onHalfClose = { call.finish(.ok) }
      return probe
    }
  }

  @Test func aCallThroughAProxy() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let proxy = try await ConnectProxy(group) { _ in "HTTP/1.1 200 OK" }
    let pair = try await self.pair(proxy, credentials: "me:secret@")
    let log = try await pair.call { call, probe in
      let pump = Pump(
        total: 4 << 20, size: 100_000, isWritable: { call.isWritable }, send: { call.send($0) },
        end: { call.halfClose() })
      probe.onWritable = { pump.run() }
      pump.run()
    }
    #expect(await log.ended() == .ok)
    #expect(await pair.serverLog().value.bytes == 4 << 20)
    let requests = proxy.requests.withLockedValue { $0 }
    #expect(requests.count == 1)
    #expect(requests[0].hasPrefix("CONNECT \(pair.peer) HTTP/1.1\r\n"))
    #expect(requests[0].lowercased().contains("\r\nhost: \(pair.peer)"))
    #expect(requests[0].lowercased().contains("proxy-authorization: basic"))
    #expect(requests[0].contains("bWU6c2VjcmV0"))
    try await pair.end()
    try await proxy.close()
    try await group.shutdownGracefully()
  }

  @Test(arguments: ["HTTP/1.1 407 Proxy Authentication Required", "HTTP/1.1 502 Bad Gateway"])
  func aProxyThatRefuses(line: String) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let proxy = try await ConnectProxy(group) { _ in line }
    let pair = try await self.pair(proxy)
    let log = try await pair.call()
    let status = await log.ended()
    #expect(status.code == .unavailable)
    #expect(status.message.contains("\(proxy.address)"))
    #expect(status.message.contains("\(pair.peer)"))
    #expect(status.message.contains(line.split(separator: " ")[1]))
    try await pair.end()
    try await proxy.close()
    try await group.shutdownGracefully()
  }

  @Test func aProxyThatIsNotThere() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let proxy = try await ConnectProxy(group) { _ in "HTTP/1.1 200 OK" }
    try await proxy.close()
    let pair = try await self.pair(proxy)
    let log = try await pair.call()
    let status = await log.ended()
    #expect(status.code == .unavailable)
    #expect(status.message.contains("proxy \(proxy.address)"))
    try await pair.end()
    try await group.shutdownGracefully()
  }
}
