// RFC 9113 for clients: what a server may do wrong.

import NIOCore
import Testing

@testable import HTTP2

@Suite struct ConformanceClientTests {
  /// A client with one call that waits for its answer, on stream 1.
  private func client() throws -> Endpoint {
    let client = Endpoint(.client) { _ in }
    _ = try client.connection.openStream(request, endStream: true)
    _ = client.bytes()
    return client
  }

  private static var opening: RawFrames {
    var frames = RawFrames()
    frames.settings([])
    frames.settings([], flags: 1)
    return frames
  }

  @Test(arguments: preface)
  func startOfAConnection(_ conformance: Conformance) throws {
    try conformance.check(client(), opening: RawFrames())
  }

  @Test(arguments: connections + answers)
  func servers(_ conformance: Conformance) throws {
    try conformance.check(client(), opening: Self.opening)
  }

  private static let preface: [Conformance] = [
    Conformance("3.4", "a frame before the SETTINGS", .connectionError(.protocolError)) {
      $0.add(type: FrameType.ping, Array(repeating: 0, count: 8))
    },
    Conformance(
      "3.4", "HTTP/1.1 in place of HTTP/2", .connectionError([.protocolError, .frameSizeError])
    ) {
      $0.bytes.writeString("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    },
  ]

  private static let connections: [Conformance] = [
    Conformance("4.2", "DATA beyond the largest size", .connectionError(.frameSizeError)) {
      $0.headers(1, response, flags: RawFrames.endHeaders)
      $0.data(1, Array(repeating: 0, count: (256 << 10) + 1))
    },
    Conformance("4.3", "an index beyond the table", .connectionError(.compressionError)) {
      $0.add(type: 1, flags: 5, stream: 1, [0xbe])
    },
    Conformance("5.1", "DATA on a stream never opened", .connectionError(.protocolError)) {
      $0.data(3)
    },
    Conformance("5.1", "HEADERS on a stream never opened", .connectionError(.protocolError)) {
      $0.headers(3, response)
    },
    Conformance("5.1", "RST_STREAM on a stream never opened", .connectionError(.protocolError)) {
      $0.reset(3)
    },
    Conformance("5.1", "WINDOW_UPDATE on a stream never opened", .connectionError(.protocolError)) {
      $0.windowUpdate(3, 1)
    },
    Conformance("5.1.1", "a stream that the server opens", .connectionError(.protocolError)) {
      $0.headers(2, response)
    },
    Conformance("5.1", "DATA behind END_STREAM", .fine(sections: 1)) {
      $0.headers(1, response)
      $0.data(1)
    },
    Conformance("6.5.2", "a server that enables push", .connectionError(.protocolError)) {
      $0.settings([(2, 1)])
    },
    Conformance("6.5.2", "INITIAL_WINDOW_SIZE of 2^31", .connectionError(.flowControlError)) {
      $0.settings([(4, 1 << 31)])
    },
    Conformance("6.5.2", "MAX_FRAME_SIZE of 16,383", .connectionError(.protocolError)) {
      $0.settings([(5, 16383)])
    },
    Conformance("10.5", "33 settings", .connectionError(.enhanceYourCalm)) {
      $0.settings(Array(repeating: (3, 100), count: 33))
    },
    Conformance("8.4", "PUSH_PROMISE though push is off", .connectionError(.protocolError)) {
      $0.add(type: 5, flags: 4, stream: 1, RawFrames.big(2) + RawFrames.fields(request))
    },
    Conformance("6.8", "a GOAWAY whose last stream grows", .connectionError(.protocolError)) {
      $0.goAway(last: 1)
      $0.goAway(last: 3)
    },
    Conformance("6.8", "a GOAWAY with an unknown code", .fine(sections: 1)) {
      $0.goAway(last: 1, 0xffff_fff0)
      $0.headers(1, response, flags: RawFrames.endHeaders)
    },
    Conformance("6.9", "0 for the connection", .connectionError(.protocolError)) {
      $0.windowUpdate(0, 0)
    },
    // This one and "DATA without HEADERS" are errors of their stream, which nghttp2 takes as errors of
    // the connection, as section 5.4.1 allows.
    Conformance("6.9", "0 for a stream", .connectionError(.protocolError)) {
      $0.windowUpdate(1, 0)
    },
    Conformance("6.9.1", "a window above 2^31", .streamError(.flowControlError)) {
      $0.windowUpdate(1, (1 << 31) - 1)
    },
    Conformance("6.10", "DATA between HEADERS", .connectionError(.protocolError)) {
      $0.headers(1, response, flags: 0)
      $0.data(1)
    },
    Conformance("10.5.1", "nine CONTINUATION frames", .connectionError(.enhanceYourCalm)) {
      $0.headers(1, response, flags: 0)
      for _ in 0..<9 { $0.continuation() }
    },
  ]

  private static let answers: [Conformance] = [
    Conformance("8.1", "an answer", .fine(sections: 2)) {
      $0.headers(1, response, flags: RawFrames.endHeaders)
      $0.data()
      $0.headers(1, trailers)
    },
    Conformance("8.1", "DATA without HEADERS", .connectionError(.protocolError)) { $0.data(1) },
    Conformance("8.1", "trailers without an end", .streamError(.protocolError)) {
      $0.headers(1, response, flags: RawFrames.endHeaders)
      $0.headers(1, trailers, flags: RawFrames.endHeaders)
    },
    Conformance("8.1", "two heads", .streamError(.protocolError)) {
      $0.headers(1, response, flags: RawFrames.endHeaders)
      $0.headers(1, response)
    },
    Conformance("8.1", "an informational answer, then the final one", .fine(sections: 2)) {
      $0.headers(1, [HTTPField(":status", "103")], flags: RawFrames.endHeaders)
      $0.headers(1, response)
    },
    Conformance("8.1.1", "an informational answer that ends", .streamError(.protocolError)) {
      $0.headers(1, [HTTPField(":status", "100")])
    },
    Conformance("8.6", "101 Switching Protocols", .streamError(.protocolError)) {
      $0.headers(1, [HTTPField(":status", "101")], flags: RawFrames.endHeaders)
    },
    Conformance("8.1.1", "less than the content-length", .streamError(.protocolError)) {
      $0.headers(1, response + [HTTPField("content-length", "2")], flags: RawFrames.endHeaders)
      $0.data(1, [1], flags: RawFrames.endStream)
    },
    Conformance("8.1.1", "more than the content-length", .streamError(.protocolError)) {
      $0.headers(1, response + [HTTPField("content-length", "1")], flags: RawFrames.endHeaders)
      $0.data(1, [1, 2])
    },
    Conformance("8.3.2", "no :status", .streamError(.protocolError)) {
      $0.headers(1, [HTTPField("content-type", "application/grpc")])
    },
    Conformance("8.3.2", "two of them", .streamError(.protocolError)) {
      $0.headers(1, [HTTPField(":status", "200")] + response)
    },
    Conformance("8.3.2", "a :status that is no number", .streamError(.protocolError)) {
      $0.headers(1, [HTTPField(":status", "20x")])
    },
    Conformance("8.3", "a request's pseudo-header field", .streamError(.protocolError)) {
      $0.headers(1, [HTTPField(":path", "/")] + response)
    },
    Conformance("8.2.1", "a name in upper case", .streamError(.protocolError)) {
      $0.headers(1, response + [HTTPField("Grpc-Status", "0")])
    },
    Conformance("8.2.1", "a value with a line feed", .streamError(.protocolError)) {
      $0.headers(1, response + [HTTPField("x", "a\nb")])
    },
    Conformance("8.2.2", "connection", .streamError(.protocolError)) {
      $0.headers(1, response + [HTTPField("connection", "close")])
    },
  ]

  /// RFC 9113, section 6.8: what is above the last stream was not processed, and may go elsewhere.
  @Test func streamsAboveAGoAway() throws {
    let client = try client()
    client.receive(Self.opening.bytes)
    let second = try client.connection.openStream(request, endStream: true)
    _ = client.bytes()
    var raw = RawFrames()
    raw.goAway(last: 1)
    client.receive(raw.bytes)
    #expect(client.events.compactMap(\.closed) == [.refusedStream])
    #expect(client.connection.streamCount == 1 && second == 3)
    #expect(throws: HTTP2OpenError.draining) {
      try client.connection.openStream(request, endStream: true)
    }
  }

  /// Only a server has to fear the resets of its peer.
  @Test func aServerMayResetAllCalls() throws {
    let client = Endpoint(.client) { $0.assumedPeerStreams = 3000 }
    var raw = Self.opening
    for _ in 0..<3000 {
      raw.reset(try client.connection.openStream(request, endStream: true), .noError)
    }
    _ = client.bytes()
    client.receive(raw.bytes)
    #expect(client.events.compactMap(\.failed) == [])
    #expect(client.events.compactMap(\.closed).count == 3000)
  }
}
