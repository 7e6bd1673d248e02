// Whole calls between a client and a server.

import NIOCore
import Testing

@testable import HTTP2

@Suite struct ExchangeTests {
  @Test func aCallWithTrailers() throws {
    let pair = Pair()
    let id = try pair.client.connection.openStream(request, endStream: false)
    pair.client.connection.write(ByteBuffer(string: "hello"), on: id)
    pair.client.connection.finish(id)
    pair.exchange()
    #expect(pair.client.take().map(\.isTrailersSent) == [true])
    #expect(
      transcript(pair.server.events)
        == [
          "headers(1, \(request), kind: HTTP2.HeadersKind.request, endStream: false)",
          "data 1 \(Array("hello".utf8))", "end 1",
        ])
    _ = pair.server.take()

    pair.server.connection.sendHeaders(response, on: id, endStream: false)
    pair.server.connection.write(ByteBuffer(string: "world"), on: id)
    pair.server.connection.finish(id, trailers: trailers)
    pair.exchange()
    let events = pair.client.take()
    #expect(events.compactMap(\.kind) == [.response, .trailers])
    #expect(events.compactMap(\.fields) == [response, trailers])
    #expect(events.last?.closed == .noError)
    let ends = pair.server.take()
    #expect(ends.map(\.isTrailersSent) == [true, false])
    #expect(ends.last?.closed == .noError)
    #expect(pair.client.connection.streamCount == 0)
    #expect(pair.server.connection.streamCount == 0)
  }

  @Test func trailersOnly() throws {
    let pair = Pair()
    let id = try pair.open(endStream: true)
    pair.server.connection.sendHeaders(response + trailers, on: id, endStream: true)
    pair.exchange()
    guard case .headers(_, let fields, .response, endStream: true) = pair.client.events[1] else {
      Issue.record("\(pair.client.events)")
      return
    }
    #expect(fields == response + trailers)
    #expect(pair.client.events.last?.closed == .noError)
  }

  @Test func trailersWithoutData() throws {
    let pair = Pair()
    let id = try pair.open(endStream: true)
    pair.server.connection.sendHeaders(response, on: id, endStream: false)
    pair.exchange()
    pair.server.connection.finish(id, trailers: trailers)
    let types = frames(in: pair.server.bytes()).map(\.type)
    #expect(types == [FrameType.headers], "no empty DATA before the trailers")
  }

  @Test func anEmptyBody() throws {
    let pair = Pair()
    let id = try pair.client.connection.openStream(request, endStream: false)
    pair.client.connection.finish(id)
    pair.exchange()
    #expect(transcript(pair.server.events).last == "end 1")
  }

  @Test func informationalResponsesAreNotFinalOnes() {
    let client = Endpoint(.client) { _ in }
    _ = try? client.connection.openStream(request, endStream: true)
    _ = client.bytes()
    var raw = RawFrames()
    raw.add(type: 4)
    raw.add(type: 1, flags: 4, stream: 1, RawFrames.fields([HTTPField(":status", "103")]))
    raw.add(type: 1, flags: 4, stream: 1, RawFrames.fields([HTTPField(":status", "200")]))
    raw.add(type: 1, flags: 5, stream: 1, RawFrames.fields(trailers))
    client.receive(raw.bytes)
    #expect(client.events.compactMap(\.kind) == [.informational, .response, .trailers])
  }

  @Test(arguments: [1000, 16 << 10, 256 << 10, 1 << 20])
  func bigBodiesBothWays(limit: Int) throws {
    let pair = Pair()
    let id = try pair.open()
    let body = pattern(3 << 20)
    pair.server.connection.sendHeaders(response, on: id, endStream: false)
    pair.client.connection.write(body, on: id)
    pair.server.connection.write(body, on: id)
    pair.client.connection.finish(id)
    pair.server.connection.finish(id, trailers: trailers)
    pair.exchange(limit: limit)
    #expect(pair.server.body(of: id) == body)
    #expect(pair.client.body(of: id) == body)
    #expect(pair.client.events.last?.closed == .noError)
    #expect(pair.server.events.last?.closed == .noError)
  }

  @Test func framesReachTheLargestSize() throws {
    let pair = Pair()
    let id = try pair.open()
    pair.client.connection.write(pattern(1 << 20), on: id)
    let batch = pair.client.bytes()
    #expect(frames(in: batch).map(\.length).max() == 256 << 10)
  }

  @Test func aBatchKeepsNearItsLimit() throws {
    let pair = Pair(server: { $0.initialStreamWindow = 8 << 20 })
    let id = try pair.open()
    pair.client.connection.write(pattern(4 << 20), on: id)
    var more = true
    var sizes: [Int] = []
    while more {
      var out: [ByteBuffer] = []
      more = pair.client.connection.produce(limit: 100_000, into: &out)
      sizes.append(out.reduce(0) { $0 + $1.readableBytes })
    }
    #expect((sizes.max() ?? 0) < 100_000 + (16 << 10) + 9)
    #expect(sizes.reduce(0, +) > 4 << 20)
  }

  @Test func smallMessagesArePacked() throws {
    let pair = Pair()
    let id = try pair.open()
    let message = pattern(100)
    for _ in 0..<1000 { pair.client.connection.write(message, on: id) }
    for _ in 0..<1000 {
      pair.client.connection.write(on: id, capacity: 100) { $0.writeImmutableBuffer(message) }
    }
    #expect(pair.client.connection.queuedBytes(on: id) == 200_000)
    let out = pair.client.output()
    #expect(out.count < 16, "\(out.count) vectors for 2000 messages")
    for bytes in out { pair.server.receive(bytes) }
    let body = pair.server.body(of: id)
    #expect(body.readableBytes == 200_000)
    for at in stride(from: 0, to: 200_000, by: 100) {
      #expect(body.getSlice(at: at, length: 100) == message)
    }
  }

  @Test func streamsShareTheConnection() throws {
    let pair = Pair()
    let ids = try (0..<20).map { _ in try pair.open() }
    for id in ids { pair.client.connection.write(pattern(200_000), on: id) }
    for id in ids { pair.client.connection.finish(id) }
    pair.exchange()
    for id in ids { #expect(pair.server.body(of: id) == pattern(200_000)) }
  }

  @Test func pings() {
    let pair = Pair()
    pair.client.connection.ping(0x0102_0304_0506_0708)
    pair.exchange()
    guard case .pingAcknowledged(0x0102_0304_0506_0708) = pair.client.events.last else {
      Issue.record("\(pair.client.events)")
      return
    }
  }

  @Test func settingsAreToldBothWays() {
    let pair = Pair(
      client: { $0.maxHeaderListSize = 9999 }, server: { $0.maxConcurrentStreams = 7 },
      settled: false)
    pair.exchange()
    #expect(pair.client.connection.remoteSettings.maxConcurrentStreams == 7)
    #expect(pair.client.connection.remoteSettings.maxFrameSize == 256 << 10)
    #expect(pair.server.connection.remoteSettings.maxHeaderListSize == 9999)
    #expect(pair.server.connection.remoteSettings.initialWindow == 256 << 10)
    guard case .settings(let settings) = pair.client.events.first else {
      Issue.record("\(pair.client.events)")
      return
    }
    #expect(settings == pair.client.connection.remoteSettings)
  }

  // MARK: No copies

  @Test func dataSharesTheReadBuffer() throws {
    let pair = Pair()
    let id = try pair.open()
    pair.client.connection.write(pattern(10_000), on: id)
    let read = pair.client.bytes()
    pair.server.receive(read)
    guard case .data(id, let slice, 10_000, false) = pair.server.events.last else {
      Issue.record("\(pair.server.events)")
      return
    }
    let whole = addresses(read)
    #expect(whole.contains(addresses(slice).lowerBound))
    #expect(whole.upperBound == addresses(slice).upperBound)
  }

  @Test func largeBuffersLeaveAsTheyCame() throws {
    let pair = Pair()
    let id = try pair.open()
    let body = pattern(100_000)
    pair.client.connection.write(body, on: id)
    let out = pair.client.output()
    #expect(out.contains { addresses($0) == addresses(body) })
  }

  private func addresses(_ buffer: ByteBuffer) -> Range<UInt> {
    buffer.withUnsafeReadableBytes { raw in
      let start = UInt(bitPattern: raw.baseAddress)
      return start..<start + UInt(raw.count)
    }
  }
}
