// RFC 9113 for servers: the preface, frames, field compression, and each type of frame.

import NIOCore
import Testing

@testable import HTTP2

@Suite struct ConformanceFrameTests {
  private static var opening: RawFrames {
    var frames = RawFrames.client
    frames.settings([], flags: 1)
    return frames
  }

  @Test(arguments: preface)
  func startOfAConnection(_ conformance: Conformance) throws {
    try conformance.check(Endpoint(.server) { _ in }, opening: RawFrames())
  }

  @Test(arguments: formats + compression + dataAndHeaders + control + windows)
  func frames(_ conformance: Conformance) throws {
    try conformance.check(Endpoint(.server) { _ in }, opening: Self.opening)
  }

  private static let preface: [Conformance] = [
    Conformance("3.4", "bytes that are no preface", .connectionError(.protocolError)) {
      $0.bytes.writeString("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    },
    Conformance("3.4", "a preface with a wrong end", .connectionError(.protocolError)) {
      $0.bytes.writeString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r")
      $0.settings([])
    },
    Conformance("3.4", "a frame before the SETTINGS", .connectionError(.protocolError)) {
      $0.bytes.writeString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
      $0.add(type: FrameType.ping, Array(repeating: 0, count: 8))
      $0.settings([])
    },
    Conformance("3.4", "an acknowledgement for SETTINGS", .connectionError(.protocolError)) {
      $0.bytes.writeString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
      $0.settings([], flags: 1)
    },
    Conformance("3.4", "preface and request at once", .fine(sections: 1)) {
      $0 = .client
      $0.addRequest(stream: 1)
    },
  ]

  private static let formats: [Conformance] = [
    Conformance("4.1", "an unknown type", .fine(sections: 0)) {
      $0.add(type: 0x16, stream: 0, [1, 2, 3])
    },
    Conformance("4.1", "an unknown type on a stream", .fine(sections: 1)) {
      $0.addRequest(stream: 1)
      $0.add(type: 0xff, flags: 0xff, stream: 1, [1, 2, 3])
    },
    Conformance("4.1", "undefined flags", .fine(sections: 1)) {
      $0.add(type: 1, flags: 0x5 | 0xd2, stream: 1, RawFrames.fields(request))
    },
    Conformance("4.1", "the reserved bit of the stream", .fine(sections: 1)) {
      $0.addRequest(stream: StreamID(bitPattern: 0x8000_0001))
    },
    Conformance("4.2", "DATA of the largest size", .fine(sections: 1)) {
      $0.addRequest(stream: 1)
      $0.data(1, Array(repeating: 0, count: 256 << 10))
    },
    Conformance("4.2", "DATA beyond the largest size", .connectionError(.frameSizeError)) {
      $0.addRequest(stream: 1)
      $0.data(1, Array(repeating: 0, count: (256 << 10) + 1))
    },
    Conformance("4.2", "HEADERS beyond the largest size", .connectionError(.frameSizeError)) {
      $0.add(type: 1, flags: 5, stream: 1, Array(repeating: 0, count: (256 << 10) + 1))
    },
    Conformance("5.5", "an unknown type between HEADERS", .connectionError(.protocolError)) {
      $0.headers(1, request, flags: 0)
      $0.add(type: 0x16, stream: 1)
    },
  ]

  private static let compression: [Conformance] = [
    Conformance("4.3", "the index 0", .connectionError(.compressionError)) {
      $0.add(type: 1, flags: 5, stream: 1, [0x80])
    },
    Conformance("4.3", "an index beyond the table", .connectionError(.compressionError)) {
      $0.add(type: 1, flags: 5, stream: 1, [0xbe])
    },
    Conformance("4.3", "a literal that is cut", .connectionError(.compressionError)) {
      $0.add(type: 1, flags: 5, stream: 1, [0, 5, 0x61])
    },
    Conformance("4.3", "an integer without end", .connectionError(.compressionError)) {
      $0.add(type: 1, flags: 5, stream: 1, [0] + Array(repeating: 0xff, count: 12))
    },
    Conformance(
      "RFC 7541 6.3", "a table larger than ours", .connectionError(.compressionError)
    ) {
      $0.add(type: 1, flags: 5, stream: 1, [0x3f, 0xe2, 0x1f] + RawFrames.fields(request))
    },
    Conformance(
      "RFC 7541 4.2", "a new size behind a field", .connectionError(.compressionError)
    ) {
      $0.add(type: 1, flags: 5, stream: 1, RawFrames.fields(request) + [0x20])
    },
    Conformance(
      "RFC 7541 5.2", "Huffman padding of zeros", .connectionError(.compressionError)
    ) {
      // "/" is 011000 in six bits; what fills the octet must be ones.
      $0.add(type: 1, flags: 5, stream: 1, [0x04, 0x81, 0b0110_0000])
    },
    Conformance(
      "RFC 7541 5.2", "Huffman padding of a whole octet", .connectionError(.compressionError)
    ) {
      $0.add(type: 1, flags: 5, stream: 1, [0x04, 0x82, 0b0110_0011, 0xff])
    },
    Conformance("RFC 7541 5.2", "the Huffman EOS symbol", .connectionError(.compressionError)) {
      $0.add(type: 1, flags: 5, stream: 1, [0x04, 0x84, 0xff, 0xff, 0xff, 0xff])
    },
    Conformance("4.3", "DATA between HEADERS", .connectionError(.protocolError)) {
      $0.headers(1, request, flags: 0)
      $0.data(1)
    },
    Conformance("4.3", "another stream between HEADERS", .connectionError(.protocolError)) {
      $0.headers(1, request, flags: 0)
      $0.addRequest(stream: 3)
    },
    Conformance("4.3", "PRIORITY between HEADERS", .connectionError(.protocolError)) {
      $0.headers(1, request, flags: 0)
      $0.dependency(1, on: 0)
    },
  ]

  private static let dataAndHeaders: [Conformance] = [
    Conformance("6.1", "DATA on stream 0", .connectionError(.protocolError)) { $0.data(0) },
    Conformance("6.1", "padding", .fine(sections: 1)) {
      $0.addRequest(stream: 1)
      $0.data(1, [2, 7, 0, 0], flags: RawFrames.padded)
    },
    Conformance("6.1", "DATA of padding alone", .fine(sections: 1)) {
      $0.addRequest(stream: 1)
      $0.data(1, [2, 0, 0], flags: RawFrames.padded)
    },
    Conformance("6.1", "padding as long as the frame", .connectionError(.protocolError)) {
      $0.addRequest(stream: 1)
      $0.data(1, [3, 7, 0], flags: RawFrames.padded)
    },
    Conformance(
      "6.1", "padding without its length", .connectionError([.frameSizeError, .protocolError])
    ) {
      $0.addRequest(stream: 1)
      $0.data(1, [], flags: RawFrames.padded)
    },
    Conformance("6.2", "HEADERS on stream 0", .connectionError(.protocolError)) {
      $0.headers(0, request)
    },
    Conformance("6.2", "padding and priority", .fine(sections: 1)) {
      $0.add(
        type: 1, flags: 0x5 | RawFrames.padded | RawFrames.priority, stream: 1,
        [2, 0, 0, 0, 0, 16] + RawFrames.fields(request) + [0, 0])
    },
    Conformance("6.2", "padding longer than the frame", .connectionError(.protocolError)) {
      $0.add(
        type: 1, flags: 0x5 | RawFrames.padded, stream: 1, [255] + RawFrames.fields(request))
    },
    Conformance("6.2", "too short for a priority", .connectionError(.frameSizeError)) {
      $0.add(type: 1, flags: 0x5 | RawFrames.priority, stream: 1, [0, 0, 0])
    },
    Conformance(
      "RFC 7540 5.3.1", "HEADERS that depend on themselves", .connectionError(.protocolError)
    ) {
      $0.add(
        type: 1, flags: 0x5 | RawFrames.priority, stream: 1,
        [0, 0, 0, 1, 16] + RawFrames.fields(request))
    },
    Conformance("6.3", "PRIORITY on stream 0", .connectionError(.protocolError)) {
      $0.dependency(0, on: 1)
    },
    Conformance("6.3", "PRIORITY of 4 octets", .connectionError(.frameSizeError)) {
      $0.addRequest(stream: 1)
      $0.add(type: 2, stream: 1, [0, 0, 0, 0])
    },
    Conformance("6.3", "PRIORITY on an idle stream", .fine(sections: 1)) {
      $0.dependency(5, on: 0)
      $0.addRequest(stream: 1)
    },
    Conformance(
      "RFC 7540 5.3.1", "a stream that depends on itself", .connectionError(.protocolError)
    ) {
      $0.addRequest(stream: 1)
      $0.dependency(1, on: 1)
    },
    Conformance("6.10", "one CONTINUATION", .fine(sections: 1)) {
      $0.headers(1, request, flags: RawFrames.endStream)
      $0.continuation(flags: RawFrames.endHeaders, [HTTPField("a", "b")])
    },
    Conformance("6.10", "eight, and an empty one among them", .fine(sections: 1)) {
      $0.headers(1, request, flags: RawFrames.endStream)
      for number in 0..<7 {
        $0.continuation(1, number == 3 ? [] : [HTTPField("a", "\(number)")])
      }
      $0.continuation(flags: RawFrames.endHeaders, [HTTPField("a", "b")])
    },
    Conformance("10.5.1", "nine", .connectionError(.enhanceYourCalm)) {
      $0.headers(1, request, flags: RawFrames.endStream)
      for _ in 0..<8 { $0.continuation() }
      $0.continuation(flags: RawFrames.endHeaders)
    },
    Conformance("6.10", "CONTINUATION alone", .connectionError(.protocolError)) {
      $0.continuation(flags: RawFrames.endHeaders, request)
    },
    Conformance("6.10", "CONTINUATION on stream 0", .connectionError(.protocolError)) {
      $0.headers(1, request, flags: 0)
      $0.continuation(0, flags: RawFrames.endHeaders)
    },
    Conformance("6.10", "CONTINUATION on another stream", .connectionError(.protocolError)) {
      $0.headers(1, request, flags: 0)
      $0.continuation(3, flags: RawFrames.endHeaders)
    },
    Conformance("6.10", "CONTINUATION behind an end", .connectionError(.protocolError)) {
      $0.addRequest(stream: 1)
      $0.continuation(flags: RawFrames.endHeaders)
    },
    Conformance("6.10", "CONTINUATION behind DATA", .connectionError(.protocolError)) {
      $0.addRequest(stream: 1)
      $0.data()
      $0.continuation(flags: RawFrames.endHeaders)
    },
  ]

  private static let control: [Conformance] = [
    Conformance("6.4", "RST_STREAM on stream 0", .connectionError(.protocolError)) { $0.reset(0) },
    Conformance("6.4", "RST_STREAM of 3 octets", .connectionError(.frameSizeError)) {
      $0.addRequest(stream: 1)
      $0.add(type: 3, stream: 1, [0, 0, 8])
    },
    Conformance("6.4", "an unknown error code", .fine(sections: 1)) {
      $0.addRequest(stream: 1)
      $0.reset(1, HTTP2ErrorCode(rawValue: 0xffff_ffff))
    },
    Conformance("6.5", "SETTINGS on a stream", .connectionError(.protocolError)) {
      $0.settings([], stream: 1)
    },
    Conformance("6.5", "an acknowledgement with a payload", .connectionError(.frameSizeError)) {
      $0.settings([(3, 1)], flags: 1)
    },
    Conformance("6.5", "SETTINGS of 7 octets", .connectionError(.frameSizeError)) {
      $0.add(type: 4, [0, 3, 0, 0, 0, 1, 0])
    },
    Conformance("6.5.2", "ENABLE_PUSH of 2", .connectionError(.protocolError)) {
      $0.settings([(2, 2)])
    },
    Conformance("6.5.2", "INITIAL_WINDOW_SIZE of 2^31", .connectionError(.flowControlError)) {
      $0.settings([(4, 1 << 31)])
    },
    Conformance("6.5.2", "MAX_FRAME_SIZE of 16,383", .connectionError(.protocolError)) {
      $0.settings([(5, 16383)])
    },
    Conformance("6.5.2", "MAX_FRAME_SIZE of 2^24", .connectionError(.protocolError)) {
      $0.settings([(5, 1 << 24)])
    },
    Conformance("6.5.2", "the largest values", .fine(sections: 0)) {
      $0.settings([(1, .max), (3, .max), (4, (1 << 31) - 1), (5, (1 << 24) - 1), (6, .max)])
    },
    Conformance("6.5.2", "an unknown setting", .fine(sections: 0)) { $0.settings([(0xff, 7)]) },
    Conformance("10.5", "32 settings", .fine(sections: 0)) {
      $0.settings(Array(repeating: (3, 100), count: 32))
    },
    Conformance("10.5", "33 settings", .connectionError(.enhanceYourCalm)) {
      $0.settings(Array(repeating: (3, 100), count: 33))
    },
    Conformance("6.6", "PUSH_PROMISE from a client", .connectionError(.protocolError)) {
      $0.addRequest(stream: 1)
      $0.add(type: 5, flags: 4, stream: 1, RawFrames.big(2) + RawFrames.fields(request))
    },
    Conformance("6.7", "PING on a stream", .connectionError(.protocolError)) {
      $0.add(type: 6, stream: 1, Array(repeating: 0, count: 8))
    },
    Conformance("6.7", "PING of 7 octets", .connectionError(.frameSizeError)) {
      $0.add(type: 6, Array(repeating: 0, count: 7))
    },
    Conformance("6.7", "an answer that nobody asked for", .fine(sections: 0)) {
      $0.add(type: 6, flags: 1, Array(repeating: 0, count: 8))
    },
    Conformance("6.8", "GOAWAY on a stream", .connectionError(.protocolError)) {
      $0.goAway(last: 0, stream: 1)
    },
    Conformance("6.8", "GOAWAY of 7 octets", .connectionError(.frameSizeError)) {
      $0.add(type: 7, Array(repeating: 0, count: 7))
    },
    Conformance("6.8", "a GOAWAY lets streams go on", .fine(sections: 2)) {
      $0.addRequest(stream: 1)
      $0.goAway(last: 0, 0xffff)
      $0.headers(1, trailers)
    },
  ]

  private static let windows: [Conformance] = [
    Conformance("6.9", "0 for the connection", .connectionError(.protocolError)) {
      $0.windowUpdate(0, 0)
    },
    // An error of its stream, which nghttp2 takes as one of the connection, as section 5.4.1 allows.
    Conformance("6.9", "0 for a stream", .connectionError(.protocolError)) {
      $0.addRequest(stream: 1)
      $0.windowUpdate(1, 0)
    },
    Conformance("6.9", "WINDOW_UPDATE of 3 octets", .connectionError(.frameSizeError)) {
      $0.add(type: 8, [0, 0, 1])
    },
    Conformance("6.9.1", "a connection's window above 2^31", .connectionError(.flowControlError)) {
      $0.windowUpdate(0, (1 << 31) - 1)
    },
    Conformance("6.9.1", "a stream's window above 2^31", .streamError(.flowControlError)) {
      $0.addRequest(stream: 1)
      $0.windowUpdate(1, (1 << 31) - 1)
    },
    Conformance("6.9.2", "SETTINGS lift a window above 2^31", .connectionError(.flowControlError)) {
      $0.addRequest(stream: 1)
      $0.windowUpdate(1, (1 << 31) - 1 - 65535)
      $0.settings([(4, 65536)])
    },
    Conformance("6.9.2", "SETTINGS make a window negative", .fine(sections: 1)) {
      $0.addRequest(stream: 1, endStream: true)
    } owner: { connection in
      connection.sendHeaders(response, on: 1, endStream: false)
      connection.write(pattern(60_000), on: 1)
    } afterwards: {
      $0.settings([(4, 0)])
      $0.settings([(4, 30_000)])
      $0.windowUpdate(1, 1)
    },
    Conformance(
      "6.9.1", "more DATA than the window",
      .connectionError(.flowControlError)
    ) {
      $0.addRequest(stream: 1)
      // Nothing is given back before the bytes are acted on, and these come at once.
      for _ in 0..<257 { $0.data(1, Array(repeating: 0, count: 256 << 10)) }
    },
  ]
}
