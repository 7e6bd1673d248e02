// What a connection makes of a peer's bytes: raw, as frames, and while its owner answers.

internal import HTTP2
internal import NIOCore

enum HTTP2Forms {
  typealias Role = HTTP2Connection.Role

  /// The bytes as they are.
  static func raw(_ role: Role, _ input: inout FuzzInput) throws {
    let cuts = input.cuts()
    try compareCuts(role, input.rest(), cuts)
  }

  /// Frames made from choices.
  static func frames(_ role: Role, _ input: inout FuzzInput) throws {
    let cuts = input.cuts()
    try compareCuts(role, FrameWriter.write(isServer: role == .client, &input), cuts)
  }

  /// What came of a peer's bytes.
  private struct Outcome {
    var records: [EventRecord]
    /// Frames in an order that does not depend on cuts: credits and resets are due at the end of a
    /// piece, and so stand elsewhere among the answers.
    var sent: [[UInt8]]
    /// GOAWAY came, and there are no streams.
    var isOver: Bool

    var hasFailed: Bool {
      if case .failed = records.last { true } else { false }
    }

    /// It failed for their number.
    var hasContinuations: Bool {
      guard case .failed(.enhanceYourCalm, let message) = records.last else { return false }
      return message.contains("CONTINUATION")
    }
  }

  /// Wherever the bytes are cut, the same comes of them.
  private static func compareCuts(_ role: Role, _ bytes: [UInt8], _ cuts: Cuts) throws {
    let whole = try listen(role, [ByteBuffer(bytes: bytes)])
    let cut = try listen(role, cuts.pieces(of: bytes))
    // Two things of the library's. Behind a GOAWAY, with no stream left, it reads to the end of the
    // piece and then no more. And it counts a CONTINUATION anew for each piece of its header.
    if cut.isOver || cut.hasContinuations {
      let before = cut.hasContinuations ? cut.records.dropLast() : cut.records[...]
      return try require(
        whole.records.starts(with: before), "\(before) when cut, else \(whole.records)")
    }
    try requireEqual(cut.records, whole.records, "events when cut")
    // Resets that were due with the failure are not made any more.
    if !whole.hasFailed { try requireEqual(cut.sent, whole.sent, "frames sent when cut") }
  }

  /// Takes all pieces, then says what it has to say.
  private static func listen(
    _ role: Role, _ pieces: [ByteBuffer]
  ) throws -> Outcome {
    var end = try WatchedConnection(role: role, configuration: .init())
    if role == .client {
      for endStream in [true, false, false] { try end.open(endStream: endStream) }
      _ = try end.produce(limit: 64 << 10)
    }
    for piece in pieces { try end.receive(piece) }
    let output = try end.produce(limit: 64 << 10)
    // Once everything has been said, a connection that failed is over.
    try require(!end.rules.hasFailed || end.connection.isFinished, "failed, and goes on")
    return Outcome(
      records: end.rules.records,
      sent: Frames.split(output).sorted { $0.lexicographicallyPrecedes($1) },
      isOver: end.connection.isDraining && end.connection.isFinished && !end.rules.hasFailed)
  }

  /// The owner answers, resets and returns credit while the peer goes on.
  static func conversation(_ role: Role, _ input: inout FuzzInput) throws {
    let cuts = input.cuts()
    var configuration = HTTP2Connection.Configuration()
    let size = input.byte()
    configuration.initialStreamWindow = size & 1 == 0 ? 256 << 10 : 100
    configuration.connectionWindow = size & 2 == 0 ? 64 << 20 : 65535
    configuration.maxHeaderListSize = size & 4 == 0 ? 16 << 10 : 300
    configuration.maxConcurrentStreams = size & 8 == 0 ? 4096 : 2
    configuration.highWatermark = size & 16 == 0 ? 512 << 10 : 1000
    configuration.lowWatermark = size & 32 == 0 ? 1000 : 0
    var choices = FuzzInput(input.take(64))
    let bytes = FrameWriter.write(isServer: role == .client, &input)

    var end = try WatchedConnection(role: role, configuration: configuration)
    for piece in cuts.pieces(of: bytes) {
      try end.receive(piece)
      try end.act(&choices)
      if choices.flag() { _ = try end.produce(limit: choices.flag() ? 1 : 64 << 10) }
    }
    try end.creditAll()
    _ = try end.produce(limit: 1000)
    end.connection.goAway(.noError, message: "done")
    for id in end.open { end.connection.reset(id, .cancel) }
    _ = try end.produce(limit: 64 << 10)
    // The owner has not heard of a request whose head is not whole: one, since nothing may come between.
    let unheard = role == .server ? 1 : 0
    try require(
      end.connection.streamCount <= unheard, "streams are left after all were reset")
    try require(
      end.connection.isFinished == (end.connection.streamCount == 0), "not finished, or too early")
  }
}

/// A connection, the rules for its events, and an owner that keeps the API's own rules.
struct WatchedConnection {
  let connection: HTTP2Connection
  private(set) var rules: EventRules
  private var received = 0
  private var events: [HTTP2Event] = []
  private var held: [StreamID: Int] = [:]
  private var heldOfConnection = 0
  /// Streams that the owner knows of and that have not closed.
  private(set) var open: [StreamID] = []
  private var answered: Set<StreamID> = []
  private var finished: Set<StreamID> = []

  init(role: HTTP2Connection.Role, configuration: HTTP2Connection.Configuration) throws {
    connection = HTTP2Connection(role: role, configuration: configuration)
    rules = EventRules(role: role, maxHeaderListSize: configuration.maxHeaderListSize)
  }

  mutating func open(endStream: Bool) throws {
    let request = [
      HTTPField(":method", "POST"), HTTPField(":scheme", "http"), HTTPField(":path", "/S/M"),
      HTTPField(":authority", "localhost"),
    ]
    let id = try connection.openStream(request, endStream: endStream)
    rules.opened(id)
    open.append(id)
    answered.insert(id)
    if endStream { finished.insert(id) }
  }

  mutating func receive(_ bytes: ByteBuffer) throws {
    received += bytes.readableBytes
    connection.receive(bytes, now: .uptimeNanoseconds(1))
    try takeEvents()
  }

  /// All frames that are due.
  mutating func produce(limit: Int) throws -> [UInt8] {
    var out: [ByteBuffer] = []
    var rounds = 0
    while connection.produce(limit: limit, into: &out) {
      rounds += 1
      try require(rounds < 100_000, "output without end")
    }
    try takeEvents()
    return out.flatMap { Array($0.readableBytesView) }
  }

  private mutating func takeEvents() throws {
    connection.takeEvents(into: &events)
    try rules.check(events, received: received)
    for event in events {
      switch event {
      case .headers(let id, _, kind: .request, _): open.append(id)
      case .data(let id, _, let count, _):
        held[id, default: 0] += count
        heldOfConnection += count
      case .streamClosed(let id, _): forget(id)
      case .connectionFailed: for id in open { forget(id) }
      default: break
      }
    }
  }

  private mutating func forget(_ id: StreamID) {
    open.removeAll { $0 == id }
    held[id] = nil
  }

  /// One thing that an owner does.
  mutating func act(_ choices: inout FuzzInput) throws {
    switch choices.choice(12) {
    case 0: try creditAll()
    case 1: connection.ping(choices.number64())
    case 2 where connection.role == .server: connection.shutdownNotice()
    case 3 where choices.choice(8) == 0: connection.goAway(.noError, message: "going")
    case 4 where connection.canOpenStream: try open(endStream: choices.flag())
    default:
      guard !open.isEmpty else { return }
      try act(on: choices.pick(open), &choices)
    }
  }

  private mutating func act(on id: StreamID, _ choices: inout FuzzInput) throws {
    try requireEqual(connection.heldBytes(on: id), held[id] ?? 0, "bytes held of \(id)")
    switch choices.choice(8) {
    case 0, 1:
      if answered.insert(id).inserted {
        let ends = choices.flag()
        connection.sendHeaders([HTTPField(":status", "200")], on: id, endStream: ends)
        if ends { finished.insert(id) }
      }
    case 2, 3:
      guard answered.contains(id), !finished.contains(id) else { return }
      connection.write(ByteBuffer(repeating: 7, count: choices.number16()), on: id)
    case 4 where answered.contains(id) && !finished.contains(id):
      finished.insert(id)
      connection.finish(id, trailers: choices.flag() ? [HTTPField("grpc-status", "0")] : nil)
    case 5:
      connection.reset(id, .cancel)
      forget(id)
    case 6: connection.setReceiveWindow(id, bytes: 1 + choices.number16())
    default:
      let part = (held[id] ?? 0) / 2
      held[id, default: 0] -= part
      connection.creditStream(id, part)
    }
  }

  mutating func creditAll() throws {
    for (id, count) in held { connection.creditStream(id, count) }
    held = [:]
    connection.creditConnection(heldOfConnection)
    heldOfConnection = 0
  }
}

enum Frames {
  /// The frames of what was sent, each with its header; the client's preface is one of them.
  static func split(_ bytes: [UInt8]) -> [[UInt8]] {
    var rest = bytes[...]
    var frames: [[UInt8]] = []
    if rest.starts(with: Array("PRI".utf8)) {
      frames.append(Array(rest.prefix(24)))
      rest = rest.dropFirst(24)
    }
    while rest.count >= 9 {
      let length = rest.prefix(3).reduce(0) { $0 << 8 | Int($1) }
      frames.append(Array(rest.prefix(9 + length)))
      rest = rest.dropFirst(9 + length)
    }
    if !rest.isEmpty { frames.append(Array(rest)) }
    return frames
  }
}
