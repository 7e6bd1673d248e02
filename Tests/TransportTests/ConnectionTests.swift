// Connections over real sockets: refused, lost, drained, and as many as it takes.

import GRPC
import NIOCore
import NIOPosix
import Testing

@testable import Transport

@Sendable private func wait(_ call: ServerCall) -> Probe? {
  let probe = Probe()
  probe.onHalfClose = { call.finish(.ok) }
  return probe
}

/// Accepts connections and says nothing on them.
private func silentListener(_ group: any EventLoopGroup) async throws -> any Channel {
  try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
}

@Suite(.timeLimit(.minutes(1))) struct ConnectionTests {
  @Test func aRefusedConnectionSaysWhere() async throws {
    let pair = try await Pair(serve: wait)
    // A port that was free a moment ago: bound and closed by us.
    let channel = try await silentListener(pair.group)
    let peer = try #require(channel.localAddress.flatMap(PeerAddress.init))
    try await channel.close()
    for host in ["127.0.0.1", "localhost"] {
      let address = PeerAddress(host: host, tcpPort: peer.tcpPort)
      let log = try await pair.call(to: address) { call, _ in call.send(ByteBuffer()) }
      let status = await log.ended()
      #expect(status.code == .unavailable)
      #expect(status.message.contains("\(address)"))
      #expect(status.message.contains("refused"))
    }
    try await pair.end()
  }

  @Test func aNameThatIsNoneSaysSo() async throws {
    let pair = try await Pair(serve: wait)
    let log = try await pair.call(to: PeerAddress(host: "no-such-host.invalid", tcpPort: 1))
    let status = await log.ended()
    #expect(status.code == .unavailable)
    #expect(status.message.contains("no-such-host.invalid"))
    try await pair.end()
  }

  @Test func tlsIsRefusedRatherThanLeftOut() async throws {
    let pair = try await Pair(serve: wait)
    var peer = pair.peer
    peer.tls = true
    #expect(await (try pair.call(to: peer)).ended().code == .unimplemented)
    try await pair.end()
  }

  @Test func aServerThatSaysNothingIsGivenUp() async throws {
    var configuration = TransportConfiguration()
    configuration.handshakeTimeout = .milliseconds(50)
    let pair = try await Pair(client: configuration, serve: wait)
    let channel = try await silentListener(pair.group)
    let peer = try #require(channel.localAddress.flatMap(PeerAddress.init))
    // More than may go before the server has said how many it allows.
    var logs: [Watch<CallLog>] = []
    for _ in 0..<150 { logs.append(try await pair.call(to: peer)) }
    for log in logs {
      let status = await log.ended()
      #expect(status.code == .unavailable)
      #expect(status.message.contains("no HTTP/2 settings"))
    }
    try await channel.close()
    try await pair.end()
  }

  @Test func aDeadlineHoldsWhereverTheCallIs() async throws {
    let pair = try await Pair(serve: wait)
    let channel = try await silentListener(pair.group)
    let peer = try #require(channel.localAddress.flatMap(PeerAddress.init))
    // One call goes ahead, the other waits for a connection.
    for _ in 0..<2 {
      let log = try await pair.call(to: peer, timeout: .milliseconds(20))
      let status = await log.ended()
      #expect(status.code == .deadlineExceeded)
      #expect(status.message.contains("\(peer) within 0.02 s"))
    }
    try await channel.close()
    try await pair.end()
  }

  @Test func aLostConnectionEndsCallsOnBothSides() async throws {
    let pair = try await Pair(serve: wait)
    let log = try await pair.call { call, _ in call.send(ByteBuffer(string: "x")) }
    let server = await pair.serverLog()
    await server.wait { $0.messages.count == 1 }
    try await pair.loop.flatSubmit { pair.connections.value.close() }.get()
    #expect(await log.ended().code == .unavailable)
    let status = await server.ended()
    #expect(status.code == .unavailable)
    #expect(status.message.contains("127.0.0.1:"))
    try await pair.end()

    let other = try await Pair(serve: wait)
    let second = try await other.call { call, _ in call.send(ByteBuffer(string: "x")) }
    await other.serverLog().wait { $0.messages.count == 1 }
    try await other.listener.close().get()
    let lost = await second.ended()
    #expect(lost.code == .unavailable)
    #expect(lost.message.contains("\(other.peer)"))
    #expect(await other.serverLog().ended().code == .unavailable)
    try await other.end()
  }

  @Test func aNewConnectionFollowsALostOne() async throws {
    let pair = try await Pair(serve: wait)
    for _ in 0..<3 {
      let log = try await pair.call { call, _ in call.halfClose() }
      #expect(await log.ended() == .ok)
      try await pair.loop.submit {
        #expect(pair.connections.value.connectionCount == 1)
        pair.connections.value.abortAll("by the test")
      }.get()
    }
    try await pair.end()
  }

  @Test func noCallWaitsBehindTheServersLimit() async throws {
    var configuration = TransportConfiguration()
    configuration.http2.maxConcurrentStreams = 32
    let pair = try await Pair(server: configuration, serve: wait)
    // All of them run at the same time: none ends before the last has begun.
    var logs: [Watch<CallLog>] = []
    for _ in 0..<200 { logs.append(try await pair.call { call, _ in call.send(ByteBuffer()) }) }
    await pair.serverLogs.wait { $0.count == 200 }
    let count = try await pair.loop.submit { pair.connections.value.connectionCount }.get()
    #expect(count == 7)
    #expect(pair.listener.connectionCount == 7)
    for log in logs { #expect(log.value.ended == nil) }
    try await pair.end()
  }

  @Test func finishedCallsMakeRoom() async throws {
    var configuration = TransportConfiguration()
    configuration.http2.maxConcurrentStreams = 4
    let pair = try await Pair(server: configuration, serve: wait)
    for _ in 0..<50 {
      let log = try await pair.call { call, _ in call.halfClose() }
      #expect(await log.ended() == .ok)
    }
    #expect(pair.listener.connectionCount == 1)
    try await pair.end()
  }

  @Test func aServerWithoutStreamsIsAnError() async throws {
    var configuration = TransportConfiguration()
    configuration.http2.maxConcurrentStreams = 0
    let pair = try await Pair(server: configuration, serve: wait)
    let log = try await pair.call()
    #expect(await log.ended().code == .unavailable)
    try await pair.end()
  }

  @Test func drainingEndsWhenTheCallsHaveEnded() async throws {
    let pair = try await Pair(serve: wait)
    let half = Watch<(@Sendable () -> Void)?>(nil)
    let log = try await pair.call { call, _ in
      call.send(ByteBuffer(string: "x"))
      let bound = NIOLoopBound(call, eventLoop: call.eventLoop)
      half.update { $0 = { bound.eventLoop.execute { bound.value.halfClose() } } }
    }
    await pair.serverLog().wait { $0.messages.count == 1 }
    let drained = pair.listener.drain(grace: .minutes(1))
    half.value?()
    #expect(await log.ended() == .ok)
    #expect(await pair.serverLog().ended() == .ok)
    try await drained.get()
    #expect(pair.listener.connectionCount == 0)
    let late = try await pair.call()
    #expect(await late.ended().code == .unavailable)
    try await pair.end()
  }

  @Test func drainingEndsAnywayAfterItsGrace() async throws {
    let pair = try await Pair(serve: wait)
    let log = try await pair.call { call, _ in call.send(ByteBuffer(string: "x")) }
    await pair.serverLog().wait { $0.messages.count == 1 }
    try await pair.listener.drain(grace: .milliseconds(10)).get()
    #expect(await log.ended().code == .unavailable)
    let status = await pair.serverLog().ended()
    #expect(status.code == .unavailable)
    #expect(status.message.contains("time to drain"))
    try await pair.end()
  }

  @Test func aClientDrainsToo() async throws {
    let pair = try await Pair(serve: wait)
    let log = try await pair.call { call, probe in
      call.send(ByteBuffer(string: "x"))
      probe.onWritable = {}
      call.eventLoop.assumeIsolated().execute { call.halfClose() }
    }
    try await pair.loop.flatSubmit { pair.connections.value.drain() }.get()
    #expect(await log.ended() == .ok)
    let refused = try await pair.call()
    #expect(await refused.ended() == GRPCStatus(.unavailable, "this client is closed"))
    try await pair.end()
  }

  @Test func connectionsBeyondTheLimitWait() async throws {
    var configuration = TransportConfiguration()
    configuration.maximumConnections = 2
    configuration.http2.maxConcurrentStreams = 1
    var client = TransportConfiguration()
    client.idleTimeout = .milliseconds(1)
    let pair = try await Pair(server: configuration, client: client, serve: wait)
    let halfClose = Watch<[@Sendable () -> Void]>([])
    var logs: [Watch<CallLog>] = []
    for _ in 0..<3 {
      logs.append(
        try await pair.call { call, _ in
          call.send(ByteBuffer())
          let bound = NIOLoopBound(call, eventLoop: call.eventLoop)
          halfClose.update { $0.append { bound.eventLoop.execute { bound.value.halfClose() } } }
        })
    }
    await pair.serverLogs.wait { $0.count == 2 }
    #expect(pair.listener.connectionCount == 2)
    // The third is accepted when one of the others has closed.
    halfClose.value[0]()
    await pair.serverLogs.wait { $0.count == 3 }
    halfClose.value[1]()
    halfClose.value[2]()
    for log in logs { #expect(await log.ended() == .ok) }
    try await pair.end()
  }

  @Test func listeningTwiceFailsWithTheAddress() async throws {
    let pair = try await Pair(serve: wait)
    await #expect(throws: GRPCStatus.self) {
      do {
        _ = try await Listener.bind(
          host: "127.0.0.1", tcpPort: pair.peer.tcpPort, group: pair.group, onCall: wait
        ).get()
      } catch let error as GRPCStatus {
        #expect(error.code == .unavailable)
        #expect(error.message.contains("\(pair.peer)"))
        throw error
      }
    }
    try await pair.end()
  }
}
