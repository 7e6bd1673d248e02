// Walks the fields of a Push or Pull message while its bytes arrive, and hands its data on uncopied.

internal import NIOCore

/// What a kind of envelope does with its fields. Field numbers are the message's own.
protocol EnvelopeFields: Sendable {
  /// The number of the field that carries the payload.
  static var dataField: UInt32 { get }
  /// A varint field of this message was read.
  mutating func receive(_ value: UInt64, field: UInt32) throws(MNPError)
  /// A field with bytes other than the payload begins; whether to collect it for `receive(_:field:)`.
  /// Refusing here, by its length alone, keeps us from holding it.
  mutating func collects(field: UInt32, count: Int) throws(MNPError) -> Bool
  mutating func receive(_ bytes: [UInt8], field: UInt32) throws(MNPError)
  /// The payload begins. The only one of its message.
  mutating func beginData(count: Int) throws(MNPError)
}

/// The most bytes that a message may have besides its payload and their tags and lengths. Ids take
/// less than 600; what is above that are fields that nobody here knows.
let maximumEnvelopeBytes = 64 << 10

/// Incremental: any cut of the message into fragments gives the same. What it holds between two
/// fragments is a number, and a field that is being collected.
struct EnvelopeScanner<Fields: EnvelopeFields>: Sendable {
  private enum State {
    case tag
    case varint(field: UInt32)
    case length(field: UInt32)
    case collect(field: UInt32, left: Int)
    case skip(left: Int)
    case data(left: Int)
  }

  var fields: Fields
  private var state = State.tag
  /// Bytes of the message that are still to come.
  private var remaining = 0
  /// Bytes of this message that are not its payload.
  private var overhead = 0
  private var hadData = false
  private var varint: UInt64 = 0
  private var shift: UInt64 = 0
  private var collected: [UInt8] = []

  init(_ fields: Fields) { self.fields = fields }

  mutating func begin(length: Int) {
    precondition(remaining == 0, "the message before has not ended")
    remaining = length
    overhead = 0
    hadData = false
  }

  /// Takes the message's next bytes and returns those of them that are payload: at most one slice,
  /// since a message has at most one data field.
  mutating func receive(_ fragment: ByteBuffer) throws(MNPError) -> ByteBuffer? {
    precondition(fragment.readableBytes <= remaining, "more bytes than the message has")
    var payload: ByteBuffer?
    var index = fragment.readerIndex
    if case .tag = state, shift == 0, let count = try takeData(fragment, at: index) {
      index += count
    }
    while index < fragment.writerIndex {
      let available = fragment.writerIndex - index
      switch state {
      case .tag, .varint, .length:
        // The guard of the loop: there is a byte.
        let byte = fragment.getInteger(at: index, as: UInt8.self) ?? 0
        index += 1
        remaining -= 1
        try countOverhead(1)
        if let value = try accumulate(byte) { try take(value) }
      case .collect(let field, let left):
        let count = min(left, available)
        collected.append(contentsOf: fragment.getBytes(at: index, length: count) ?? [])
        index += count
        remaining -= count
        if count < left {
          state = .collect(field: field, left: left - count)
        } else {
          state = .tag
          try fields.receive(collected, field: field)
        }
      case .skip(let left):
        let count = min(left, available)
        index += count
        remaining -= count
        state = count < left ? .skip(left: left - count) : .tag
      case .data(let left):
        let count = min(left, available)
        payload = fragment.getSlice(at: index, length: count)
        index += count
        remaining -= count
        state = count < left ? .data(left: left - count) : .tag
      }
    }
    return payload
  }

  /// The usual message in one step: where the payload's tag and length stand at `index` in full,
  /// takes them and returns their bytes.
  private mutating func takeData(
    _ fragment: ByteBuffer, at index: Int
  ) throws(MNPError) -> Int? {
    guard let word = fragment.getInteger(at: index, endianness: .little, as: UInt64.self),
      word & 0xff == UInt64(Fields.dataField << 3 | 2)
    else { return nil }
    // Where a byte of the length is its last, its high bit is clear.
    let ends = ~word & 0x80_8080_8000
    guard ends != 0 else { return nil }
    let bytes = ends.trailingZeroBitCount / 8 + 1
    var count: UInt64 = 0
    for byte in 1..<bytes { count |= (word >> UInt64(8 * byte) & 0x7f) << UInt64(7 * (byte - 1)) }
    remaining -= bytes
    try countOverhead(bytes)
    state = .length(field: Fields.dataField)
    try take(count)
    return bytes
  }

  mutating func end() throws(MNPError) {
    guard remaining == 0, case .tag = state, shift == 0 else {
      throw .malformed("a message ends inside a field")
    }
  }

  /// Adds a byte of a varint; returns the number when it is whole.
  private mutating func accumulate(_ byte: UInt8) throws(MNPError) -> UInt64? {
    // The tenth byte holds the 64th bit and nothing else.
    guard shift < 63 || byte <= 1 else { throw .malformed("a number of more than 64 bits") }
    varint |= UInt64(byte & 0x7f) << shift
    if byte & 0x80 != 0 {
      shift += 7
      return nil
    }
    let value = varint
    varint = 0
    shift = 0
    return value
  }

  private mutating func take(_ value: UInt64) throws(MNPError) {
    switch state {
    case .tag: try takeTag(value)
    case .varint(let field):
      state = .tag
      if field == Fields.dataField { throw wrongType(field) }
      try fields.receive(value, field: field)
    case .length(let field):
      guard let count = Int(exactly: value), count <= remaining else {
        throw .malformed("field \(field) has \(value) bytes, the message \(remaining)")
      }
      try takeLength(count, field: field)
    case .collect, .skip, .data: preconditionFailure("no number is read there")
    }
  }

  private mutating func takeTag(_ tag: UInt64) throws(MNPError) {
    guard let number = UInt32(exactly: tag >> 3), (1..<1 << 29).contains(number) else {
      throw .malformed("a field has the number \(tag >> 3)")
    }
    switch tag & 7 {
    case 0: state = .varint(field: number)
    case 1: try skipFixed(8, field: number)
    case 2: state = .length(field: number)
    case 5: try skipFixed(4, field: number)
    case 3, 4: throw .malformed("field \(number) is a group, which proto3 does not have")
    case let type: throw .malformed("field \(number) has the wire type \(type)")
    }
  }

  private mutating func takeLength(_ count: Int, field: UInt32) throws(MNPError) {
    if field == Fields.dataField {
      if hadData { throw .malformed("a message has two data fields") }
      hadData = true
      try fields.beginData(count: count)
      state = count > 0 ? .data(left: count) : .tag
      return
    }
    if try fields.collects(field: field, count: count) {
      collected.removeAll(keepingCapacity: true)
      state = count > 0 ? .collect(field: field, left: count) : .tag
      if count == 0 { try fields.receive([], field: field) }
    } else {
      state = count > 0 ? .skip(left: count) : .tag
    }
    try countOverhead(count)
  }

  private mutating func skipFixed(_ count: Int, field: UInt32) throws(MNPError) {
    guard field != Fields.dataField else { throw wrongType(field) }
    guard count <= remaining else { throw .malformed("a message ends inside a field") }
    try fields.receiveFixed(field: field)
    try countOverhead(count)
    state = .skip(left: count)
  }

  private mutating func countOverhead(_ count: Int) throws(MNPError) {
    overhead += count
    guard overhead <= maximumEnvelopeBytes else {
      throw MNPError(
        .tooLarge, "a message has more than \(maximumEnvelopeBytes) bytes besides its data")
    }
  }
}

extension EnvelopeFields {
  /// A field of 4 or 8 bytes. No field of ours has that type.
  func receiveFixed(field: UInt32) throws(MNPError) {
    if Self.knows(field) { throw wrongType(field) }
  }

  static func knows(_ field: UInt32) -> Bool { (1...dataField).contains(field) }
}

func wrongType(_ field: UInt32) -> MNPError {
  .malformed("field \(field) does not have its type")
}
