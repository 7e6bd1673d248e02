// Two connections wired back to back by bytes alone, and frames made by hand for bad peers.

import NIOCore

@testable import HTTP2

/// One end: a connection and everything it has told so far.
final class Endpoint {
  let connection: HTTP2Connection
  var events: [HTTP2Event] = []
  /// Returns all credit at once, as an owner that is never slow does.
  var returnsCredit = true

  init(_ role: HTTP2Connection.Role, _ change: (inout HTTP2Connection.Configuration) -> Void) {
    var configuration = HTTP2Connection.Configuration()
    change(&configuration)
    connection = HTTP2Connection(role: role, configuration: configuration)
  }

  func receive(_ bytes: ByteBuffer, now: NIODeadline = .uptimeNanoseconds(1)) {
    connection.receive(bytes, now: now)
    collect()
  }

  private func collect() {
    var batch: [HTTP2Event] = []
    connection.takeEvents(into: &batch)
    for case .data(let id, _, let count, _) in batch {
      connection.creditConnection(count)
      if returnsCredit { connection.creditStream(id, count) }
    }
    events += batch
  }

  /// Everything there is to send, in batches of about `limit` bytes.
  func output(limit: Int = 256 << 10) -> [ByteBuffer] {
    var out: [ByteBuffer] = []
    while connection.produce(limit: limit, into: &out) {}
    collect()
    return out
  }

  /// Everything there is to send, as one buffer.
  func bytes() -> ByteBuffer {
    output().reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }
  }

  func take() -> [HTTP2Event] {
    defer { events = [] }
    return events
  }

  /// The payload that came on a stream so far.
  func body(of stream: StreamID) -> ByteBuffer {
    var body = ByteBuffer()
    for case .data(stream, let slice, _, _) in events { body.writeImmutableBuffer(slice) }
    return body
  }
}

final class Pair {
  let client: Endpoint
  let server: Endpoint

  init(
    client: (inout HTTP2Connection.Configuration) -> Void = { _ in },
    server: (inout HTTP2Connection.Configuration) -> Void = { _ in },
    settled: Bool = true
  ) {
    self.client = Endpoint(.client, client)
    self.server = Endpoint(.server, server)
    if settled {
      exchange()
      _ = self.client.take()
      _ = self.server.take()
    }
  }

  /// Carries bytes both ways until both ends are quiet.
  func exchange(limit: Int = 256 << 10) {
    while true {
      let there = client.output(limit: limit)
      for bytes in there { server.receive(bytes) }
      let back = server.output(limit: limit)
      for bytes in back { client.receive(bytes) }
      if there.isEmpty && back.isEmpty { return }
    }
  }

  /// Opens a stream and lets the server know of it.
  func open(endStream: Bool = false) throws -> StreamID {
    let id = try client.connection.openStream(request, endStream: endStream)
    exchange()
    return id
  }
}

let request = [
  HTTPField(":method", "POST"), HTTPField(":scheme", "http"), HTTPField(":path", "/S/M"),
  HTTPField(":authority", "localhost"), HTTPField("te", "trailers"),
  HTTPField("content-type", "application/grpc"),
]
let response = [HTTPField(":status", "200"), HTTPField("content-type", "application/grpc")]
let trailers = [HTTPField("grpc-status", "0")]

/// Bytes that differ from place to place, so that a swap is seen.
func pattern(_ count: Int) -> ByteBuffer {
  ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) })
}

/// Events as text, with neighbouring data joined, to compare transcripts that were cut apart.
func transcript(_ events: [HTTP2Event]) -> [String] {
  var lines: [String] = []
  var data: (stream: StreamID, bytes: [UInt8])?
  func flush() {
    if let data { lines.append("data \(data.stream) \(data.bytes)") }
    data = nil
  }
  for event in events {
    guard case .data(let id, let slice, _, let end) = event else {
      flush()
      lines.append("\(event)")
      continue
    }
    if data?.stream != id { flush() }
    data = (id, (data?.bytes ?? []) + Array(slice.readableBytesView))
    if end {
      flush()
      lines.append("end \(id)")
    }
  }
  flush()
  return lines
}

/// Frames written by hand.
struct RawFrames {
  var bytes = ByteBuffer()

  /// Starts as a client does: preface and empty SETTINGS.
  static var client: RawFrames {
    var frames = RawFrames()
    frames.bytes.writeString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    frames.add(type: 4)
    return frames
  }

  mutating func add(type: UInt8, flags: UInt8 = 0, stream: StreamID = 0, _ payload: [UInt8] = []) {
    bytes.writeInteger(UInt8(payload.count >> 16))
    bytes.writeInteger(UInt16(payload.count & 0xffff))
    bytes.writeInteger(type)
    bytes.writeInteger(flags)
    bytes.writeInteger(stream)
    bytes.writeBytes(payload)
  }

  /// HPACK literals without indexing, with a new name: nothing to keep in step.
  static func fields(_ fields: [HTTPField]) -> [UInt8] {
    func string(_ text: String) -> [UInt8] {
      let count = text.utf8.count
      guard count >= 127 else { return [UInt8(count)] + Array(text.utf8) }
      var rest = count - 127
      var prefix: [UInt8] = [127]
      while rest >= 128 {
        prefix.append(UInt8(rest & 0x7f) | 0x80)
        rest >>= 7
      }
      return prefix + [UInt8(rest)] + Array(text.utf8)
    }
    return fields.flatMap { [0] + string($0.name) + string($0.value) }
  }

  mutating func addRequest(stream: StreamID, endStream: Bool = false, extra: [HTTPField] = []) {
    add(
      type: 1, flags: endStream ? 0x5 : 0x4, stream: stream, RawFrames.fields(request + extra))
  }
}

/// The headers of the frames in `bytes`.
func frames(in bytes: ByteBuffer) -> [(type: UInt8, flags: UInt8, stream: StreamID, length: Int)] {
  var bytes = bytes
  var all: [(UInt8, UInt8, StreamID, Int)] = []
  while let high: UInt8 = bytes.readInteger(), let low: UInt16 = bytes.readInteger(),
    let type: UInt8 = bytes.readInteger(), let flags: UInt8 = bytes.readInteger(),
    let stream: StreamID = bytes.readInteger()
  {
    let length = Int(high) << 16 | Int(low)
    all.append((type, flags, stream, length))
    bytes.moveReaderIndex(forwardBy: min(length, bytes.readableBytes))
  }
  return all
}

extension HTTP2Event {
  var isWritable: Bool { if case .writable = self { true } else { false } }
  var isTrailersSent: Bool { if case .trailersSent = self { true } else { false } }
  var closed: HTTP2ErrorCode? { if case .streamClosed(_, let code) = self { code } else { nil } }
  var failed: HTTP2ErrorCode? {
    if case .connectionFailed(let code, _) = self { code } else { nil }
  }
  var fields: [HTTPField]? { if case .headers(_, let fields, _, _) = self { fields } else { nil } }
  var kind: HeadersKind? { if case .headers(_, _, let kind, _) = self { kind } else { nil } }
}
