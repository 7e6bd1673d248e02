// What a conformance case is, and how it is run against a connection with bytes alone.

import NIOCore
import Testing

@testable import HTTP2

/// One thing that a peer may send, and what RFC 9113 wants of us then.
struct Conformance: Sendable, CustomTestStringConvertible {
  enum Outcome: Sendable {
    /// GOAWAY with one of these codes, and nothing after it.
    case connectionError([HTTP2ErrorCode])
    /// RST_STREAM on stream 1 with one of these codes; all else goes on.
    case streamError([HTTP2ErrorCode])
    /// All goes on, and so many field sections were told to the owner.
    case fine(sections: Int)

    static func connectionError(_ code: HTTP2ErrorCode) -> Self { .connectionError([code]) }
    static func streamError(_ code: HTTP2ErrorCode) -> Self { .streamError([code]) }
  }

  /// Of RFC 9113, unless it says otherwise.
  let section: String
  let name: String
  let outcome: Outcome
  let peer: @Sendable (inout RawFrames) -> Void
  /// What our owner does then, and what the peer sends after that.
  let owner: (@Sendable (HTTP2Connection) throws -> Void)?
  let afterwards: @Sendable (inout RawFrames) -> Void

  init(
    _ section: String, _ name: String, _ outcome: Outcome,
    _ peer: @escaping @Sendable (inout RawFrames) -> Void,
    owner: (@Sendable (HTTP2Connection) throws -> Void)? = nil,
    afterwards: @escaping @Sendable (inout RawFrames) -> Void = { _ in }
  ) {
    (self.section, self.name, self.outcome) = (section, name, outcome)
    (self.peer, self.owner, self.afterwards) = (peer, owner, afterwards)
  }

  var testDescription: String { "\(section) \(name)" }

  /// Gives the frames to `endpoint`, and checks what came of it.
  ///
  /// - Parameter opening: what the peer begins with.
  func check(_ endpoint: Endpoint, opening: RawFrames) throws {
    var raw = opening
    peer(&raw)
    endpoint.receive(raw.bytes)
    var out = endpoint.bytes()
    if let owner {
      try owner(endpoint.connection)
      out.writeImmutableBuffer(endpoint.bytes())
    }
    var rest = RawFrames()
    afterwards(&rest)
    endpoint.receive(rest.bytes)
    out.writeImmutableBuffer(endpoint.bytes())
    // Whoever goes on answers this.
    var probe = RawFrames()
    probe.add(type: FrameType.ping, [9, 8, 7, 6, 5, 4, 3, 2])
    endpoint.receive(probe.bytes)
    out.writeImmutableBuffer(endpoint.bytes())

    let sent = Frame.all(in: out)
    let goesOn = sent.contains { $0.isPingAnswer && $0.payload == [9, 8, 7, 6, 5, 4, 3, 2] }
    let failures = endpoint.events.compactMap(\.failed)
    let goAways = sent.filter { $0.type == FrameType.goAway }.map(\.goAwayCode)
    let resets = sent.filter { $0.type == FrameType.rstStream }
    switch outcome {
    case .connectionError(let codes):
      #expect(!goesOn, "it goes on")
      #expect(failures.count == 1 && codes.contains(failures[0]), "\(failures)")
      #expect(goAways.count == 1 && goAways == failures, "GOAWAY \(goAways)")
      #expect(endpoint.connection.isFinished)
    case .streamError(let codes):
      #expect(goesOn && failures.isEmpty, "\(failures)")
      #expect(resets.map(\.stream) == [1], "\(resets.map(\.stream))")
      #expect(resets.allSatisfy { codes.contains($0.resetCode) }, "\(resets.map(\.resetCode))")
    case .fine(let sections):
      #expect(goesOn && failures.isEmpty, "\(failures)")
      #expect(resets.isEmpty, "\(resets.map(\.resetCode))")
      #expect(endpoint.events.compactMap(\.kind).count == sections)
    }
  }
}

/// A frame that went out.
struct Frame {
  let type: UInt8
  let flags: UInt8
  let stream: StreamID
  let payload: [UInt8]

  static func all(in bytes: ByteBuffer) -> [Frame] {
    var bytes = bytes
    var frames: [Frame] = []
    while let high: UInt8 = bytes.readInteger(), let low: UInt16 = bytes.readInteger(),
      let type: UInt8 = bytes.readInteger(), let flags: UInt8 = bytes.readInteger(),
      let stream: StreamID = bytes.readInteger(),
      let payload = bytes.readBytes(length: Int(high) << 16 | Int(low))
    {
      frames.append(Frame(type: type, flags: flags, stream: stream, payload: payload))
    }
    return frames
  }

  var isPingAnswer: Bool { type == FrameType.ping && flags & FrameFlag.ack != 0 }
  var resetCode: HTTP2ErrorCode { HTTP2ErrorCode(rawValue: number(at: 0)) }
  var goAwayCode: HTTP2ErrorCode { HTTP2ErrorCode(rawValue: number(at: 4)) }

  private func number(at offset: Int) -> UInt32 {
    guard payload.count >= offset + 4 else { return .max }
    return payload[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}

/// Frames by their names.
extension RawFrames {
  static let endStream: UInt8 = 0x1
  static let endHeaders: UInt8 = 0x4
  static let padded: UInt8 = 0x8
  static let priority: UInt8 = 0x20

  mutating func data(_ stream: StreamID = 1, _ payload: [UInt8] = [1], flags: UInt8 = 0) {
    add(type: 0, flags: flags, stream: stream, payload)
  }

  /// A field section in one frame.
  mutating func headers(
    _ stream: StreamID, _ fields: [HTTPField], flags: UInt8 = endHeaders | endStream
  ) {
    add(type: 1, flags: flags, stream: stream, RawFrames.fields(fields))
  }

  mutating func continuation(_ stream: StreamID = 1, flags: UInt8 = 0, _ fields: [HTTPField] = []) {
    add(type: 9, flags: flags, stream: stream, RawFrames.fields(fields))
  }

  mutating func dependency(_ stream: StreamID, on other: UInt32) {
    add(type: 2, stream: stream, Self.big(other) + [16])
  }

  mutating func reset(_ stream: StreamID = 1, _ code: HTTP2ErrorCode = .cancel) {
    add(type: 3, stream: stream, Self.big(code.rawValue))
  }

  mutating func settings(_ values: [(UInt16, UInt32)], flags: UInt8 = 0, stream: StreamID = 0) {
    add(
      type: 4, flags: flags, stream: stream,
      values.flatMap { id, value in
        [UInt8(id >> 8), UInt8(id & 0xff)] + Self.big(value)
      })
  }

  mutating func windowUpdate(_ stream: StreamID, _ increment: UInt32) {
    add(type: 8, stream: stream, Self.big(increment))
  }

  mutating func goAway(last: UInt32, _ code: UInt32 = 0, stream: StreamID = 0) {
    add(type: 7, stream: stream, Self.big(last) + Self.big(code))
  }

  static func big(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}

/// The request of the harness, with some fields in place of others.
func request(
  _ changes: [String: String?] = [:], then more: [HTTPField] = []
) -> [HTTPField] {
  request.compactMap { field in
    guard let change = changes[field.name] else { return field }
    return change.map { HTTPField(field.name, $0) }
  } + more
}
