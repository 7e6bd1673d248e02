// Each transcript again, cut in two at every offset, and byte by byte.

import NIOCore
import Testing

@testable import HTTP2

@Suite struct CutTests {
  /// What a client sends: requests, data with and without end, trailers, a reset, a ping.
  private static func clientTranscript() throws -> ByteBuffer {
    let client = Endpoint(.client) { _ in }
    let connection = client.connection
    let first = try connection.openStream(request, endStream: false)
    let second = try connection.openStream(request + [HTTPField("x-y", "z")], endStream: true)
    let third = try connection.openStream(request, endStream: false)
    connection.write(pattern(300), on: first)
    var bytes = client.bytes()
    connection.write(pattern(20), on: first)
    connection.finish(first)
    connection.write(pattern(5), on: third)
    connection.ping(42)
    bytes.writeImmutableBuffer(client.bytes())
    connection.reset(third, .cancel)
    connection.goAway(.noError, message: "bye")
    bytes.writeImmutableBuffer(client.bytes())
    #expect(second == 3)
    return bytes
  }

  private static func serverTranscript() throws -> ByteBuffer {
    let pair = Pair(settled: false)
    let first = try pair.client.connection.openStream(request, endStream: true)
    let second = try pair.client.connection.openStream(request, endStream: true)
    let third = try pair.client.connection.openStream(request, endStream: false)
    for bytes in pair.client.output() { pair.server.receive(bytes) }
    let connection = pair.server.connection
    connection.sendHeaders(response, on: first, endStream: false)
    connection.write(pattern(300), on: first)
    connection.finish(first, trailers: trailers)
    connection.sendHeaders(response + trailers, on: second, endStream: true)
    connection.sendHeaders(response, on: third, endStream: false)
    var bytes = pair.server.bytes()
    connection.reset(third, .internalError)
    connection.shutdownNotice()
    bytes.writeImmutableBuffer(pair.server.bytes())
    return bytes
  }

  private func check(_ bytes: ByteBuffer, _ make: () throws -> Endpoint) throws {
    func events(cutAt cuts: [Int]) throws -> [String] {
      let endpoint = try make()
      var at = bytes.readerIndex
      for cut in cuts + [bytes.writerIndex] {
        if let piece = bytes.getSlice(at: at, length: cut - at) { endpoint.receive(piece) }
        at = cut
      }
      _ = endpoint.bytes()
      return transcript(endpoint.events)
    }
    let whole = try events(cutAt: [])
    #expect(whole.count > 8)
    for cut in 1..<bytes.readableBytes {
      #expect(try events(cutAt: [cut]) == whole, "cut at \(cut)")
    }
    #expect(try events(cutAt: Array(1..<bytes.readableBytes)) == whole)
  }

  /// What the owner queues while half of a SETTINGS frame is there is not that frame's doing.
  @Test func theOwnerActsInTheMiddleOfSettings() throws {
    let settings = Endpoint(.server) { _ in }.bytes()
    for cut in 0...settings.readableBytes {
      let client = Endpoint(.client) { _ in }
      client.receive(settings.getSlice(at: 0, length: cut) ?? ByteBuffer())
      for _ in 0..<3 { _ = try client.connection.openStream(request, endStream: false) }
      client.connection.ping(1)
      let rest = settings.getSlice(at: cut, length: settings.readableBytes - cut)
      client.receive(rest ?? ByteBuffer())
      #expect(!client.events.contains { $0.failed != nil }, "cut at \(cut)")
      #expect(client.connection.streamCount == 3)
    }
  }

  @Test func whatAServerReceives() throws {
    try check(Self.clientTranscript()) { Endpoint(.server) { _ in } }
  }

  @Test func whatAClientReceives() throws {
    try check(Self.serverTranscript()) {
      let client = Endpoint(.client) { _ in }
      _ = try client.connection.openStream(request, endStream: true)
      _ = try client.connection.openStream(request, endStream: true)
      _ = try client.connection.openStream(request, endStream: false)
      _ = client.bytes()
      _ = client.take()
      return client
    }
  }

  /// Garbage must end in an orderly way wherever it is cut: a failure, or nothing yet.
  @Test func aBrokenTranscript() throws {
    var raw = RawFrames.client
    raw.addRequest(stream: 1)
    raw.add(type: 0, stream: 0, [1, 2, 3])
    raw.addRequest(stream: 3)
    for cut in 1..<raw.bytes.readableBytes {
      let server = Endpoint(.server) { _ in }
      for (at, length) in [(0, cut), (cut, raw.bytes.readableBytes - cut)] {
        if let piece = raw.bytes.getSlice(at: at, length: length) { server.receive(piece) }
        _ = server.bytes()
      }
      #expect(server.events.compactMap(\.failed) == [.protocolError], "cut at \(cut)")
    }
  }
}
