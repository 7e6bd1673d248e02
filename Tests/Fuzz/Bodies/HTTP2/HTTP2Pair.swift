// Two connections of ours, wired back to back: whatever their owners do, bytes arrive as they left.

internal import HTTP2
internal import NIOCore

/// A client and a server with the bytes that are on their way between them.
struct HTTP2Pair {
  /// What one direction of a stream has carried; the byte at an offset follows from the stream.
  private struct Direction {
    var sent = 0
    var received = 0
    var isFinished = false
    var hasEnded = false
  }

  private struct End {
    let connection: HTTP2Connection
    /// To the other end.
    var wire = ByteBuffer()
    var sending: [StreamID: Direction] = [:]
    var receiving: [StreamID: Direction] = [:]
    var heldOfConnection = 0
    var open: [StreamID] = []
    var answered: Set<StreamID> = []
    var broken: Set<StreamID> = []
  }

  private var ends: [End]

  static func run(_ input: inout FuzzInput) throws {
    var pair = HTTP2Pair(&input)
    for _ in 0..<400 where !input.isEmpty { try pair.step(&input) }
    try pair.settle()
  }

  private init(_ input: inout FuzzInput) {
    ends = [HTTP2Connection.Role.client, .server].map { role in
      var configuration = HTTP2Connection.Configuration()
      let size = input.byte()
      configuration.initialStreamWindow = [256 << 10, 1, 1000, 65535][Int(size & 3)]
      configuration.connectionWindow = size & 4 == 0 ? 64 << 20 : 65535
      configuration.maxFrameSize = size & 8 == 0 ? 256 << 10 : 16384
      configuration.maxConcurrentStreams = size & 16 == 0 ? 4096 : 2
      configuration.highWatermark = size & 32 == 0 ? 512 << 10 : 3000
      configuration.lowWatermark = size & 64 == 0 ? 2000 : 0
      return End(connection: HTTP2Connection(role: role, configuration: configuration))
    }
  }

  private static func bytes(of id: StreamID, from offset: Int, count: Int) -> ByteBuffer {
    ByteBuffer(
      bytes: (offset..<offset + count).map {
        UInt8(truncatingIfNeeded: ($0 &+ Int(id)) &* 31 ^ $0 >> 8)
      })
  }

  private mutating func step(_ input: inout FuzzInput) throws {
    let side = input.choice(2)
    let connection = ends[side].connection
    switch input.choice(10) {
    case 0, 1: try send(from: side, limit: input.flag() ? 1 : 1 + input.number16())
    case 2, 3: try deliver(from: side, 1 + input.number16())
    case 4: connection.ping(input.number64())
    case 5 where side == 0:
      guard connection.canOpenStream else { return }
      let ends = input.choice(4) == 0
      let id = try connection.openStream(
        [
          HTTPField(":method", "POST"), HTTPField(":scheme", "http"), HTTPField(":path", "/S/M"),
          HTTPField(":authority", "localhost"),
        ], endStream: ends)
      self.ends[side].open.append(id)
      self.ends[side].answered.insert(id)
      self.ends[side].sending[id] = Direction(isFinished: ends)
      self.ends[side].receiving[id] = Direction()
    default:
      guard !ends[side].open.isEmpty else { return }
      act(side, on: input.pick(ends[side].open), &input)
    }
  }

  private mutating func act(_ side: Int, on id: StreamID, _ input: inout FuzzInput) {
    let connection = ends[side].connection
    let canWrite =
      ends[side].answered.contains(id) && ends[side].sending[id]?.isFinished == false
    switch input.choice(8) {
    case 0 where !ends[side].answered.contains(id): answer(side, id, endStream: input.flag())
    case 1, 2, 3:
      guard canWrite else { return }
      let count = input.number16()
      let offset = ends[side].sending[id]?.sent ?? 0
      connection.write(Self.bytes(of: id, from: offset, count: count), on: id)
      ends[side].sending[id]?.sent += count
    case 4:
      guard canWrite else { return }
      finish(side, id, trailers: input.flag())
    case 5: connection.setReceiveWindow(id, bytes: 1 + input.number16())
    case 6 where input.choice(4) == 0:
      connection.reset(id, .cancel)
      for side in ends.indices { ends[side].broken.insert(id) }
      ends[side].open.removeAll { $0 == id }
    default: credit(side, id)
    }
  }

  private mutating func answer(_ side: Int, _ id: StreamID, endStream: Bool) {
    ends[side].connection.sendHeaders([HTTPField(":status", "200")], on: id, endStream: endStream)
    ends[side].answered.insert(id)
    ends[side].sending[id] = Direction(isFinished: endStream)
  }

  private mutating func finish(_ side: Int, _ id: StreamID, trailers: Bool) {
    ends[side].sending[id]?.isFinished = true
    ends[side].connection.finish(id, trailers: trailers ? [HTTPField("grpc-status", "0")] : nil)
  }

  private mutating func credit(_ side: Int, _ id: StreamID) {
    let connection = ends[side].connection
    connection.creditStream(id, connection.heldBytes(on: id))
    connection.creditConnection(ends[side].heldOfConnection)
    ends[side].heldOfConnection = 0
  }

  private mutating func send(from side: Int, limit: Int) throws {
    var out: [ByteBuffer] = []
    _ = ends[side].connection.produce(limit: limit, into: &out)
    for buffer in out { ends[side].wire.writeImmutableBuffer(buffer) }
    try takeEvents(side)
  }

  private mutating func deliver(from side: Int, _ count: Int) throws {
    let count = min(count, ends[side].wire.readableBytes)
    guard let piece = ends[side].wire.readSlice(length: count) else { return }
    ends[1 - side].connection.receive(piece, now: .uptimeNanoseconds(1))
    try takeEvents(1 - side)
  }

  private mutating func takeEvents(_ side: Int) throws {
    var events: [HTTP2Event] = []
    ends[side].connection.takeEvents(into: &events)
    for event in events {
      switch event {
      case .headers(let id, _, let kind, let endStream):
        if kind == .request {
          ends[side].open.append(id)
          ends[side].receiving[id] = Direction()
        }
        if endStream { try end(side, id) }
      case .data(let id, let slice, let count, let endStream):
        let offset = ends[side].receiving[id]?.received ?? 0
        try requireEqual(
          slice, Self.bytes(of: id, from: offset, count: count), "bytes on \(id) from \(offset)")
        ends[side].receiving[id]?.received += count
        ends[side].heldOfConnection += count
        if endStream { try end(side, id) }
      case .streamClosed(let id, let code):
        ends[side].open.removeAll { $0 == id }
        let ended = ends[side].receiving[id]?.hasEnded == true
        try require(
          ended == (code == .noError) || ends[side].broken.contains(id) || code == .refusedStream,
          "stream \(id) closed with \(code), its end had come: \(ended)")
        if code != .noError { ends[1 - side].broken.insert(id) }
      case .connectionFailed(let code, let message):
        throw Violation(description: "\(side == 0 ? "client" : "server"): \(code) \(message)")
      default: break
      }
    }
  }

  private mutating func end(_ side: Int, _ id: StreamID) throws {
    ends[side].receiving[id]?.hasEnded = true
    let received = ends[side].receiving[id]?.received
    let sent = ends[1 - side].sending[id]
    try require(sent?.isFinished == true, "stream \(id) has an end that nobody wrote")
    try requireEqual(received, sent?.sent, "bytes on \(id) at its end")
  }

  /// Every owner reads on and finishes: then every stream closes, and nothing is left.
  private mutating func settle() throws {
    for round in 0..<100_000 {
      for side in ends.indices {
        for id in ends[side].open where !ends[side].broken.contains(id) {
          if !ends[side].answered.contains(id) { answer(side, id, endStream: false) }
          if ends[side].sending[id]?.isFinished == false { finish(side, id, trailers: side == 1) }
          // A window of some bytes is no fault, but slow.
          if round == 0 { ends[side].connection.setReceiveWindow(id, bytes: 1 << 20) }
          credit(side, id)
        }
        credit(side, 0)
        try send(from: side, limit: 64 << 10)
        try deliver(from: side, .max)
      }
      if ends.allSatisfy({ $0.connection.streamCount == 0 && $0.wire.readableBytes == 0 }) {
        return
      }
    }
    throw Violation(
      description: "streams never close: \(ends[0].open) at the client, \(ends[1].open) at the"
        + " server")
  }
}
