// Resets, GOAWAY, limits of concurrent streams and of field sections.

import NIOCore
import Testing

@testable import HTTP2

@Suite struct EndTests {
  // MARK: Resets

  @Test func aResetReachesThePeer() throws {
    let pair = Pair()
    let id = try pair.open()
    pair.client.connection.reset(id, .cancel)
    pair.exchange()
    #expect(pair.server.events.last?.closed == .cancel)
    #expect(pair.client.events.last?.closed == .cancel)
    #expect(pair.client.connection.streamCount == 0)
  }

  /// Both are submitted before anything is sent, and the library would send the trailers first.
  @Test func trailersThatFollowTheRequestAtOnceDoSo() throws {
    let pair = Pair()
    let id = try pair.client.connection.openStream(request, endStream: false)
    pair.client.connection.finish(id, trailers: [HTTPField("x-last", "1")])
    pair.exchange()
    #expect(pair.server.events.map(\.kind) == [.request, .trailers])
    #expect(pair.client.events.filter(\.isTrailersSent).count == 1)
  }

  @Test func aResetBeforeTheRequestLeftSendsNothing() throws {
    let pair = Pair()
    let id = try pair.client.connection.openStream(request, endStream: false)
    pair.client.connection.write(pattern(10), on: id)
    pair.client.connection.reset(id, .cancel)
    pair.exchange()
    #expect(pair.client.events.map(\.closed) == [.cancel])
    #expect(pair.server.events.isEmpty)
    #expect(pair.client.connection.canOpenStream)
  }

  @Test func nothingIsReportedAfterAReset() throws {
    let pair = Pair()
    let id = try pair.open()
    _ = pair.server.take()
    pair.client.connection.write(pattern(1000), on: id)
    pair.client.connection.finish(id)
    let bytes = pair.client.bytes()
    pair.server.connection.reset(id, .refusedStream)
    pair.server.connection.write(pattern(10), on: id)
    pair.server.receive(bytes)
    pair.exchange()
    #expect(pair.server.events.count == 1)
    #expect(pair.server.events.last?.closed == .refusedStream)
  }

  /// A server that has answered while the client still sends: trailers first, then the reset.
  @Test func aResetAfterTheTrailersDropsNothing() throws {
    let pair = Pair()
    let id = try pair.open()
    pair.server.connection.sendHeaders(response, on: id, endStream: false)
    pair.server.connection.write(pattern(300_000), on: id)
    pair.server.connection.finish(id, trailers: trailers)
    pair.exchange()
    #expect(pair.server.events.last?.isTrailersSent == true)
    pair.server.connection.reset(id, .noError)
    pair.exchange()
    #expect(pair.client.body(of: id).readableBytes == 300_000)
    #expect(pair.client.events.suffix(2).map(\.kind) == [.trailers, nil])
    #expect(pair.client.events.last?.closed == .noError)
  }

  @Test func callsOnStreamsThatAreGoneDoNothing() throws {
    let pair = Pair()
    let id = try pair.open()
    pair.client.connection.reset(id, .cancel)
    pair.exchange()
    let connection = pair.server.connection
    connection.sendHeaders(response, on: id, endStream: false)
    connection.write(pattern(10), on: id)
    connection.write(on: id, capacity: 10) { $0.writeString("x") }
    connection.finish(id, trailers: trailers)
    connection.reset(id, .cancel)
    connection.creditStream(id, 10)
    connection.setReceiveWindow(id, bytes: 1)
    #expect(connection.queuedBytes(on: id) == 0)
    #expect(connection.heldBytes(on: id) == 0)
    #expect(connection.receiveWindow(of: id) == 0)
    #expect(connection.sendWindow(of: id) == 0)
    #expect(pair.server.bytes().readableBytes == 0)
  }

  // MARK: GOAWAY

  @Test func drainingLetsOpenStreamsEnd() throws {
    let pair = Pair()
    let id = try pair.open()
    pair.server.connection.shutdownNotice()
    pair.exchange()
    #expect(pair.client.connection.isDraining)
    #expect(throws: HTTP2OpenError.draining) {
      try pair.client.connection.openStream(request, endStream: true)
    }
    pair.server.connection.goAway(.noError, message: "restart")
    pair.exchange()
    guard case .goAway(lastStreamID: id, .noError, "restart") = pair.client.events.last else {
      Issue.record("\(pair.client.events)")
      return
    }
    #expect(!pair.server.connection.isFinished)
    pair.client.connection.finish(id)
    pair.server.connection.sendHeaders(response, on: id, endStream: false)
    pair.server.connection.finish(id, trailers: trailers)
    pair.exchange()
    #expect(pair.client.events.last?.closed == .noError)
    #expect(pair.server.connection.isFinished)
    #expect(pair.client.connection.isFinished)
    #expect(pair.client.events.allSatisfy { $0.failed == nil })
  }

  @Test func streamsBeyondAGoAwayWereNotProcessed() throws {
    let pair = Pair()
    let first = try pair.open()
    pair.server.connection.goAway(.noError, message: "")
    let goAway = pair.server.bytes()
    let late = try pair.client.connection.openStream(request, endStream: true)
    for bytes in pair.client.output() { pair.server.receive(bytes) }
    pair.client.receive(goAway)
    let unsent = pair.client.connection.canOpenStream
    #expect(!unsent)
    pair.exchange()
    #expect(pair.client.events.compactMap(\.closed) == [.refusedStream])
    #expect(pair.client.connection.streamCount == 1)
    guard case .streamClosed(late, .refusedStream) = pair.client.events.last else {
      Issue.record("\(pair.client.events)")
      return
    }
    #expect(pair.server.events.filter { $0.kind != nil }.count == 1)
    pair.client.connection.finish(first)
  }

  @Test func aGoAwayOverARequestThatHasNotLeft() throws {
    let pair = Pair()
    pair.server.connection.goAway(.noError, message: "")
    let id = try pair.client.connection.openStream(request, endStream: true)
    pair.client.receive(pair.server.bytes())
    pair.exchange()
    guard case .streamClosed(id, .refusedStream) = pair.client.events.last else {
      Issue.record("\(pair.client.events)")
      return
    }
  }

  // MARK: Limits

  @Test func theLimitOfConcurrentStreamsIsTold() throws {
    let pair = Pair(server: { $0.maxConcurrentStreams = 2 })
    let id = try pair.open()
    _ = try pair.open()
    #expect(!pair.client.connection.canOpenStream)
    #expect(throws: HTTP2OpenError.streamLimitReached(limit: 2)) {
      try pair.client.connection.openStream(request, endStream: true)
    }
    pair.client.connection.reset(id, .cancel)
    pair.exchange()
    #expect(pair.client.connection.canOpenStream)
    _ = try pair.open()
  }

  @Test func theLimitIsAssumedUntilItIsKnown() throws {
    let pair = Pair(client: { $0.assumedPeerStreams = 3 }, settled: false)
    for _ in 0..<3 { _ = try pair.client.connection.openStream(request, endStream: true) }
    #expect(throws: HTTP2OpenError.streamLimitReached(limit: 3)) {
      try pair.client.connection.openStream(request, endStream: true)
    }
    pair.exchange()
    #expect(pair.client.connection.canOpenStream)
  }

  /// The first SETTINGS may be lower than what was assumed. Streams that have not left must not
  /// wait behind the limit.
  @Test func streamsBeyondALoweredLimitAreGivenBack() throws {
    let pair = Pair(server: { $0.maxConcurrentStreams = 2 }, settled: false)
    pair.client.receive(pair.server.bytes())
    #expect(pair.client.connection.remoteSettings.maxConcurrentStreams == 2)
    let early = Endpoint(.client) { _ in }
    let ids = try (0..<5).map { _ in
      try early.connection.openStream(request, endStream: false)
    }
    early.receive(Endpoint(.server) { $0.maxConcurrentStreams = 2 }.bytes())
    let closed = early.events.compactMap { event -> StreamID? in
      if case .streamClosed(let id, .refusedStream) = event { id } else { nil }
    }
    #expect(Set(closed) == Set(ids.suffix(3)))
    #expect(early.connection.streamCount == 2)
    let sent = early.bytes()
    var frames = sent
    frames.moveReaderIndex(forwardBy: 24)
    #expect(HTTP2Tests.frames(in: frames).filter { $0.type == FrameType.headers }.count == 2)
  }

  /// A second reset would be of a stream that the peer has never heard of, and end the connection.
  @Test func aStreamThatIsResetAlreadyIsNotGivenBackAsWell() throws {
    let client = Endpoint(.client) { _ in }
    let ids = try (0..<3).map { _ in
      try client.connection.openStream(request, endStream: false)
    }
    client.connection.reset(ids[1], .cancel)
    client.receive(Endpoint(.server) { $0.maxConcurrentStreams = 1 }.bytes())
    var sent = client.bytes()
    sent.moveReaderIndex(forwardBy: 24)
    #expect(frames(in: sent).filter { $0.type == FrameType.headers }.map(\.stream) == [ids[0]])
    #expect(frames(in: sent).allSatisfy { $0.type != FrameType.rstStream })
    #expect(client.events.compactMap(\.closed) == [.cancel, .refusedStream])
    #expect(client.connection.streamCount == 1)
  }

  @Test func aStreamBeyondOurLimitIsRefused() {
    let server = Endpoint(.server) { $0.maxConcurrentStreams = 1 }
    var raw = RawFrames.client
    raw.addRequest(stream: 1)
    raw.addRequest(stream: 3)
    server.receive(raw.bytes)
    #expect(server.events.filter { $0.kind == .request }.count == 1)
    let resets = frames(in: server.bytes()).filter { $0.type == FrameType.rstStream }
    #expect(resets.map(\.stream) == [3])
    #expect(server.connection.streamCount == 1)
  }

  @Test func fieldSectionsBeyondTheLimitResetTheirStream() throws {
    let pair = Pair(client: { _ in }, server: { $0.maxHeaderListSize = 1000 })
    #expect(
      throws: HTTP2OpenError.headerListTooLarge(
        size: request.reduce(0) { $0 + $1.size } + 1033, limit: 1000)
    ) {
      try pair.client.connection.openStream(
        request + [HTTPField("a", String(repeating: "x", count: 1000))], endStream: true)
    }

    let server = Endpoint(.server) { $0.maxHeaderListSize = 1000 }
    var raw = RawFrames.client
    raw.addRequest(stream: 1, extra: [HTTPField("a", String(repeating: "x", count: 1000))])
    raw.add(type: 0, stream: 1, Array(repeating: 0, count: 500))
    raw.addRequest(stream: 3, endStream: true)
    server.receive(raw.bytes)
    #expect(server.events.compactMap(\.kind) == [.request], "the first one is not told")
    let out = server.bytes()
    #expect(frames(in: out).contains { $0.type == FrameType.rstStream && $0.stream == 1 })
    #expect(server.events.allSatisfy { $0.closed == nil && $0.failed == nil })
    #expect(server.connection.streamCount == 1)
  }

  @Test func aResponseBeyondTheLimitResetsItsCall() throws {
    let pair = Pair(client: { $0.maxHeaderListSize = 500 })
    let id = try pair.open(endStream: true)
    pair.server.connection.sendHeaders(
      response + [HTTPField("a", String(repeating: "x", count: 600))], on: id, endStream: false)
    pair.exchange()
    #expect(pair.client.events.last?.closed == .enhanceYourCalm)
    #expect(pair.client.events.allSatisfy { $0.kind == nil })
  }

  /// The library sends no field section above 64 KiB; the stream must not hang over it.
  @Test func trailersThatCannotBeSentResetTheStream() throws {
    let pair = Pair()
    let id = try pair.open(endStream: true)
    pair.server.connection.sendHeaders(response, on: id, endStream: false)
    pair.server.connection.finish(
      id, trailers: [HTTPField("a", String(repeating: "x", count: 100_000))])
    pair.exchange()
    #expect(pair.client.events.last?.closed == .internalError)
    #expect(pair.server.events.last?.closed == .internalError)
  }
}
