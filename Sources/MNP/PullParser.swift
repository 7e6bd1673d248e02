// A pull as its receiver reads it: data while it arrives, then the end.

public import NIOCore

/// Reads the messages of one pull from fragments of any cut. For each message: `begin`, `receive`
/// for its bytes, `end`. After an error it must not be used again.
///
/// A pull that ends while ``isDone`` is false has broken off.
public struct PullParser: Sendable {
  private var scanner = EnvelopeScanner(PullFields())

  public init() {}

  /// The bytes that will come, where the first message says so. A hint.
  public var sizeHint: Int64? { scanner.fields.sizeHint }

  /// Whether a message that has ended said `done`. Data after it is malformed.
  public var isDone: Bool { scanner.fields.isDone }

  /// What the sender says to have sent, of the message that ended last. Ours (field 1000): it counts
  /// where both sides named ``Features/crc``, beside `done`.
  public var checksum: Checksum? { scanner.fields.checksum }

  /// A message of `length` bytes begins.
  public mutating func begin(length: Int) {
    scanner.begin(length: length)
    scanner.fields.beginMessage()
  }

  /// Returns what of `fragment` is data: a slice of it, not empty, or nil.
  ///
  /// Throws: ``MNPError`` `malformed` or `tooLarge`.
  public mutating func receive(_ fragment: ByteBuffer) throws(MNPError) -> ByteBuffer? {
    try scanner.receive(fragment)
  }

  /// The message has ended. Returns whether it was the first to say `done`.
  public mutating func end() throws(MNPError) -> Bool {
    try scanner.end()
    return scanner.fields.endMessage()
  }
}

/// PullResponse's fields.
struct PullFields: EnvelopeFields {
  static let dataField: UInt32 = 3
  static let checksumField: UInt32 = 1000

  var sizeHint: Int64?
  var isDone = false
  /// What the message that is being read says; counts when it ends.
  private var saysDone = false
  var checksum: Checksum?
  private var isFirst = true

  mutating func beginMessage() {
    saysDone = false
    checksum = nil
  }

  mutating func endMessage() -> Bool {
    isFirst = false
    defer { if saysDone { isDone = true } }
    return saysDone && !isDone
  }

  mutating func receive(_ value: UInt64, field: UInt32) throws(MNPError) {
    switch field {
    case 1:
      let size = Int64(bitPattern: value)
      if isFirst { sizeHint = size > 0 ? size : nil }
    case 2: saysDone = value != 0
    default: break
    }
  }

  mutating func collects(field: UInt32, count: Int) throws(MNPError) -> Bool {
    if field == 1 || field == 2 { throw wrongType(field) }
    return field == PullFields.checksumField && count <= Checksum.maximumBytes
  }

  mutating func receive(_ bytes: [UInt8], field: UInt32) throws(MNPError) {
    checksum = try Checksum(decoding: ByteBuffer(bytes: bytes))
  }

  mutating func beginData(count: Int) throws(MNPError) {
    if isDone, count > 0 { throw .malformed("\(count) bytes of data come after done") }
  }
}
