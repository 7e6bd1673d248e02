// The incremental parsers of Push and Pull: any cut gives the same, and protobuf-c agrees.

internal import CMNP
internal import MNP
internal import NIOCore

extension MNPForms {
  /// What came of the messages of a push or pull.
  private struct Outcome: Equatable {
    var header: PushHeader?
    var sizeHint: Int64?
    var failure: Failure?
    var checksum: Checksum?
    var data: [UInt8] = []
    /// The message, from 0, that said `done` first.
    var done: Int?
    var error: MNPError?
    /// Messages that were read to their end.
    var whole = 0
  }

  // MARK: Push

  static func rawPush(_ input: inout FuzzInput) throws {
    let cuts = input.cuts()
    let messages = split(&input)
    let whole = try push(messages, Cuts(seed: 0))
    try compare(try push(messages, cuts), whole)
    for message in messages.prefix(whole.whole) {
      guard let known = headrace__mnp__push_request__unpack(nil, message.count, message) else {
        throw Violation(description: "a message that protobuf-c does not read")
      }
      headrace__mnp__push_request__free_unpacked(known, nil)
    }
    try compareWithLibrary(messages, whole)
  }

  /// Whole messages that our parser took mean the same to protobuf-c.
  private static func compareWithLibrary(_ messages: [[UInt8]], _ outcome: Outcome) throws {
    guard outcome.error == nil else { return }
    var data: [UInt8] = []
    var done: Int?
    for (index, message) in messages.enumerated() {
      guard let known = headrace__mnp__push_request__unpack(nil, message.count, message) else {
        continue
      }
      defer { headrace__mnp__push_request__free_unpacked(known, nil) }
      let found = known.pointee
      if index == 0, let header = outcome.header {
        try requireEqual(
          Array(header.sessionID.description.utf8), bytes(found.session_id), "session")
        try requireEqual(Array(header.taskID.description.utf8), bytes(found.task_id), "task")
        try requireEqual(header.port, found.port, "port")
        try requireEqual(header.dataSize, found.data_size, "size of the data")
      }
      data += bytes(found.data)
      if found.done != 0, done == nil { done = index }
    }
    try requireEqual(outcome.data, data, "data")
    try requireEqual(outcome.done, done, "the message that says done")
  }

  private static func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
    Array(UnsafeBufferPointer(start: data.data, count: data.data == nil ? 0 : data.len))
  }

  private static func push(_ messages: [[UInt8]], _ cuts: Cuts) throws -> Outcome {
    var parser = PushParser()
    var outcome = Outcome()
    do {
      for (index, message) in messages.enumerated() {
        parser.begin(length: message.count)
        for piece in cuts.pieces(of: message) {
          guard let data = try parser.receive(piece) else { continue }
          try require(parser.header != nil, "data before the header")
          try require(data.readableBytes > 0, "data that is empty")
          outcome.data += Array(data.readableBytesView)
        }
        if try parser.end() {
          try require(outcome.done == nil, "done twice")
          outcome.done = index
        }
        outcome.whole += 1
      }
    } catch let error as MNPError {
      try check(error)
      outcome.error = error
    }
    outcome.header = parser.header
    outcome.failure = parser.failure
    outcome.checksum = parser.checksum
    if outcome.error == nil {
      try requireEqual(parser.isDone, outcome.done != nil, "isDone")
      try require(messages.isEmpty || parser.header != nil, "a message without a header")
    }
    return outcome
  }

  static func encodedPush(_ input: inout FuzzInput) throws {
    let cuts = input.cuts()
    let header = PushHeader(
      sessionID: .random(), taskID: .random(), port: Int32(bitPattern: input.number32()),
      dataSize: Int64(bitPattern: input.number64()))
    var messages = [Array(PushEncoder.opening(header).readableBytesView)]
    var expected = Outcome(header: header)
    while !input.isEmpty {
      let data = input.take(1 + (input.flag() ? input.number16() : Int(input.byte())))
      guard !data.isEmpty else { break }
      let prefix = Array(PushEncoder.prefix(count: data.count).readableBytesView)
      try requireEqual(prefix.count, PushEncoder.prefixLength(count: data.count), "the prefix")
      messages.append(prefix + data)
      expected.data += data
    }
    if expected.data.count % 3 == 0 {
      let failure = Failure(
        kind: .operator, message: String(decoding: expected.data, as: UTF8.self), exitCode: 3,
        stderrTail: [String(decoding: expected.data.reversed(), as: UTF8.self)])
      let message = Array(PushEncoder.failure(failure).readableBytesView)
      try require(message.count <= 64 << 10, "a failure of \(message.count) bytes")
      messages.append(message)
      // Where it is too long, something of it goes.
      expected.failure = message.count < 30 << 10 ? failure : try push(messages, cuts).failure
    } else {
      expected.done = messages.count
      expected.checksum = checksum(of: expected.data, cuts)
      messages.append(Array(PushEncoder.done(expected.checksum).readableBytesView))
    }
    expected.whole = messages.count
    try requireEqual(try push(messages, cuts), expected, "a push encoded and parsed")
  }

  // MARK: Pull

  static func rawPull(_ input: inout FuzzInput) throws {
    let cuts = input.cuts()
    let messages = split(&input)
    let whole = try pull(messages, Cuts(seed: 0))
    try compare(try pull(messages, cuts), whole)
    var data: [UInt8] = []
    var done: Int?
    for (index, message) in messages.prefix(whole.whole).enumerated() {
      guard let known = headrace__mnp__pull_response__unpack(nil, message.count, message) else {
        throw Violation(description: "a message that protobuf-c does not read")
      }
      defer { headrace__mnp__pull_response__free_unpacked(known, nil) }
      data += bytes(known.pointee.data)
      if known.pointee.done != 0, done == nil { done = index }
      if index == 0, known.pointee.size > 0 {
        try requireEqual(whole.sizeHint, known.pointee.size, "size")
      }
    }
    guard whole.error == nil else { return }
    try requireEqual(whole.data, data, "data")
    try requireEqual(whole.done, done, "the message that says done")
  }

  private static func pull(_ messages: [[UInt8]], _ cuts: Cuts) throws -> Outcome {
    var parser = PullParser()
    var outcome = Outcome()
    do {
      for (index, message) in messages.enumerated() {
        parser.begin(length: message.count)
        for piece in cuts.pieces(of: message) {
          if let data = try parser.receive(piece) { outcome.data += Array(data.readableBytesView) }
        }
        if try parser.end() {
          try require(outcome.done == nil, "done twice")
          outcome.done = index
        }
        outcome.whole += 1
      }
      try requireEqual(parser.isDone, outcome.done != nil, "isDone")
    } catch let error as MNPError {
      try check(error)
      outcome.error = error
    }
    outcome.sizeHint = parser.sizeHint
    outcome.checksum = parser.checksum
    return outcome
  }

  static func encodedPull(_ input: inout FuzzInput) throws {
    let cuts = input.cuts()
    let hint = input.flag() ? Int64(bitPattern: input.number64()) : nil
    var messages: [[UInt8]] = []
    var expected = Outcome()
    while !input.isEmpty {
      let data = input.take(1 + (input.flag() ? input.number16() : Int(input.byte())))
      guard !data.isEmpty else { break }
      let isFirst = messages.isEmpty
      if isFirst, let hint, hint > 0 { expected.sizeHint = hint }
      messages.append(
        Array(
          PullEncoder.prefix(count: data.count, sizeHint: isFirst ? hint : nil).readableBytesView)
          + data)
      expected.data += data
    }
    expected.done = messages.count
    expected.checksum = checksum(of: expected.data, cuts)
    messages.append(Array(PullEncoder.done(expected.checksum).readableBytesView))
    try requireEqual(expected.checksum?.crc32c, slowCRC(of: expected.data), "CRC32C")
    expected.whole = messages.count
    try requireEqual(try pull(messages, cuts), expected, "a pull encoded and parsed")
  }

  // MARK: Both

  /// Summed in pieces.
  private static func checksum(of data: [UInt8], _ cuts: Cuts) -> Checksum {
    var sum = RunningChecksum()
    for piece in cuts.pieces(of: data) { sum.add(piece) }
    return sum.sum
  }

  /// CRC32C bit by bit, as its polynomial says.
  private static func slowCRC(of data: [UInt8]) -> UInt32 {
    ~data.reduce(~0) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in
        crc >> 1 ^ (crc & 1 == 0 ? 0 : 0x82F6_3B78)
      }
    }
  }

  /// Messages, each behind its length in a byte or, above 250, two more.
  private static func split(_ input: inout FuzzInput) -> [[UInt8]] {
    var messages: [[UInt8]] = []
    while !input.isEmpty, messages.count < 32 {
      let length = Int(input.byte())
      messages.append(input.take(length <= 250 ? length : input.number16()))
    }
    return messages
  }

  /// A broken message may have given more of its data before, in smaller pieces.
  private static func compare(_ cut: Outcome, _ whole: Outcome) throws {
    var cut = cut
    if whole.error != nil, cut.data.starts(with: whole.data) { cut.data = whole.data }
    if whole.error != nil, whole.header == nil { cut.header = nil }
    try requireEqual(cut, whole, "when cut")
  }
}
