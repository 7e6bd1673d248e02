// MNP's control messages, ids and URLs: what is read can be written, and reads back the same.

internal import MNP
internal import NIOCore

enum MNPForms {
  private static let messages: [@Sendable (ByteBuffer) throws -> Void] = [
    roundTrip(AboutResponse.self), roundTrip(InitRequest.self), roundTrip(InitResponse.self),
    roundTrip(QuitSessionRequest.self), roundTrip(PullRequest.self),
    roundTrip(QueryTaskRequest.self), roundTrip(QueryTaskResponse.self), roundTrip(Failure.self),
    roundTrip(Configuration.self), roundTrip(MantikInitConfiguration.self),
    roundTrip(BridgeAboutResponse.self), roundTrip(AnyMessage.self), roundTrip(EmptyMessage.self),
    roundTrip(Checksum.self),
  ]

  /// A message that came in pieces.
  static func controlMessage(_ input: inout FuzzInput) throws {
    let cuts = input.cuts()
    let check = input.pick(messages)
    try check(collect(input.rest(), cuts))
  }

  /// A message of fields with numbers and wire types as the protocol has them, over and over.
  static func fields(_ input: inout FuzzInput) throws {
    let cuts = input.cuts()
    let check = input.pick(messages)
    try check(collect(ProtobufWriter.message(&input, depth: 0), cuts))
  }

  private static func collect(_ bytes: [UInt8], _ cuts: Cuts) throws -> ByteBuffer {
    var collector = MessageCollector()
    try collector.begin(length: bytes.count)
    for piece in cuts.pieces(of: bytes) { collector.receive(piece) }
    let message = collector.end()
    try requireEqual(Array(message.readableBytesView), bytes, "a message put together")
    return message
  }

  private static func roundTrip<Message: ControlMessage>(
    _: Message.Type
  ) -> @Sendable (ByteBuffer) throws -> Void {
    { bytes in
      let message: Message
      do { message = try Message(decoding: bytes) } catch let error as MNPError {
        return try check(error)
      }
      let encoded = message.encoded()
      // A negative number may come in 5 bytes and leaves in 10; nothing else grows.
      try require(
        encoded.readableBytes <= 3 * bytes.readableBytes,
        "\(bytes.readableBytes) bytes became \(encoded.readableBytes)")
      let again = try Message(decoding: encoded)
      try requireEqual(again, message, "decoded, encoded, decoded")
      try requireEqual(again.encoded(), encoded, "encoded twice")
      try checkEmbedded(message)
    }
  }

  private static func checkEmbedded(_ message: some ControlMessage) throws {
    guard let any = message as? AnyMessage ?? (message as? InitRequest)?.configuration else {
      return
    }
    do {
      if let configuration = try any.unpacked(as: Configuration.self) {
        try requireEqual(
          try AnyMessage(configuration).unpacked(), configuration, "a configuration embedded")
      }
      _ = try any.unpacked(as: MantikInitConfiguration.self)
    } catch let error as MNPError { try check(error) }
  }

  /// An error's message goes into logs and terminals.
  static func check(_ error: MNPError) throws {
    try require(!error.message.isEmpty, "an error without a message")
    try require(error.message.utf8.count <= 4096, "a message of \(error.message.utf8.count) bytes")
    try require(
      error.message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control },
      "a control character in: \(error.message)")
  }

  // MARK: Texts

  private static let pieces = [
    "mnp://", "mnps://", "MNP://", "host", "127.0.0.1", "[::1]", "[fe80::1%eth0]", ":8502", ":0",
    ":65536", "/", "session", "/0", "/4294967296", "?", "#", "%2F", "é", "e\u{301}", "\u{301}",
    "\u{202E}", "\0", " ", "..", "@", "-1", "+1", "\u{FEFF}",
  ]

  /// URLs, ids and features.
  static func texts(_ input: inout FuzzInput) throws {
    var text = ""
    if input.flag() {
      while !input.isEmpty { text += input.pick(pieces) }
    } else {
      text = String(decoding: input.rest(), as: UTF8.self)
    }
    try checkURL(text)
    try checkIdentifiers(text)
    let features = Features(parsing: text)
    try requireEqual(Features(parsing: features.description), features, "features")
  }

  private static func checkURL(_ text: String) throws {
    do {
      let url = try NodeURL(text)
      let written = url.description
      let again = try NodeURL(written)
      try requireEqual(again, url, "a URL read again")
      try requireEqual(Array(again.description.utf8), Array(written.utf8), "a URL written again")
      try require((1...65535).contains(url.tcpPort) && !url.host.isEmpty, "\(url)")
      try require(url.port == nil || url.session != nil, "a port without a session: \(url)")
      try require((url.port ?? 0) >= 0, "\(url)")
      // What may stand in an authority, byte for byte: it goes into a header field.
      try require(url.authority.utf8.allSatisfy { (0x21...0x7E).contains($0) }, url.authority)
    } catch let error as MNPError { try check(error) }
    do {
      let destination = try NodeURL(destination: text)
      try require(destination.session != nil && destination.port != nil, "\(destination)")
      try requireEqual(destination, try NodeURL(text), "a destination as a URL")
    } catch let error as MNPError { try check(error) }
  }

  private static func checkIdentifiers(_ text: String) throws {
    do {
      let id = try SessionID(text)
      try requireEqual(Array(id.description.utf8), Array(text.utf8), "an id")
      try require((1...256).contains(text.utf8.count), "an id of \(text.utf8.count) bytes")
      try require(!text.utf8.contains(UInt8(ascii: "/")), "an id with a slash")
      try requireEqual(
        try NodeURL(NodeURL(host: "h", session: id, port: 1).description).session, id,
        "an id in a URL")
      try requireEqual(
        try PullRequest(
          decoding: PullRequest(sessionID: id, taskID: TaskID(text), port: 0).encoded()
        ).sessionID, id, "an id on the wire")
    } catch let error as MNPError { try check(error) }
    do {
      let id = try SessionID.make(text)
      try requireEqual(try SessionID(id.description), id, "an id of our own")
    } catch let error as MNPError { try check(error) }
  }
}

/// Protobuf fields from choices.
enum ProtobufWriter {
  private static let numbers: [UInt64] = [
    0, 1, 2, 3, 4, 127, 128, 1 << 31, 1 << 32, 1 << 63, .max, .max - 1, 0xFFFF_FFFF, 65536,
  ]
  private static let words = [
    "a", "session", "type.googleapis.com/headrace.v1.Configuration",
    "type.googleapis.com/ai.mantik.bridge.protos.MantikInitConfiguration", "mnp://h:1/s/0", "é",
    "no/slash", "",
  ]

  static func message(_ input: inout FuzzInput, depth: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<24 where !input.isEmpty {
      let number = input.flag() ? UInt64(1 + input.choice(8)) : UInt64(996 + input.choice(8))
      switch input.choice(8) {
      case 0, 1: bytes += varint(number << 3) + varint(input.pick(numbers))
      case 2: bytes += varint(number << 3) + varint(input.number64() >> UInt64(input.choice(64)))
      case 3 where depth < 4: bytes += field(number, message(&input, depth: depth + 1))
      case 4: bytes += field(number, input.take(input.choice(20)))
      case 5: bytes += varint(number << 3 | UInt64(input.choice(8))) + input.take(8)
      case 6: bytes += input.take(input.choice(4))
      default: bytes += field(number, Array(input.pick(words).utf8))
      }
      // The end of a level, so that what follows is its parent's.
      if depth > 0, input.choice(6) == 0 { break }
    }
    return bytes
  }

  static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }

  static func varint(_ value: UInt64) -> [UInt8] {
    var value = value
    var bytes: [UInt8] = []
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    return bytes + [UInt8(value)]
  }
}
