// Peers that break the protocol, and peers that keep to it to wear us down.

import NIOCore
import Testing

@testable import HTTP2

@Suite struct BadPeerTests {
  private func failure(of raw: RawFrames) -> (code: HTTP2ErrorCode, goAway: Bool)? {
    let server = Endpoint(.server) { _ in }
    server.receive(raw.bytes)
    let out = server.bytes()
    server.receive(raw.bytes)
    let failures = server.events.compactMap(\.failed)
    guard let code = failures.first, failures.count == 1 else { return nil }
    #expect(server.connection.isFinished)
    #expect(server.connection.isDraining)
    #expect(server.events.last?.failed != nil, "nothing comes after the end")
    return (code, frames(in: out).contains { $0.type == FrameType.goAway })
  }

  @Test func notHTTP2AtAll() {
    let raw = RawFrames(bytes: ByteBuffer(string: "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"))
    let failure = failure(of: raw)
    #expect(failure?.code == .protocolError)
    #expect(failure?.goAway == true)
  }

  @Test func malformedFrames() {
    // SETTINGS of 5 bytes, DATA on stream 0, a frame too large, an unasked CONTINUATION, broken
    // field compression, WINDOW_UPDATE of 0 on the connection, data on a stream never opened.
    let cases: [(type: UInt8, flags: UInt8, stream: StreamID, payload: [UInt8], HTTP2ErrorCode)] = [
      (4, 0, 0, [0, 0, 0, 0, 0], .frameSizeError),
      (0, 0, 0, [1], .protocolError),
      (0, 0, 1, Array(repeating: 0, count: (256 << 10) + 1), .frameSizeError),
      (9, 4, 1, [0], .protocolError),
      (1, 4, 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], .compressionError),
      (8, 0, 0, [0, 0, 0, 0], .protocolError),
      (0, 0, 7, [1], .protocolError),
    ]
    for (type, flags, stream, payload, expected) in cases {
      var raw = RawFrames.client
      raw.add(type: type, flags: flags, stream: stream, payload)
      let failure = failure(of: raw)
      #expect(failure?.code == expected, "type \(type)")
      #expect(failure?.goAway == true, "type \(type)")
    }
  }

  @Test func malformedRequestsResetOnlyTheirStream() {
    let server = Endpoint(.server) { _ in }
    var raw = RawFrames.client
    raw.add(type: 1, flags: 5, stream: 1, RawFrames.fields([HTTPField(":method", "POST")]))
    raw.addRequest(stream: 3, extra: [HTTPField("Upper", "case")])
    raw.addRequest(stream: 5, endStream: true)
    server.receive(raw.bytes)
    #expect(server.events.compactMap(\.kind) == [.request])
    let resets = frames(in: server.bytes()).filter { $0.type == FrameType.rstStream }
    #expect(Set(resets.map(\.stream)) == [1, 3])
    #expect(server.events.allSatisfy { $0.failed == nil && $0.closed == nil })
  }

  @Test func moreDataThanTheWindowAllows() {
    var raw = RawFrames.client
    raw.addRequest(stream: 1)
    for _ in 0..<5 { raw.add(type: 0, stream: 1, Array(repeating: 0, count: 16384)) }
    let server = Endpoint(.server) { _ in }
    server.returnsCredit = false
    server.receive(raw.bytes)
    _ = server.bytes()
    #expect(
      server.events.contains { $0.closed == .flowControlError || $0.failed == .flowControlError })
  }

  // MARK: Floods

  private func flood(_ count: Int, _ add: (inout RawFrames, Int) -> Void) -> RawFrames {
    var raw = RawFrames.client
    raw.addRequest(stream: 1)
    for index in 0..<count { add(&raw, index) }
    return raw
  }

  @Test func floodsEndTheConnection() {
    let floods: [(String, Int, (inout RawFrames, Int) -> Void)] = [
      ("empty DATA", 1001, { raw, _ in raw.add(type: 0, stream: 1) }),
      ("padding", 1001, { raw, _ in raw.add(type: 0, flags: 8, stream: 1, [2, 0, 0]) }),
      ("PRIORITY", 1001, { raw, _ in raw.add(type: 2, stream: 1, [0, 0, 0, 0, 16]) }),
      ("unknown", 1001, { raw, n in raw.add(type: 0xa + UInt8(n % 240), stream: 0, [1, 2]) }),
      ("PING", 20_001, { raw, _ in raw.add(type: 6, Array(repeating: 0, count: 8)) }),
      ("SETTINGS", 20_001, { raw, _ in raw.add(type: 4) }),
      (
        "resets from us", 201,
        { raw, n in
          raw.add(
            type: 1, flags: 5, stream: StreamID(3 + 2 * n),
            RawFrames.fields([HTTPField(":method", "POST")]))
        }
      ),
      (
        "resets from the peer", 1001,
        { raw, n in
          raw.addRequest(stream: StreamID(3 + 2 * n))
          raw.add(type: 3, stream: StreamID(3 + 2 * n), [0, 0, 0, 8])
        }
      ),
      (
        "CONTINUATION", 1,
        { raw, _ in
          raw.add(type: 1, stream: 3, RawFrames.fields(request))
          for _ in 0..<9 { raw.add(type: 9, stream: 3, RawFrames.fields([HTTPField("a", "b")])) }
        }
      ),
      (
        "endless fields", 1,
        { raw, _ in
          raw.add(type: 1, stream: 3, RawFrames.fields(request))
          // One byte each for "accept-encoding: gzip, deflate" of the static table.
          let block = Array(repeating: UInt8(0x90), count: 16_384)
          for _ in 0..<4 { raw.add(type: 9, stream: 3, block) }
        }
      ),
    ]
    for (name, count, add) in floods {
      let failure = failure(of: flood(count, add))
      #expect(failure?.code == .enhanceYourCalm, "\(name)")
      #expect(failure?.goAway == true, "\(name)")
    }
  }

  @Test func noiseWithinLimitsIsBorne() {
    let server = Endpoint(.server) { _ in }
    server.receive(flood(1) { raw, _ in raw.add(type: 0, stream: 1) }.bytes)
    var raw = RawFrames()
    for _ in 0..<30 { raw.add(type: 2, stream: 1, [0, 0, 0, 0, 16]) }
    for second in 1...60 {
      server.receive(raw.bytes, now: .uptimeNanoseconds(UInt64(second) * 1_000_000_000))
      _ = server.bytes()
    }
    #expect(server.events.allSatisfy { $0.failed == nil })
  }

  /// Who is answered before it has sent everything resets the rest, as gRPC's clients do: that is no
  /// call begun for nothing.
  @Test func resetsOfAnsweredCallsAreBorne() {
    let server = Endpoint(.server) { _ in }
    server.receive(RawFrames.client.bytes)
    for number in 0..<2000 {
      let id = StreamID(1 + 2 * number)
      var raw = RawFrames()
      raw.addRequest(stream: id)
      server.receive(raw.bytes)
      server.connection.sendHeaders([HTTPField(":status", "200")], on: id, endStream: true)
      _ = server.bytes()
      server.connection.reset(id, .noError)
      _ = server.bytes()
      raw = RawFrames()
      raw.add(type: 3, stream: id, [0, 0, 0, 8])
      server.receive(raw.bytes)
    }
    #expect(server.events.allSatisfy { $0.failed == nil })
    #expect(server.connection.streamCount == 0)
  }

  /// What we would have to say to a peer that does not read takes memory: it is bounded, whatever the
  /// frames are. (A refused stream costs the peer 10 bytes and us a frame that waits.)
  @Test func framesThatNobodyReadsAreBounded() {
    let server = Endpoint(.server) {
      $0.maxConcurrentStreams = 1
      $0.floodLimits.unsentFrames = 100
    }
    var raw = RawFrames.client
    raw.addRequest(stream: 1)
    for index in 1...90 { raw.addRequest(stream: StreamID(1 + 2 * index)) }
    server.receive(raw.bytes)
    #expect(server.events.allSatisfy { $0.failed == nil })
    raw = RawFrames()
    for index in 91...120 { raw.addRequest(stream: StreamID(1 + 2 * index)) }
    server.receive(raw.bytes)
    #expect(server.events.compactMap(\.failed) == [.enhanceYourCalm])
  }

  /// Answers that wait for a peer that does not read.
  @Test func acknowledgementsThatNobodyReadsAreBounded() {
    for type in [FrameType.ping, FrameType.settings] {
      var raw = RawFrames.client
      for _ in 0..<1001 {
        raw.add(type: type, type == FrameType.ping ? Array(repeating: 0, count: 8) : [])
      }
      #expect(failure(of: raw)?.code == .enhanceYourCalm)
    }
  }

  /// Resets that our owner wishes are not the peer's doing.
  @Test func ownResetsAreNotCounted() {
    let server = Endpoint(.server) { _ in }
    server.receive(RawFrames.client.bytes)
    for index in 0..<3000 {
      var raw = RawFrames()
      raw.addRequest(stream: StreamID(1 + 2 * index))
      server.receive(raw.bytes)
      server.connection.reset(StreamID(1 + 2 * index), .cancel)
      _ = server.bytes()
      _ = server.events.allSatisfy { $0.failed == nil } ? server.take() : []
    }
    #expect(server.events.allSatisfy { $0.failed == nil })
  }
}
