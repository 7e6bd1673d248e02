// A push as its receiver reads it: the ids once, then data while it arrives, then the end.

public import NIOCore

/// What the first message of a push says.
public struct PushHeader: Hashable, Sendable {
  public var sessionID: SessionID
  public var taskID: TaskID
  /// As it came: whether the session has such a port is for the session to say.
  public var port: Int32
  /// As it came; ``sizeHint`` is what to make of it.
  public var dataSize: Int64

  public init(sessionID: SessionID, taskID: TaskID, port: Int32, dataSize: Int64 = -1) {
    self.sessionID = sessionID
    self.taskID = taskID
    self.port = port
    self.dataSize = dataSize
  }

  /// The bytes that will come, where the sender knows: below 0 is undefined, and 0 is what some
  /// peers say for it. A hint: what counts is what comes.
  public var sizeHint: Int64? { dataSize > 0 ? dataSize : nil }
}

/// Reads the messages of one push from fragments of any cut. For each message: `begin`, `receive`
/// for its bytes, `end`. After an error it must not be used again.
///
/// ``header`` is set before the first data comes out. Bytes of a fragment that do not come out as
/// data (tags, lengths, ids) are done with when `receive` returns.
public struct PushParser: Sendable {
  private var scanner = EnvelopeScanner(PushFields())

  public init() {}

  /// From the first message, as soon as its data begins or it ends.
  public var header: PushHeader? { scanner.fields.header }

  /// Why the sender breaks off, where it has said so. Ours (field 1000): it counts between nodes
  /// that both named ``Features/await``.
  public var failure: Failure? { scanner.fields.failure }

  /// Whether there is a ``failure``: cheap to ask after each message.
  public var isBrokenOff: Bool { scanner.fields.isBrokenOff }

  /// Whether a message that has ended said `done`. Data after it is malformed.
  public var isDone: Bool { scanner.fields.isDone }

  /// What the sender says to have sent, of the message that ended last. Ours (field 1001): it counts
  /// where both sides named ``Features/crc``, beside `done`.
  public var checksum: Checksum? { scanner.fields.checksum }

  /// A message of `length` bytes begins.
  public mutating func begin(length: Int) {
    scanner.begin(length: length)
    scanner.fields.beginMessage()
  }

  /// Returns what of `fragment` is data: a slice of it, not empty, or nil.
  ///
  /// Throws: ``MNPError`` `malformed`, `tooLarge`, or `invalidIdentifier`.
  public mutating func receive(_ fragment: ByteBuffer) throws(MNPError) -> ByteBuffer? {
    try scanner.receive(fragment)
  }

  /// The message has ended. Returns whether it was the first to say `done`.
  public mutating func end() throws(MNPError) -> Bool {
    try scanner.end()
    return try scanner.fields.endMessage()
  }
}

/// PushRequest's fields.
struct PushFields: EnvelopeFields {
  static let dataField: UInt32 = 6
  static let failureField: UInt32 = 1000
  static let checksumField: UInt32 = 1001

  private(set) var header: PushHeader?
  private(set) var failure: Failure?
  // Beside them, since comparing an optional with nil copies what is in it, for each message.
  private var hasHeader = false
  private(set) var isBrokenOff = false
  private(set) var isDone = false
  var checksum: Checksum?
  private var session: [UInt8] = []
  private var task: [UInt8] = []
  private var port: Int32 = 0
  private var dataSize: Int64 = 0
  /// What the message that is being read says; counts when it ends.
  private var saysDone = false
  private var hasData = false

  mutating func beginMessage() {
    saysDone = false
    hasData = false
    checksum = nil
  }

  mutating func endMessage() throws(MNPError) -> Bool {
    if !hasHeader { try completeHeader() }
    defer { if saysDone { isDone = true } }
    return saysDone && !isDone
  }

  mutating func receive(_ value: UInt64, field: UInt32) throws(MNPError) {
    switch field {
    case 1, 2: throw wrongType(field)
    case 3:
      try checkOrder()
      guard let number = Int32(exactly: Int64(bitPattern: value)) else {
        throw .malformed("the port is no 32-bit number")
      }
      if !hasHeader { port = number }
    case 4:
      try checkOrder()
      if !hasHeader { dataSize = Int64(bitPattern: value) }
    case 5: saysDone = value != 0
    default: break
    }
  }

  mutating func collects(field: UInt32, count: Int) throws(MNPError) -> Bool {
    switch field {
    case 1, 2:
      try checkOrder()
      guard !hasHeader else { return false }
      guard count <= maximumIdentifierBytes else {
        throw Identifier.tooLong(count, what: field == 1 ? "session id" : "task id")
      }
      return true
    case 3, 4, 5: throw wrongType(field)
    case PushFields.failureField: return count <= maximumEnvelopeBytes
    case PushFields.checksumField: return count <= Checksum.maximumBytes
    default: return false
    }
  }

  mutating func receive(_ bytes: [UInt8], field: UInt32) throws(MNPError) {
    switch field {
    case 1: session = bytes
    case 2: task = bytes
    case PushFields.checksumField: checksum = try Checksum(decoding: ByteBuffer(bytes: bytes))
    default:
      failure = try Failure(decoding: ByteBuffer(bytes: bytes))
      isBrokenOff = true
    }
  }

  mutating func beginData(count: Int) throws(MNPError) {
    hasData = true
    if !hasHeader { try completeHeader() }
    if isDone, count > 0 { throw .malformed("\(count) bytes of data come after done") }
  }

  /// The data is on its way to where the ids said: they cannot change any more.
  private func checkOrder() throws(MNPError) {
    if hasData { throw .malformed("a message names its port after its data") }
  }

  private mutating func completeHeader() throws(MNPError) {
    header = PushHeader(
      sessionID: try SessionID(wire: session), taskID: try TaskID(wire: task), port: port,
      dataSize: dataSize)
    hasHeader = true
  }
}
