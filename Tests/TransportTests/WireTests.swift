// What a server answers on the wire, frame by frame, to a client that is only an HTTP2Connection.

import GRPC
import HTTP2
import NIOCore
import NIOEmbedded
import Testing

@testable import Transport

/// A server's connection on an embedded channel, with a clock that the test moves.
final class WireServer {
  let channel = EmbeddedChannel()
  let client: HTTP2Connection
  let configuration: TransportConfiguration
  var events: [HTTP2Event] = []
  var probes: [Probe] = []
  private(set) var connection: Connection?

  init(_ configuration: TransportConfiguration = .init(), serve: ((ServerCall) -> Probe?)? = nil) {
    self.configuration = configuration
    self.client = HTTP2Connection(role: .client)
    let box = NIOLoopBound((self, serve), eventLoop: self.channel.eventLoop)
    let connection = Connection(
      role: .server, peer: "10.0.0.9:1234", eventLoop: self.channel.eventLoop,
      configuration: configuration,
      delegate: IncomingCalls(
        onCall: { call in
          let (wire, serve) = box.value
          guard let probe = serve?(call) else { return nil }
          probe.returnCredit = { call.returnCredit($0) }
          wire.probes.append(probe)
          return probe
        }, onClose: {}))
    self.connection = connection
    do {
      try self.channel.pipeline.syncOperations.addHandler(connection)
      try self.channel.connect(to: SocketAddress(ipAddress: "10.0.0.9", port: 1234)).wait()
    } catch {
      Issue.record(error)
    }
  }

  /// Lets bytes travel both ways until neither side has any more to say.
  func exchange() {
    var isQuiet = false
    while !isQuiet {
      isQuiet = true
      var out: [ByteBuffer] = []
      _ = self.client.produce(limit: 1 << 20, into: &out)
      for bytes in out {
        isQuiet = false
        _ = try? self.channel.writeInbound(bytes)
      }
      self.channel.embeddedEventLoop.run()
      while let bytes = try? self.channel.readOutbound(as: ByteBuffer.self) {
        isQuiet = false
        self.client.receive(bytes)
      }
      var batch: [HTTP2Event] = []
      self.client.takeEvents(into: &batch)
      if !batch.isEmpty { isQuiet = false }
      self.events += batch
    }
  }

  func advance(_ time: TimeAmount) {
    self.channel.embeddedEventLoop.advanceTime(by: time)
    self.exchange()
  }

  func request(_ more: KeyValuePairs<String, String> = [:], endStream: Bool = false) -> StreamID {
    self.open(
      [":method": "POST", ":scheme": "http", ":path": "/S/M", ":authority": "h"], more,
      endStream: endStream)
  }

  func open(
    _ pseudo: KeyValuePairs<String, String>, _ more: KeyValuePairs<String, String> = [:],
    endStream: Bool = false
  ) -> StreamID {
    let fields = (Array(pseudo) + Array(more)).map { HTTPField($0.key, $0.value) }
    do {
      return try self.client.openStream(fields, endStream: endStream)
    } catch {
      Issue.record(error)
      return 0
    }
  }

  /// Fields of the last header block on a stream.
  func fields(_ id: StreamID) -> [String: String] {
    var result: [String: String] = [:]
    for case .headers(id, let fields, _, _) in self.events {
      result = Dictionary(fields.map { ($0.name, $0.value) }) { $1 }
    }
    return result
  }

  func data(_ id: StreamID) -> ByteBuffer {
    var result = ByteBuffer()
    for case .data(id, let bytes, _, _) in self.events { result.writeImmutableBuffer(bytes) }
    return result
  }

  func closed(_ id: StreamID) -> HTTP2ErrorCode? {
    for case .streamClosed(id, let code) in self.events { return code }
    return nil
  }

  var isOpen: Bool { self.channel.isActive }
}

@Suite struct WireTests {
  @Test func browsersGetAPage() {
    var configuration = TransportConfiguration()
    configuration.frontPage = "<html>a page"
    let server = WireServer(configuration)
    let get = { server.open([":method": $0, ":scheme": "http", ":path": $1, ":authority": "h"]) }
    let (root, head, other, put) = (
      get("GET", "/"), get("HEAD", "/"), get("GET", "/x"), get("PUT", "/")
    )
    server.exchange()
    #expect(server.fields(root)[":status"] == "200")
    #expect(server.data(root) == ByteBuffer(string: "<html>a page"))
    #expect(server.fields(root)["content-type"] == "text/html; charset=utf-8")
    #expect(server.fields(head)[":status"] == "200")
    #expect(server.fields(head)["content-length"] == "12")
    #expect(server.data(head) == ByteBuffer())
    #expect(server.fields(other)[":status"] == "404")
    #expect(server.fields(put)[":status"] == "405")
    // None of them may hold its stream open because its request is not complete.
    for id in [root, head, other, put] { #expect(server.closed(id) == .noError) }
  }

  @Test func theWrongContentTypeIs415() {
    let server = WireServer()
    let ids = [server.request(), server.request(["content-type": "application/json"])]
    server.exchange()
    for id in ids {
      #expect(server.fields(id)[":status"] == "415")
      #expect(server.fields(id)["grpc-status"] == "2")
      #expect(server.closed(id) != nil)
    }
  }

  @Test func timeouts() {
    let server = WireServer { _ in Probe() }
    let grpc = "application/grpc"
    let malformed = server.request(["content-type": grpc, "grpc-timeout": "1"])
    let zero = server.request(["content-type": grpc, "grpc-timeout": "0m"])
    let short = server.request(["content-type": grpc, "grpc-timeout": "20m"])
    let long = server.request(["content-type": grpc, "grpc-timeout": "20S"])
    server.exchange()
    #expect(server.fields(malformed)["grpc-status"] == "13")
    #expect(server.fields(zero)["grpc-status"] == "4")
    #expect(server.fields(short) == [:])
    server.advance(.milliseconds(20))
    #expect(server.fields(short)["grpc-status"] == "4")
    #expect(server.fields(long) == [:])
    #expect(server.probes.map(\.log.value.ended?.code) == [.deadlineExceeded, nil])
  }

  @Test func compressedMessages() {
    let server = WireServer { _ in Probe() }
    let message = ByteBuffer(bytes: [1, 0, 0, 0, 1, 7])
    let without = server.request(["content-type": "application/grpc"])
    server.client.write(message, on: without)
    let with = server.request(["content-type": "application/grpc", "grpc-encoding": "gzip"])
    server.client.write(message, on: with)
    server.exchange()
    #expect(server.fields(without)["grpc-status"] == "13")
    #expect(server.fields(with)["grpc-status"] == "12")
    #expect(server.fields(with)["grpc-accept-encoding"] == "identity")
    #expect(server.probes.map(\.log.value.ended?.code) == [.internalError, .unimplemented])
  }

  @Test func anEndInsideAMessageIsAnError() {
    for bytes in [[0], [0, 0, 0, 0], [0, 0, 0, 0, 2, 1]] as [[UInt8]] {
      let server = WireServer { _ in Probe() }
      let id = server.request(["content-type": "application/grpc"])
      server.client.write(ByteBuffer(bytes: bytes), on: id)
      server.client.finish(id)
      server.exchange()
      #expect(server.fields(id)["grpc-status"] == "13")
      #expect(server.probes[0].log.value.ended?.code == .internalError)
      #expect(!server.probes[0].log.value.halfClosed)
    }
  }

  @Test func aMessageAtEveryCut() {
    let bytes: [UInt8] = [0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4]
    for cut in 0...bytes.count {
      let server = WireServer { call in
        let probe = Probe()
        probe.onHalfClose = { call.finish(.ok) }
        return probe
      }
      let id = server.request(["content-type": "application/grpc"])
      server.client.write(ByteBuffer(bytes: bytes[..<cut]), on: id)
      server.exchange()
      server.client.write(ByteBuffer(bytes: bytes[cut...]), on: id)
      server.client.finish(id)
      server.exchange()
      #expect(server.probes[0].log.value.messages == [[1, 2, 3], [], [4]])
      #expect(server.fields(id)["grpc-status"] == "0")
      #expect(server.closed(id) == .noError)
    }
  }

  @Test func prefixesNeedNoCredit() {
    // Empty messages alone, far more bytes of them than the window: credit for prefixes and for
    // messages without payload comes back by itself.
    let server = WireServer { _ in Probe(.hold) }
    let id = server.request(["content-type": "application/grpc"])
    let count = 60_000
    server.client.write(ByteBuffer(repeating: 0, count: 5 * count), on: id)
    server.exchange()
    #expect(server.probes[0].log.value.lengths.count == count)
  }

  @Test func payloadThatIsHeldHoldsTheWindow() {
    let server = WireServer { _ in Probe(.hold) }
    let id = server.request(["content-type": "application/grpc"])
    server.client.write(ByteBuffer(bytes: [0, 0, 0x10, 0, 0]), on: id)
    server.client.write(ByteBuffer(repeating: 1, count: 1 << 20), on: id)
    server.exchange()
    // All of it (the prefix's credit is too little for an update), and not a byte more.
    #expect(server.probes[0].log.value.bytes == (256 << 10) - 5)
    server.probes[0].returnCredit(100_000)
    server.exchange()
    #expect(server.probes[0].log.value.bytes == (256 << 10) + 100_000)
  }

  @Test func trailersDoNotWaitForTheWindow() {
    for status in [GRPCStatus.ok, GRPCStatus(.aborted, "why")] {
      var finish: () -> Void = {}
      let server = WireServer { call in
        call.send(ByteBuffer(repeating: 1, count: (256 << 10) - 5))
        finish = { call.finish(status) }
        return Probe()
      }
      let id = server.request(["content-type": "application/grpc"])
      server.exchange()
      // The window is used up to the last byte, and the client takes nothing.
      #expect(server.data(id).readableBytes == 256 << 10)
      finish()
      server.exchange()
      #expect(server.fields(id)["grpc-status"] == "\(status.code.rawValue)")
      #expect(server.closed(id) == .noError)
    }
  }

  @Test func aSilentClientIsAskedAndThenGivenUp() {
    let server = WireServer { _ in Probe() }
    _ = server.request(["content-type": "application/grpc"])
    server.exchange()
    // It answers PINGs, and so it stays, however silent.
    for _ in 0..<10 { server.advance(.seconds(30)) }
    #expect(server.isOpen)
    // It answers nothing any more.
    server.channel.embeddedEventLoop.advanceTime(by: .seconds(30))
    #expect(server.isOpen)
    server.channel.embeddedEventLoop.advanceTime(by: .seconds(20))
    #expect(!server.isOpen)
    let status = server.probes[0].log.value.ended
    #expect(status?.code == .unavailable)
    #expect(status?.message.contains("10.0.0.9:1234 did not answer a PING") == true)
  }

  @Test func aClientThatSaysNothingIsGivenUp() {
    let server = WireServer()
    server.channel.embeddedEventLoop.advanceTime(by: .seconds(9))
    #expect(server.isOpen)
    server.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!server.isOpen)
  }

  @Test func drainingLetsCallsEndThatAreOnTheirWay() {
    let server = WireServer { call in
      let probe = Probe()
      probe.onHalfClose = { call.finish(.ok) }
      return probe
    }
    let first = server.request(["content-type": "application/grpc"])
    server.exchange()
    server.connection?.drain()
    // This one was sent before the notice arrived.
    let late = server.request(["content-type": "application/grpc"])
    server.exchange()
    #expect(server.client.isDraining)
    #expect(server.isOpen)
    #expect(server.probes.count == 2)
    for id in [first, late] { server.client.finish(id) }
    server.exchange()
    #expect(server.fields(first)["grpc-status"] == "0")
    #expect(server.fields(late)["grpc-status"] == "0")
    server.advance(.seconds(2))
    #expect(!server.isOpen)
  }

  @Test func aBrokenConnectionEndsItsCalls() throws {
    let server = WireServer { _ in Probe() }
    _ = server.request(["content-type": "application/grpc"])
    server.exchange()
    // DATA on stream 0.
    try server.channel.writeInbound(ByteBuffer(bytes: [0, 0, 1, 0, 0, 0, 0, 0, 0, 9]))
    server.exchange()
    #expect(server.probes[0].log.value.ended?.code == .unavailable)
    var goAway: HTTP2ErrorCode?
    for case .goAway(_, let code, _) in server.events { goAway = code }
    #expect(goAway == .protocolError)
    server.advance(.seconds(2))
    #expect(!server.isOpen)
  }
}
