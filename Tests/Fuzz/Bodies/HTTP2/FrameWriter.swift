// HTTP/2 frames from a row of choices: mostly as they should be, sometimes nearly.

internal import HTTP2

/// Builds what a peer sends, from the preface on.
struct FrameWriter {
  private(set) var bytes: [UInt8] = []
  private var nextStream: UInt32 = 1
  private let isServer: Bool

  private static let lengths = [0, 1, 5, 17, 100, 300, 1000]
  private static let numbers: [UInt32] = [
    0, 1, 2, 100, 16383, 16384, 65535, 65536, 0xFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
  ]
  private static let fields = [
    HTTPField("te", "trailers"), HTTPField("content-type", "application/grpc"),
    HTTPField("grpc-status", "0"), HTTPField("content-length", "5"), HTTPField("x-a", "b"),
    HTTPField(":path", "/twice"), HTTPField("Upper", "case"), HTTPField("connection", "close"),
    HTTPField("bad\0name", "x"), HTTPField("bad", "line\r\nend"), HTTPField("", "nameless"),
    HTTPField("cookie", String(repeating: "c", count: 200)), HTTPField(":unknown", "1"),
    HTTPField("x-bin", "AAEC"), HTTPField("x-long", String(repeating: "l", count: 5000)),
  ]
  private static let request = [
    HTTPField(":method", "POST"), HTTPField(":scheme", "http"), HTTPField(":path", "/S/M"),
    HTTPField(":authority", "localhost"),
  ]

  /// - Parameter isServer: what is written is a server's side of the connection.
  static func write(isServer: Bool, _ input: inout FuzzInput) -> [UInt8] {
    var writer = FrameWriter(isServer: isServer)
    if !isServer { writer.bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) }
    writer.frame(type: 4, flags: 0, stream: 0, [])
    for _ in 0..<100 where !input.isEmpty { writer.add(&input) }
    return writer.bytes
  }

  private init(isServer: Bool) {
    self.isServer = isServer
  }

  private mutating func add(_ input: inout FuzzInput) {
    let kind = input.choice(16)
    switch kind {
    case 0, 1, 2, 3: addHeaders(&input)
    case 4, 5, 6: addData(&input)
    case 7: addSettings(&input)
    case 8: frame(type: 6, flags: input.byte() & 1, stream: 0, input.take(8))
    case 9:
      frame(
        type: 7, flags: 0, stream: 0,
        word(UInt32(input.byte())) + word(UInt32(input.choice(16))) + input.take(input.choice(30)))
    case 10: frame(type: 8, flags: 0, stream: stream(&input), word(input.pick(Self.numbers)))
    case 11: frame(type: 3, flags: 0, stream: stream(&input), word(UInt32(input.choice(16))))
    case 12: frame(type: 2, flags: 0, stream: stream(&input), input.take(5))
    case 13:
      frame(
        type: input.byte(), flags: input.byte(), stream: stream(&input),
        input.take(input.choice(64)))
    case 14: bytes += input.take(input.choice(32))
    default: lie(&input)
    }
  }

  /// A stream that is new, or one from before, or any.
  private mutating func stream(_ input: inout FuzzInput) -> UInt32 {
    switch input.choice(4) {
    case 0 where !isServer:
      defer { nextStream += 2 }
      return nextStream
    case 1: return input.pick(Self.numbers)
    default: return UInt32(input.choice(8)) * 2 + 1
    }
  }

  private mutating func addHeaders(_ input: inout FuzzInput) {
    let id = stream(&input)
    let shape = input.byte()
    var fields: [HTTPField] = []
    if shape & 1 == 0 {
      fields =
        isServer ? [HTTPField(":status", input.pick(["200", "100", "404", "1"]))] : Self.request
    }
    for _ in 0..<input.choice(4) { fields.append(input.pick(Self.fields)) }
    var block = shape & 2 == 0 ? [] : input.take(input.choice(40))
    for field in fields { block += literal(field, indexing: shape & 4 != 0) }
    // An indexed field costs a byte, whatever it stands for.
    if shape & 8 != 0 { block += Array(repeating: 0x80 | 62, count: input.choice(64)) }
    var payload: [UInt8] = []
    var flags = input.byte() & 0x1
    if shape & 16 != 0 {
      flags |= 0x20
      payload += word(input.pick(Self.numbers)) + [input.byte()]
    }
    if shape & 32 != 0 {
      let padding = input.byte() % 16
      flags |= 0x8
      payload = [padding] + payload + block + Array(repeating: 0, count: Int(padding))
    } else {
      payload += block
    }
    guard shape & 64 != 0 else { return frame(type: 1, flags: flags | 0x4, stream: id, payload) }
    let cut = min(payload.count, Int(input.byte()))
    frame(type: 1, flags: flags, stream: id, Array(payload[..<cut]))
    for _ in 0..<input.choice(12) { frame(type: 9, flags: 0, stream: id, []) }
    frame(type: 9, flags: 0x4, stream: id, Array(payload[cut...]))
  }

  private mutating func addData(_ input: inout FuzzInput) {
    let id = stream(&input)
    let shape = input.byte()
    let data = [UInt8](repeating: shape, count: input.pick(Self.lengths))
    guard shape & 2 != 0 else { return frame(type: 0, flags: shape & 1, stream: id, data) }
    let padding = input.byte()
    frame(
      type: 0, flags: shape & 1 | 0x8, stream: id,
      [padding] + data + Array(repeating: 0, count: Int(padding)))
  }

  private mutating func addSettings(_ input: inout FuzzInput) {
    guard !input.flag() else { return frame(type: 4, flags: 1, stream: 0, []) }
    var payload: [UInt8] = []
    for _ in 0..<input.choice(6) {
      payload += [0, input.byte() % 10] + word(input.pick(Self.numbers))
    }
    frame(type: 4, flags: 0, stream: 0, payload)
  }

  /// A frame whose length is not that of what follows.
  private mutating func lie(_ input: inout FuzzInput) {
    let length = input.pick(Self.numbers)
    bytes += word(length).dropFirst() + [input.byte() % 11, input.byte()] + word(stream(&input))
    bytes += input.take(input.choice(64))
  }

  private mutating func frame(type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8]) {
    bytes += word(UInt32(payload.count)).dropFirst() + [type, flags] + word(stream) + payload
  }

  private func word(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
  }

  /// HPACK: a literal with a new name, with or without an entry in the table.
  private func literal(_ field: HTTPField, indexing: Bool) -> [UInt8] {
    func string(_ text: String) -> [UInt8] {
      var rest = text.utf8.count - 127
      guard rest >= 0 else { return [UInt8(text.utf8.count)] + Array(text.utf8) }
      var prefix: [UInt8] = [127]
      while rest >= 128 {
        prefix.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
      }
      return prefix + [UInt8(rest)] + Array(text.utf8)
    }
    return [indexing ? 0x40 : 0] + string(field.name) + string(field.value)
  }
}
