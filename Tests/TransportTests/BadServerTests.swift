// Servers that answer wrongly, or refuse: the call learns it, and its neighbours on the connection do not.

import GRPC
import HTTP2
import NIOCore
import NIOPosix
import Testing

@testable import Transport

private let head = [HTTPField(":status", "200"), HTTPField("content-type", "application/grpc")]
private let good = [HTTPField("grpc-status", "0")]

@Suite(.timeLimit(.minutes(1))) struct BadServerTests {
  /// A client with a call that goes on, and a server that answers all others as `answer` says.
  private func withNeighbour(
    _ configuration: TransportConfiguration = .init(),
    answer: @escaping @Sendable (FakeServer.Peer, StreamID, String) -> Void,
    _ body: (Pair, FakeServer) async throws -> Void
  ) async throws {
    let pair = try await Pair(client: configuration) { _ in nil }
    let server = try await FakeServer(on: pair.group) { peer, event in
      if let (id, path) = event.request {
        if path == "/neighbour" {
          peer.http2.sendHeaders(head, on: id, endStream: false)
        } else {
          answer(peer, id, path)
        }
      } else if let id = event.ended, id == 1, peer.number == 1 {
        peer.http2.write(ByteBuffer(bytes: [0, 0, 0, 0, 1, 7]), on: id)
        peer.http2.finish(id, trailers: good)
      }
    }
    let halfClose = Watch<(@Sendable () -> Void)?>(nil)
    let neighbour = try await pair.call("/neighbour", to: server.peer) { call, _ in
      call.send(ByteBuffer(string: "x"))
      let bound = NIOLoopBound(call, eventLoop: call.eventLoop)
      halfClose.update { $0 = { bound.eventLoop.execute { bound.value.halfClose() } } }
    }
    await neighbour.wait { $0.headers != nil }
    try await body(pair, server)
    #expect(neighbour.value.ended == nil)
    halfClose.value?()
    #expect(await neighbour.ended() == .ok)
    #expect(neighbour.value.messages == [[7]])
    try await server.close()
    try await pair.end()
  }

  private func unary(_ pair: Pair, _ server: FakeServer) async throws -> Watch<CallLog> {
    try await pair.call("/bad", to: server.peer) { call, _ in
      call.send(ByteBuffer(string: "hello"))
      call.halfClose()
    }
  }

  // MARK: Answers that are none

  private struct Answer: Sendable, CustomTestStringConvertible {
    let name: String
    let code: GRPCStatus.Code
    let words: String
    let send: @Sendable (FakeServer.Peer, StreamID) -> Void

    init(
      _ name: String, _ code: GRPCStatus.Code, _ words: String,
      _ send: @escaping @Sendable (FakeServer.Peer, StreamID) -> Void
    ) {
      (self.name, self.code, self.words, self.send) = (name, code, words, send)
    }

    var testDescription: String { self.name }
  }

  private static let answers = [
    Answer("200 without grpc-status", .unknown, "without a grpc-status") { peer, id in
      peer.http2.sendHeaders(head, on: id, endStream: false)
      peer.http2.finish(id)
    },
    Answer("200 without grpc-status, in one frame", .unknown, "no grpc-status") { peer, id in
      peer.http2.sendHeaders(head, on: id, endStream: true)
    },
    Answer("trailers without grpc-status", .unknown, "without a grpc-status") { peer, id in
      peer.http2.sendHeaders(head, on: id, endStream: false)
      peer.http2.finish(id, trailers: [HTTPField("x", "y")])
    },
    Answer("a grpc-status that is no number", .unknown, "grpc-status 'fine'") { peer, id in
      peer.http2.sendHeaders(head + [HTTPField("grpc-status", "fine")], on: id, endStream: true)
    },
    Answer("trailers at once", .notFound, "early") { peer, id in
      let trailers = [HTTPField("grpc-status", "5"), HTTPField("grpc-message", "early")]
      peer.http2.sendHeaders(head + trailers, on: id, endStream: true)
    },
    Answer("trailers inside a message", .internalError, "before the end of a message") { peer, id in
      peer.http2.sendHeaders(head, on: id, endStream: false)
      peer.http2.write(ByteBuffer(bytes: [0, 0, 0, 0, 9, 1]), on: id)
      peer.http2.finish(id, trailers: good)
    },
    Answer("a page of HTML", .unavailable, "HTTP status 503") { peer, id in
      let fields = [HTTPField(":status", "503"), HTTPField("content-type", "text/html")]
      peer.http2.sendHeaders(fields, on: id, endStream: false)
      peer.http2.write(ByteBuffer(string: "<h1>busy</h1>"), on: id)
      peer.http2.finish(id)
    },
    Answer("a message without end", .resourceExhausted, "longer than the limit") { peer, id in
      peer.http2.sendHeaders(head, on: id, endStream: false)
      peer.http2.write(ByteBuffer(bytes: [0, 0xff, 0xff, 0xff, 0xff]), on: id)
    },
    Answer("a compressed message", .internalError, "gzip") { peer, id in
      peer.http2.sendHeaders(
        head + [HTTPField("grpc-encoding", "gzip")], on: id, endStream: false)
      peer.http2.write(ByteBuffer(bytes: [1, 0, 0, 0, 1, 7]), on: id)
    },
    Answer("metadata that is no Base64", .internalError, "x-bin") { peer, id in
      peer.http2.sendHeaders(head + [HTTPField("x-bin", "!")], on: id, endStream: false)
    },
    Answer("percent-encoded words", .aborted, "50% \u{e9}\n") { peer, id in
      let trailers = [HTTPField("grpc-status", "10"), HTTPField("grpc-message", "50% %C3%A9%0A")]
      peer.http2.sendHeaders(head + trailers, on: id, endStream: true)
    },
    Answer("a reset", .internalError, "INTERNAL_ERROR") { peer, id in
      peer.http2.reset(id, .internalError)
    },
    Answer("a head without :status", .internalError, "PROTOCOL_ERROR") { peer, id in
      // HEADERS with "a: b", which the client refuses.
      peer.sendRaw([0, 0, 5, 1, 4, 0, 0, 0, UInt8(id), 0, 1, 0x61, 1, 0x62])
    },
  ]

  @Test(arguments: answers)
  private func wrongAnswers(_ answer: Answer) async throws {
    try await self.withNeighbour {
      peer, id, _ in
      answer.send(peer, id)
    } _: { pair, server in
      let status = await (try self.unary(pair, server)).ended()
      #expect(status.code == answer.code, "\(status)")
      #expect(status.message.contains(answer.words), "\(status)")
      #expect(server.requests.value == ["1 /neighbour", "1 /bad"])
    }
  }

  @Test func noAnswerAtAll() async throws {
    try await self.withNeighbour { _, _, _ in
    } _: { pair, server in
      let log = try await pair.call("/bad", to: server.peer, timeout: .milliseconds(20)) {
        call, _ in
        call.halfClose()
      }
      #expect(await log.ended().code == .deadlineExceeded)
    }
  }

  @Test func aServerThatVanishes() async throws {
    var configuration = TransportConfiguration()
    configuration.foreignKeepaliveInterval = .milliseconds(20)
    configuration.keepaliveTimeout = .milliseconds(20)
    let pair = try await Pair(client: configuration) { _ in nil }
    let server = try await FakeServer(on: pair.group) { peer, _ in peer.isDeaf = true }
    let status = await (try self.unary(pair, server)).ended()
    #expect(status.code == .unavailable)
    #expect(status.message.contains("did not answer a PING"), "\(status)")
    try await server.close()
    try await pair.end()
  }

  // MARK: Calls that were refused before anything of them was processed

  @Test func aRefusedCallIsMadeOnceMore() async throws {
    try await self.withNeighbour { peer, id, _ in
      if peer.number == 1 {
        peer.http2.reset(id, .refusedStream)
      } else {
        peer.http2.sendHeaders(head, on: id, endStream: false)
        peer.http2.finish(id, trailers: good)
      }
    } _: { pair, server in
      let log = try await self.unary(pair, server)
      #expect(await log.ended() == .ok)
      #expect(server.requests.value == ["1 /neighbour", "1 /bad", "2 /bad"])
    }
  }

  @Test func aCallRefusedTwiceFails() async throws {
    try await self.withNeighbour { peer, id, _ in
      peer.http2.reset(id, .refusedStream)
    } _: { pair, server in
      let status = await (try self.unary(pair, server)).ended()
      #expect(status.code == .unavailable)
      #expect(status.message.contains("REFUSED_STREAM"))
      #expect(server.requests.value.count == 3)
    }
  }

  @Test func callsAboveAGoAwayAreMadeElsewhere() async throws {
    try await self.withNeighbour { peer, id, _ in
      if peer.number == 1 {
        peer.sendGoAway(lastStream: 1)
      } else {
        peer.http2.sendHeaders(head + good, on: id, endStream: true)
      }
    } _: { pair, server in
      // Two at once: the second was sent before the GOAWAY came, or waits for the new connection.
      let logs = [try await self.unary(pair, server), try await self.unary(pair, server)]
      for log in logs { #expect(await log.ended() == .ok) }
      #expect(server.requests.value.filter { $0 == "2 /bad" }.count == 2)
    }
  }

  /// All that was sent goes again: as it was, and what came while it waited behind it.
  @Test func aPushIsMadeOnceMoreWhileItIsSmall() async throws {
    let bodies = Watch<[Int: [UInt8]]>([:])
    let pair = try await Pair { _ in nil }
    let server = try await FakeServer(on: pair.group) { peer, event in
      if case .data(let id, let bytes, _, let end) = event {
        bodies.update { $0[peer.number, default: []] += Array(bytes.readableBytesView) }
        if peer.number == 1 {
          peer.http2.reset(id, .refusedStream)
        } else if end {
          peer.http2.sendHeaders(head + good, on: id, endStream: true)
        }
      }
    }
    let log = try await pair.call("/push", to: server.peer) { call, _ in
      call.send(ByteBuffer(string: "a"))
      call.send(ByteBuffer(string: "b"), ByteBuffer(string: "c"))
      call.send([ByteBuffer(string: "d")])
      call.send(length: 1) { $0.writeString("e") }
      call.eventLoop.assumeIsolated().execute {
        call.send(framed: ByteBuffer(bytes: [0, 0, 0, 0, 1, 0x66]))
        call.send(length: 1) { $0.writeString("g") }
        call.halfClose()
      }
    }
    #expect(await log.ended() == .ok)
    let body: [UInt8] =
      [0, 0, 0, 0, 1, 0x61, 0, 0, 0, 0, 2, 0x62, 0x63]
      + (0x64...0x67).flatMap { [0, 0, 0, 0, 1, $0] }
    #expect(bodies.value[2] == body)
    try await server.close()
    try await pair.end()
  }

  /// What is no longer here cannot be sent again: the call fails, and says why.
  @Test func aLongPushIsNotMadeAgain() async throws {
    let pair = try await Pair { _ in nil }
    let received = Watch(0)
    let server = try await FakeServer(on: pair.group) { peer, event in
      if case .data(let id, let bytes, _, _) = event {
        received.update { $0 += bytes.readableBytes }
        if received.value > ClientCall.heldLimit { peer.http2.reset(id, .refusedStream) }
      }
    }
    let log = try await pair.call("/push", to: server.peer) { call, _ in
      for _ in 0..<3 { call.send(ByteBuffer(repeating: 1, count: ClientCall.heldLimit / 2)) }
    }
    let status = await log.ended()
    #expect(status.code == .unavailable)
    #expect(status.message.contains("REFUSED_STREAM"))
    #expect(server.requests.value == ["1 /push"])
    try await server.close()
    try await pair.end()
  }

  /// Nor is a call that the server has begun to answer.
  @Test func anAnsweredCallIsNotMadeAgain() async throws {
    try await self.withNeighbour { peer, id, _ in
      peer.http2.sendHeaders(head, on: id, endStream: false)
      peer.flush()
      peer.http2.reset(id, .refusedStream)
    } _: { pair, server in
      let log = try await self.unary(pair, server)
      #expect(await log.ended().code == .unavailable)
      #expect(log.value.headers != nil)
      #expect(server.requests.value.count == 2)
    }
  }

  @Test func aRefusedCallCanBeCancelled() async throws {
    let pair = try await Pair { _ in nil }
    let server = try await FakeServer(on: pair.group) { peer, event in
      guard let (id, _) = event.request, peer.number == 1 else { return }
      peer.http2.reset(id, .refusedStream)
    }
    let cancel = Watch<(@Sendable () -> Void)?>(nil)
    let log = try await pair.call("/x", to: server.peer) { call, _ in
      call.halfClose()
      let bound = NIOLoopBound(call, eventLoop: call.eventLoop)
      cancel.update { $0 = { bound.eventLoop.execute { bound.value.cancel() } } }
    }
    await server.requests.wait { $0 == ["1 /x", "2 /x"] }
    cancel.value?()
    #expect(await log.ended().code == .cancelled)
    try await server.close()
    try await pair.end()
  }
}
