// RFC 9113 for servers: the states of streams, and what a well-formed request is.

import NIOCore
import Testing

@testable import HTTP2

@Suite struct ConformanceStreamTests {
  @Test(arguments: states + messages + fields + pseudoFields)
  func streams(_ conformance: Conformance) throws {
    var opening = RawFrames.client
    opening.settings([], flags: 1)
    try conformance.check(Endpoint(.server) { _ in }, opening: opening)
  }

  /// The whole answer: with a request that has ended, the stream is closed.
  private static let answer: @Sendable (HTTP2Connection) -> Void = {
    $0.sendHeaders(response + trailers, on: 1, endStream: true)
  }

  private static let states: [Conformance] = [
    Conformance("5.1", "DATA on an idle stream", .connectionError(.protocolError)) { $0.data(1) },
    Conformance("5.1", "RST_STREAM on an idle stream", .connectionError(.protocolError)) {
      $0.reset(1)
    },
    Conformance("5.1", "WINDOW_UPDATE on an idle stream", .connectionError(.protocolError)) {
      $0.windowUpdate(1, 100)
    },
    Conformance("5.1", "DATA behind END_STREAM", .connectionError(.streamClosed)) {
      $0.addRequest(stream: 1, endStream: true)
      $0.data(1)
    },
    Conformance("5.1", "HEADERS behind END_STREAM", .connectionError(.streamClosed)) {
      $0.addRequest(stream: 1, endStream: true)
      $0.headers(1, trailers)
    },
    Conformance("5.1", "WINDOW_UPDATE behind END_STREAM", .fine(sections: 1)) {
      $0.addRequest(stream: 1, endStream: true)
      $0.windowUpdate(1, 100)
    },
    Conformance("5.1", "PRIORITY behind END_STREAM", .fine(sections: 1)) {
      $0.addRequest(stream: 1, endStream: true)
      $0.dependency(1, on: 0)
    },
    Conformance("5.1", "RST_STREAM behind END_STREAM", .fine(sections: 1)) {
      $0.addRequest(stream: 1, endStream: true)
      $0.reset(1)
    },
    Conformance("5.1", "DATA on a stream that was reset", .fine(sections: 1)) {
      $0.addRequest(stream: 1)
      $0.reset(1)
      $0.data(1)
    },
    Conformance("5.1", "HEADERS on a stream that was reset", .fine(sections: 1)) {
      $0.addRequest(stream: 1)
      $0.reset(1)
      $0.headers(1, trailers)
    },
    Conformance("5.1", "DATA on a closed stream", .fine(sections: 1)) {
      $0.addRequest(stream: 1, endStream: true)
    } owner: {
      answer($0)
    } afterwards: {
      $0.data(1)
    },
    Conformance("5.1", "HEADERS on a closed stream", .fine(sections: 1)) {
      $0.addRequest(stream: 1, endStream: true)
    } owner: {
      answer($0)
    } afterwards: {
      $0.headers(1, request)
    },
    Conformance("5.1", "what is late on a closed stream", .fine(sections: 1)) {
      $0.addRequest(stream: 1, endStream: true)
    } owner: {
      answer($0)
    } afterwards: {
      $0.windowUpdate(1, 100)
      $0.reset(1)
      $0.dependency(1, on: 0)
    },
    Conformance("5.1", "CONTINUATION on a closed stream", .connectionError(.protocolError)) {
      $0.addRequest(stream: 1, endStream: true)
    } owner: {
      answer($0)
    } afterwards: {
      $0.continuation(1, flags: RawFrames.endHeaders)
    },
    Conformance("5.1.1", "an even stream", .connectionError(.protocolError)) {
      $0.addRequest(stream: 2)
    },
    Conformance("5.1.1", "a stream below one that is open", .connectionError(.protocolError)) {
      $0.addRequest(stream: 5)
      $0.addRequest(stream: 3)
    },
    Conformance("5.1.1", "a stream in a gap among many", .connectionError(.protocolError)) {
      for number in 0..<100 { $0.addRequest(stream: StreamID(1 + 6 * number), endStream: true) }
      $0.addRequest(stream: 299)
    },
    Conformance("5.1.1", "a stream below one that is closed", .connectionError(.protocolError)) {
      $0.addRequest(stream: 7)
      $0.reset(7)
      $0.addRequest(stream: 1)
    },
    Conformance("5.1.1", "streams may be left out", .fine(sections: 5)) {
      for id: StreamID in [3, 5, 11, 2_000_001, .max] { $0.addRequest(stream: id) }
    },
    Conformance("5.1.1", "trailers of a lower stream", .fine(sections: 3)) {
      $0.addRequest(stream: 1)
      $0.addRequest(stream: 9)
      $0.headers(1, trailers)
    },
    Conformance("5.4.1", "nothing counts behind an error", .connectionError(.protocolError)) {
      $0.data(0)
      $0.addRequest(stream: 1)
    },
  ]

  private static let messages: [Conformance] = [
    Conformance("8.1", "trailers without an end", .streamError(.protocolError)) {
      $0.addRequest(stream: 1)
      $0.headers(1, trailers, flags: RawFrames.endHeaders)
    },
    Conformance("8.1", "pseudo-header fields in trailers", .streamError(.protocolError)) {
      $0.addRequest(stream: 1)
      $0.headers(1, [HTTPField(":method", "POST")])
    },
    Conformance("8.1", "trailers behind DATA", .fine(sections: 2)) {
      $0.addRequest(stream: 1)
      $0.data()
      $0.headers(1, trailers)
    },
    Conformance("8.1.1", "less than the content-length", .streamError(.protocolError)) {
      $0.addRequest(stream: 1, extra: [HTTPField("content-length", "2")])
      $0.data(1, [1], flags: RawFrames.endStream)
    },
    Conformance("8.1.1", "more than the content-length", .streamError(.protocolError)) {
      $0.addRequest(stream: 1, extra: [HTTPField("content-length", "3")])
      $0.data(1, [1, 2])
      $0.data(1, [3, 4], flags: RawFrames.endStream)
    },
    Conformance("8.1.1", "a content-length without content", .streamError(.protocolError)) {
      $0.addRequest(stream: 1, endStream: true, extra: [HTTPField("content-length", "1")])
    },
    Conformance("8.1.1", "as much as the content-length", .fine(sections: 1)) {
      $0.addRequest(stream: 1, extra: [HTTPField("content-length", "3")])
      $0.data(1, [1, 2])
      $0.data(1, [3], flags: RawFrames.endStream)
    },
    Conformance("8.1.1", "a content-length that is no number", .streamError(.protocolError)) {
      $0.addRequest(stream: 1, extra: [HTTPField("content-length", "-1")])
    },
    Conformance("8.1.1", "two of them", .streamError(.protocolError)) {
      $0.addRequest(
        stream: 1, extra: [HTTPField("content-length", "1"), HTTPField("content-length", "2")])
    },
  ]

  private static let fields: [Conformance] =
    [
      ("8.2.1", "a name in upper case", HTTPField("X-Y", "z")),
      ("8.2.1", "a name with a space", HTTPField("x y", "z")),
      ("8.2.1", "a name with a colon", HTTPField("x:y", "z")),
      ("8.2.1", "a name with an octet above 7F", HTTPField("x\u{e9}", "z")),
      ("8.2.1", "an empty name", HTTPField("", "z")),
      ("8.2.1", "a value with NUL", HTTPField("x", "a\0b")),
      ("8.2.1", "a value with a line feed", HTTPField("x", "a\nb")),
      ("8.2.1", "a value with a carriage return", HTTPField("x", "a\rb")),
      ("8.2.1", "a value that begins with a space", HTTPField("x", " a")),
      ("8.2.1", "a value that ends with a tab", HTTPField("x", "a\t")),
      ("8.2.2", "connection", HTTPField("connection", "keep-alive")),
      ("8.2.2", "keep-alive", HTTPField("keep-alive", "5")),
      ("8.2.2", "proxy-connection", HTTPField("proxy-connection", "keep-alive")),
      ("8.2.2", "transfer-encoding", HTTPField("transfer-encoding", "chunked")),
      ("8.2.2", "upgrade", HTTPField("upgrade", "h2c")),
      ("8.2.2", "te with more than trailers", HTTPField("te", "trailers, deflate")),
      ("8.3", "an unknown pseudo-header field", HTTPField(":test", "x")),
      ("8.3", "a pseudo-header field behind a field", HTTPField(":authority", "x")),
      ("8.3", "a response's pseudo-header field", HTTPField(":status", "200")),
    ].map { section, name, field in
      Conformance(section, name, .streamError(.protocolError)) {
        $0.addRequest(stream: 1, extra: [field])
      }
    } + [
      Conformance("8.2.1", "what is no field in trailers", .streamError(.protocolError)) {
        $0.addRequest(stream: 1)
        $0.headers(1, [HTTPField("x", "a\0b")])
      },
      Conformance("8.2.3", "cookies in pieces", .fine(sections: 1)) {
        $0.addRequest(stream: 1, extra: [HTTPField("cookie", "a=b"), HTTPField("cookie", "c=d")])
      },
    ]

  private static let pseudoFields: [Conformance] =
    [
      ("no :method", request([":method": nil])), ("no :scheme", request([":scheme": nil])),
      ("no :path", request([":path": nil])), ("an empty :path", request([":path": ""])),
      ("a relative :path", request([":path": "S/M"])),
      ("an empty :method", request([":method": ""])),
    ].map { name, fields in
      Conformance("8.3.1", name, .streamError(.protocolError)) { $0.headers(1, fields) }
    }
    + [":method", ":scheme", ":path", ":authority"].map { name in
      Conformance("8.3.1", "\(name) twice", .streamError(.protocolError)) {
        let first = request.filter { $0.name == name }
        $0.headers(1, first + request)
      }
    } + [
      Conformance("8.3.1", "neither :authority nor host", .streamError(.protocolError)) {
        $0.headers(1, request([":authority": nil]))
      },
      Conformance("8.3.1", "host in place of :authority", .fine(sections: 1)) {
        $0.headers(1, request([":authority": nil], then: [HTTPField("host", "h")]))
      },
      Conformance("8.3.1", "OPTIONS *", .fine(sections: 1)) {
        $0.headers(1, request([":method": "OPTIONS", ":path": "*"]))
      },
      Conformance("8.5", "CONNECT", .fine(sections: 1)) {
        $0.headers(
          1, [HTTPField(":method", "CONNECT"), HTTPField(":authority", "h:1")],
          flags: RawFrames.endHeaders)
      },
      Conformance("8.5", "CONNECT with :scheme and :path", .streamError(.protocolError)) {
        $0.headers(1, request([":method": "CONNECT"]))
      },
      Conformance("8.5", "CONNECT without :authority", .streamError(.protocolError)) {
        $0.headers(1, [HTTPField(":method", "CONNECT")])
      },
    ]

  // MARK: What a case cannot say

  @Test func aServerBeginsWithSettings() {
    let server = Endpoint(.server) { _ in }
    #expect(Frame.all(in: server.bytes()).first?.type == FrameType.settings)
  }

  @Test func everySettingsFrameIsAcknowledged() {
    let server = Endpoint(.server) { _ in }
    var raw = RawFrames.client
    for _ in 0..<3 { raw.settings([(3, 5)]) }
    server.receive(raw.bytes)
    let answers = Frame.all(in: server.bytes()).filter {
      $0.type == FrameType.settings && $0.flags & FrameFlag.ack != 0
    }
    #expect(answers.count == 4)
    #expect(answers.allSatisfy { $0.payload.isEmpty })
  }

  /// RFC 9113, section 6.9.2: at most what the window allows, and on after WINDOW_UPDATE.
  @Test func windowsAreKept() {
    let server = Endpoint(.server) { _ in }
    var raw = RawFrames.client
    raw.settings([(4, 1)])
    raw.addRequest(stream: 1, endStream: true)
    server.receive(raw.bytes)
    server.connection.sendHeaders(response, on: 1, endStream: false)
    server.connection.write(pattern(10), on: 1)
    func sent() -> [Int] {
      Frame.all(in: server.bytes()).filter { $0.type == FrameType.data }.map(\.payload.count)
    }
    #expect(sent() == [1])
    var more = RawFrames()
    more.windowUpdate(1, 2)
    server.receive(more.bytes)
    #expect(sent() == [2])
    more = RawFrames()
    more.settings([(4, 3)])
    server.receive(more.bytes)
    #expect(sent() == [2])
  }

  /// RFC 9113, section 5.1.2: before the limit was acknowledged it may have been unknown. Once it
  /// is known, nghttp2 takes the stream error that it asks for as one of the connection (5.4.1).
  @Test func streamsBeyondTheLimit() {
    for known in [false, true] {
      let server = Endpoint(.server) { $0.maxConcurrentStreams = 1 }
      var raw = RawFrames.client
      if known { raw.settings([], flags: 1) }
      raw.addRequest(stream: 1)
      raw.addRequest(stream: 3)
      server.receive(raw.bytes)
      let sent = Frame.all(in: server.bytes())
      #expect(server.events.compactMap(\.failed) == (known ? [.protocolError] : []))
      #expect(
        sent.filter { $0.type == FrameType.rstStream }.map(\.resetCode)
          == (known ? [] : [.refusedStream]))
    }
  }

  /// A client that opens every third stream for ever is served, and costs a bounded memory.
  @Test func gapsAreForgottenAtLast() {
    var order = StreamOrder()
    let count = StreamID(3 * StreamOrder.rememberedGaps)
    var opened = 0
    for number in 0..<count { opened += order.received(on: 1 + 6 * number) ? 1 : 0 }
    let last = 1 + 6 * (count - 1)
    let answers = [last - 2, last - 4, last - 602, 3, last].map { order.received(on: $0) }
    // Those of long ago are forgotten, and ignored as closed streams are; the last one has been.
    #expect(answers == [false, false, false, true, true])
    #expect(opened == count)
  }
}
