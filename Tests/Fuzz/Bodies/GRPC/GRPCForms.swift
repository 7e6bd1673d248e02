// gRPC's framing, header blocks and codecs.

internal import GRPC
internal import HTTP2
internal import NIOCore

enum GRPCForms {
  // MARK: Messages

  /// What became of a stream of messages.
  private struct Outcome: Equatable {
    var messages: [[UInt8]] = []
    /// Of the message that was not whole.
    var rest: [UInt8]?
    var error: GRPCStatus?
    var endError: GRPCStatus?
  }

  /// The bytes as they are: the same messages wherever they are cut, and those that the format
  /// says.
  static func rawMessages(_ input: inout FuzzInput) throws {
    let cuts = input.cuts()
    let shape = input.byte()
    let deframer = MessageDeframer(
      maximumLength: shape & 1 == 0 ? 4 << 20 : Int(input.byte()),
      encoding: shape & 2 == 0 ? .identity : .unsupported("gzip"), isServer: shape & 4 == 0)
    let bytes = input.rest()
    let whole = try deframe([ByteBuffer(bytes: bytes)], deframer)
    try requireEqual(try deframe(cuts.pieces(of: bytes), deframer), whole, "when cut")
    try requireEqual(
      whole.messages, expected(bytes, limit: deframer.maximumLength), "by the format's words")
  }

  /// Messages that were framed come out as they went in.
  static func framedMessages(_ input: inout FuzzInput) throws {
    let cuts = input.cuts()
    var messages: [[UInt8]] = []
    var stream = ByteBuffer()
    while !input.isEmpty {
      let message = input.take(input.choice(4) == 0 ? input.number16() : Int(input.byte()))
      messages.append(message)
      MessageFramer.writePrefix(length: message.count, into: &stream)
      stream.writeBytes(message)
    }
    let deframer = MessageDeframer(maximumLength: 1 << 16, isServer: true)
    let outcome = try deframe(cuts.pieces(of: Array(stream.readableBytesView)), deframer)
    try requireEqual(outcome, Outcome(messages: messages), "framed and deframed")
  }

  private static func deframe(
    _ pieces: [ByteBuffer], _ deframer: MessageDeframer
  ) throws -> Outcome {
    var deframer = deframer
    var outcome = Outcome()
    var expectedLength = 0
    for var piece in pieces {
      do {
        while let part = try deframer.next(from: &piece) {
          switch part {
          case .begin(let length):
            try require(outcome.rest == nil, "a message begins inside another")
            try require(length <= deframer.maximumLength, "a message beyond the limit begins")
            expectedLength = length
            outcome.rest = []
          case .fragment(let fragment):
            try require(fragment.readableBytes > 0, "an empty fragment")
            outcome.rest?.append(contentsOf: fragment.readableBytesView)
          case .end:
            try requireEqual(outcome.rest?.count, expectedLength, "a message's length")
            outcome.messages.append(outcome.rest ?? [])
            outcome.rest = nil
          }
        }
        try require(piece.readableBytes == 0, "bytes are left over")
      } catch let status as GRPCStatus {
        outcome.error = status
        break
      }
    }
    if let error = outcome.error {
      var more = ByteBuffer(repeating: 0, count: 5)
      do {
        _ = try deframer.next(from: &more)
        throw Violation(description: "an error was forgotten")
      } catch let status as GRPCStatus {
        try requireEqual(status, error, "the error that stays")
      }
    }
    do { try deframer.finish() } catch { outcome.endError = error }
    return outcome
  }

  /// The format in the fewest words.
  private static func expected(_ bytes: [UInt8], limit: Int) -> [[UInt8]] {
    var messages: [[UInt8]] = []
    var rest = bytes[...]
    while rest.count >= 5, rest.first == 0 {
      let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
      guard length <= limit, rest.count >= 5 + length else { break }
      messages.append(Array(rest.dropFirst(5).prefix(length)))
      rest = rest.dropFirst(5 + length)
    }
    return messages
  }

  // MARK: Header blocks

  private static let names = [
    ":method", ":path", ":scheme", ":authority", ":status", "content-type", "te", "grpc-timeout",
    "grpc-encoding", "grpc-status", "grpc-message", "user-agent", "host", "x-text", "x-bin",
    "a-bin",
    "headrace", "grpc-accept-encoding",
  ]
  private static let values = [
    "POST", "GET", "HEAD", "PUT", "/", "/ai.mantik.mnp.MnpService/About", "application/grpc",
    "application/grpc+proto; charset=x", "10S", "99999999H", "0n", "200", "404", "103", "0", "13",
    "gzip", "identity", "AAEC", "AA==,AQ", "%41%", "1; features=await", "",
  ]

  private static func block(_ input: inout FuzzInput, starting: [HTTPField]) -> [HTTPField] {
    var fields = starting
    for _ in 0..<input.choice(8) {
      let name = input.flag() ? input.pick(names) : input.text(input.choice(12))
      let value = input.flag() ? input.pick(values) : input.text(input.choice(40))
      fields.append(HTTPField(name, value))
    }
    return fields
  }

  /// A request is a call, a refusal or a page; and a call's metadata goes on as it came.
  static func request(_ input: inout FuzzInput) throws {
    let limit = 8192
    let starting =
      input.flag()
      ? ClientRequest.headers(path: "/s/m", authority: "a", scheme: "http") : []
    switch ServerHandshake.accept(block(&input, starting: starting), metadataLimit: limit) {
    case .call(let head):
      let again = ClientRequest.headers(
        path: head.path, authority: head.authority, scheme: "http", timeout: head.timeout,
        metadata: head.metadata)
      guard case .call(let copy) = ServerHandshake.accept(again, metadataLimit: limit) else {
        throw Violation(description: "what was a call is none when sent on")
      }
      try requireEqual(copy.path, head.path, "path")
      try requireEqual(copy.authority, head.authority, "authority")
      try requireEqual(copy.metadata, head.metadata, "metadata")
      try requireEqual(copy.timeout == nil, head.timeout == nil, "whether there is a timeout")
      if let timeout = head.timeout, let sent = copy.timeout {
        try require(sent >= timeout, "a timeout of \(timeout) became \(sent)")
      }
    case .reject(let status, let httpStatus):
      try require(!status.isOK, "a refusal that says OK")
      try require([200, 415].contains(httpStatus), "HTTP status \(httpStatus)")
      try checkTrailers(status)
    case .page(let page, _):
      let fields = ServerResponse.page(page, length: 0)
      try require(
        ["200", "404", "405"].contains(fields[0].value), "HTTP status \(fields[0].value)")
    }
  }

  /// What a server says of a status is what a client reads, up to the cut of a long message.
  private static func checkTrailers(_ status: GRPCStatus) throws {
    let fields = ServerResponse.trailersOnly(status)
    for field in fields {
      try require(
        field.value.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(field.name) is not ASCII")
      try require(field.value.utf8.count <= GRPCStatus.maximumEncodedMessage, "a long field")
    }
    var response = ClientResponse()
    guard case .end(let found, _) = response.received(headers: fields, endStream: true) else {
      throw Violation(description: "trailers-only that do not end a call")
    }
    try requireEqual(found.code, status.code, "the status that arrived")
    try require(
      isCut(Array(found.message.utf8), of: Array(status.message.utf8)), "the message that arrived")
  }

  /// Whether the one is the other, or its beginning and its end.
  private static func isCut(_ cut: [UInt8], of text: [UInt8]) -> Bool {
    let head = zip(cut, text).prefix { $0 == $1 }.count
    let tail = zip(cut.reversed(), text.reversed()).prefix { $0 == $1 }.count
    return cut == text || cut.isEmpty
      || head + tail >= cut.count - PercentEncoding.omission.utf8.count
  }

  /// Whatever a server sends, a call ends once, and nothing follows.
  static func response(_ input: inout FuzzInput) throws {
    var response = ClientResponse(metadataLimit: 300)
    var hasMetadata = false
    var hasEnded = false
    for _ in 0..<12 {
      let action: ClientResponse.Action
      switch input.choice(6) {
      case 0, 1:
        let starting = input.flag() ? ServerResponse.headers() : []
        action = response.received(
          headers: block(&input, starting: starting), endStream: input.flag())
      case 2, 3:
        let code = GRPCStatus.Code(rawValue: input.choice(17)) ?? .unknown
        let status = GRPCStatus(code, input.text(input.choice(30)))
        let starting = input.flag() ? ServerResponse.trailers(status) : []
        action = response.received(trailers: block(&input, starting: starting))
      case 4: action = response.receivedEndOfData()
      default:
        action =
          input.flag()
          ? response.streamClosed(HTTP2ErrorCode(rawValue: UInt32(input.choice(20))))
          : response.fail(GRPCStatus(.cancelled))
      }
      switch action {
      case .none: break
      case .metadata:
        try require(!hasMetadata && !hasEnded, "metadata that come late")
        hasMetadata = true
      case .end:
        try require(!hasEnded, "a second end")
        hasEnded = true
      }
    }
  }

  // MARK: Codecs

  static func codecs(_ input: inout FuzzInput) throws {
    switch input.choice(4) {
    case 0:
      let bytes = input.rest()
      for padded in [false, true] {
        let text = Base64.encode(bytes, padded: padded)
        try requireEqual(Base64.decode(text), bytes, "Base64 of \(bytes)")
      }
    case 1:
      let text = String(decoding: input.rest(), as: UTF8.self)
      guard let bytes = Base64.decode(text) else { return }
      let stripped = text.prefix { $0 != "=" }
      try requireEqual(Base64.encode(bytes, padded: false), String(stripped), "Base64 is not one")
    case 2:
      let limit = input.number16()
      let text = String(decoding: input.rest(), as: UTF8.self)
      try requireEqual(
        Array(PercentEncoding.decode(PercentEncoding.encode(text)).utf8), Array(text.utf8),
        "percent-encoding")
      let cut = PercentEncoding.encode(text, limit: limit)
      try require(cut.utf8.count <= limit, "a limit of \(limit) was not kept")
      try require(cut.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "not ASCII")
      try require(
        isCut(Array(PercentEncoding.decode(cut).utf8), of: Array(text.utf8)), "another text")
      // Anything can be decoded.
      _ = PercentEncoding.decode(text)
    default:
      let nanoseconds = Int64(bitPattern: input.number64()) >> Int64(input.choice(64))
      let text = GRPCTimeout.format(.nanoseconds(nanoseconds))
      guard let amount = GRPCTimeout.parse(text) else {
        throw Violation(description: "\(text) is no timeout")
      }
      try require(
        amount.nanoseconds >= min(nanoseconds, Int64.max / 4), "\(nanoseconds) became \(text)")
      if let parsed = GRPCTimeout.parse(String(decoding: input.rest(), as: UTF8.self)) {
        try require(parsed.nanoseconds >= 0, "a timeout of \(parsed)")
      }
    }
  }
}
