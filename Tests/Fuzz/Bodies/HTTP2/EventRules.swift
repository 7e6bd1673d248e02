// What must hold of the events of a connection, whatever the peer sends.

internal import HTTP2
internal import NIOCore

/// An event as a value that can be compared; neighbouring data of a stream is one record, wherever
/// it was cut.
enum EventRecord: Equatable {
  case headers(StreamID, [HTTPField], HeadersKind, endStream: Bool)
  case data(StreamID, [UInt8])
  case endOfData(StreamID)
  case closed(StreamID, HTTP2ErrorCode)
  case failed(HTTP2ErrorCode, String)
  case other(String)
}

/// Checks each event against those before it, and keeps the records.
struct EventRules {
  private struct State {
    var hasRequest = false
    var hasFinalResponse = false
    var peerEnded = false
    var isClosed = false
  }

  private let role: HTTP2Connection.Role
  private let maxHeaderListSize: Int
  private var streams: [StreamID: State] = [:]
  private(set) var records: [EventRecord] = []
  private(set) var hasFailed = false
  private(set) var dataBytes = 0
  private var lastGoAway = StreamID.max
  private var count = 0

  init(role: HTTP2Connection.Role, maxHeaderListSize: Int) {
    self.role = role
    self.maxHeaderListSize = maxHeaderListSize
  }

  /// A client's own stream.
  mutating func opened(_ id: StreamID) {
    streams[id] = State(hasRequest: true)
  }

  /// - Parameter received: bytes that the connection was given so far.
  mutating func check(_ events: [HTTP2Event], received: Int) throws {
    for event in events {
      try require(!hasFailed, "\(event) after the connection failed")
      try check(event)
    }
    count += events.count {
      // Data comes in as many events as there are pieces; the last two are of our own doing.
      switch $0 {
      case .data, .writable, .trailersSent: false
      default: true
      }
    }
    // A frame has at least 9 bytes, and does at most two things; a GOAWAY closes what was opened.
    try require(
      count <= received / 4 + streams.count + 8, "\(count) events from \(received) bytes")
    try require(dataBytes <= received, "\(dataBytes) bytes of data from \(received)")
  }

  private mutating func check(_ event: HTTP2Event) throws {
    switch event {
    case .headers(let id, let fields, let kind, let endStream):
      try check(fields, on: id)
      var state = streams[id] ?? State()
      try require(!state.isClosed && !state.peerEnded, "headers on \(id) after its end")
      switch kind {
      case .request:
        try require(role == .server && !state.hasRequest, "a second request on \(id)")
        try require(id % 2 == 1, "a client's stream is \(id)")
        state.hasRequest = true
      case .response, .informational:
        try require(
          role == .client && state.hasRequest && !state.hasFinalResponse,
          "a response on \(id) out of place")
        state.hasFinalResponse = kind == .response
      case .trailers:
        try require(
          role == .server ? state.hasRequest : state.hasFinalResponse, "trailers first on \(id)")
        try require(endStream, "trailers that do not end \(id)")
      }
      state.peerEnded = endStream
      streams[id] = state
      records.append(.headers(id, fields, kind, endStream: endStream))
    case .data(let id, let slice, let flowControlled, let endStream):
      let state = streams[id] ?? State()
      try require(
        role == .server ? state.hasRequest : state.hasFinalResponse, "data first on \(id)")
      try require(!state.isClosed && !state.peerEnded, "data on \(id) after its end")
      try requireEqual(flowControlled, slice.readableBytes, "flow control of data on \(id)")
      dataBytes += slice.readableBytes
      add(data: Array(slice.readableBytesView), on: id)
      if endStream {
        streams[id]?.peerEnded = true
        records.append(.endOfData(id))
      }
    case .streamClosed(let id, let code):
      try require(
        streams[id]?.isClosed == false, "\(id) closed without having been announced, or twice")
      streams[id]?.isClosed = true
      records.append(.closed(id, code))
    case .connectionFailed(let code, let message):
      try require(!message.isEmpty, "a failure without a message")
      hasFailed = true
      records.append(.failed(code, message))
    case .goAway(let last, let code, let message):
      try require(last <= lastGoAway, "a GOAWAY took streams back that another had given up")
      lastGoAway = last
      records.append(.other("GOAWAY \(last) \(code) \(message)"))
    case .settings(let settings):
      try require((16384...16_777_215).contains(settings.maxFrameSize), "\(settings)")
      try require((0...Int(Int32.max)).contains(settings.initialWindow), "\(settings)")
      records.append(
        .other(
          "SETTINGS \(settings.maxConcurrentStreams) \(settings.initialWindow)"
            + " \(settings.maxFrameSize) \(settings.maxHeaderListSize)"))
    case .pingAcknowledged(let number): records.append(.other("PING \(number)"))
    case .writable(let id): records.append(.other("writable \(id)"))
    case .trailersSent(let id): records.append(.other("sent \(id)"))
    }
  }

  /// What GRPC and MNP rely on without looking: names in lower case, no byte that ends a line.
  private func check(_ fields: [HTTPField], on id: StreamID) throws {
    let size = fields.reduce(0) { $0 + $1.size }
    try require(size <= maxHeaderListSize, "\(size) bytes of fields on \(id)")
    var regular = false
    for field in fields {
      try require(!field.name.isEmpty, "a field without a name on \(id)")
      for byte in field.name.utf8 {
        try require(
          byte > 0x20 && byte < 0x7F && !(0x41...0x5A).contains(byte), "the name \(field.name)")
      }
      for byte in field.value.utf8 {
        try require(byte != 0 && byte != 10 && byte != 13, "a line end in \(field.name)")
      }
      let isPseudo = field.name.utf8.first == UInt8(ascii: ":")
      try require(!(isPseudo && regular), "\(field.name) behind a regular field")
      if !isPseudo { regular = true }
    }
  }

  private mutating func add(data: [UInt8], on id: StreamID) {
    guard !data.isEmpty else { return }
    if case .data(id, let before) = records.last {
      records[records.count - 1] = .data(id, before + data)
    } else {
      records.append(.data(id, data))
    }
  }
}
