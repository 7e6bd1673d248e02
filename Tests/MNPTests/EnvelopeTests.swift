// The envelopes of Push and Pull, whole and cut at every offset, and all that can be wrong in them.

import CMNP
import NIOCore
import Testing

@testable import MNP

/// What came out of a parser.
struct Push: Equatable {
  var header: PushHeader?
  var data: [UInt8] = []
  var done = 0
  /// Data that had come out when the header was there.
  var isDone = false
}

/// Reads messages, each cut at these offsets.
func readPush(_ messages: [[UInt8]], cuts: [Int] = []) throws(MNPError) -> Push {
  var parser = PushParser()
  var push = Push()
  for message in messages {
    parser.begin(length: message.count)
    for fragment in fragments(message, cuts) {
      if let data = try parser.receive(fragment) {
        #expect(parser.header != nil)
        #expect(data.readableBytes > 0)
        push.data += bytes(data)
      }
    }
    if try parser.end() { push.done += 1 }
  }
  push.header = parser.header
  push.isDone = parser.isDone
  return push
}

struct Pull: Equatable {
  var sizeHint: Int64?
  var data: [UInt8] = []
  var done = 0
}

func readPull(_ messages: [[UInt8]], cuts: [Int] = []) throws(MNPError) -> Pull {
  var parser = PullParser()
  var pull = Pull()
  for message in messages {
    parser.begin(length: message.count)
    for fragment in fragments(message, cuts) {
      if let data = try parser.receive(fragment) { pull.data += bytes(data) }
    }
    if try parser.end() { pull.done += 1 }
  }
  pull.sizeHint = parser.sizeHint
  #expect(parser.isDone == (pull.done > 0))
  return pull
}

private func fragments(_ message: [UInt8], _ cuts: [Int]) -> [ByteBuffer] {
  var fragments: [ByteBuffer] = []
  var start = 0
  for cut in cuts.sorted() + [message.count] {
    let end = min(cut, message.count)
    // Empty ones too: they must change nothing.
    fragments.append(buffer(message[start..<end]))
    start = end
  }
  return fragments
}

@Suite struct EnvelopeTests {
  static let opening = hex("0a0773657373696f6e12047461736b180320ffffffffffffffffff01")
  static let openingWithData = hex("0a0773657373696f6e12047461736b18032005320568656c6c6f")
  static let done = hex("2801")

  /// Transcripts as peers write them, and what they say.
  static let pushes: [(messages: [[UInt8]], data: String, size: Int64)] = [
    // Ours and Python's: ids, data, done.
    ([opening, hex("3206776f726c6421"), done], "world!", -1),
    // Ids and data together; data and done together.
    ([openingWithData, hex("3206776f726c6421") + done], "helloworld!", 5),
    // Everything in one message; done before the data takes effect behind it.
    ([openingWithData + done], "hello", 5),
    ([done + openingWithData], "hello", 5),
    // Ids again in a later message do not count, not even long ones.
    (
      [
        opening,
        field(1, [UInt8](repeating: 98, count: 9000)) + field(2, []) + field(3, 9) + field(4, 9)
          + field(6, Array("x".utf8)),
        done,
      ], "x", -1
    ),
    // Empty messages and empty data between and behind.
    ([opening, [], field(6, []), hex("3206776f726c6421"), done, [], field(6, [])], "world!", -1),
    // Fields that nobody knows, of every type, before, between and behind.
    (
      [
        field(15, [1, 2, 3]) + opening + varint(16 << 3 | 1) + [1, 2, 3, 4, 5, 6, 7, 8]
          + field(6, Array("a".utf8)) + varint(17 << 3 | 5) + [1, 2, 3, 4] + field(1000, 1 << 63)
          + field(18, []), done,
      ], "a", -1
    ),
    // Order is free before the data, and the last of a field counts.
    (
      [
        field(4, 1) + field(3, 9) + field(2, [120]) + field(1, [121]) + opening
          + field(6, Array("a".utf8)), field(5, 0) + done,
      ], "a", -1
    ),
    // No data at all.
    ([opening, done], "", -1),
    ([opening + done], "", -1),
    // Numbers longer than they need be.
    (
      [
        Array(opening[..<(opening.count - 13)]) + [0x18, 0x83, 0x80, 0x00] + field(4, UInt64.max)
          + [0xb2, 0x80, 0x00, 0x81, 0x00, 0x61], done,
      ], "a", -1
    ),
  ]

  @Test(arguments: pushes.indices)
  func pushCutAnywhere(index: Int) throws {
    let (messages, data, size) = Self.pushes[index]
    let header = PushHeader(
      sessionID: try SessionID("session"), taskID: try TaskID("task"), port: 3, dataSize: size)
    let expected = Push(header: header, data: Array(data.utf8), done: 1, isDone: true)
    #expect(try readPush(messages) == expected)
    let longest = messages.map(\.count).max() ?? 0
    for one in 0...min(longest, 200) {
      #expect(try readPush(messages, cuts: [one]) == expected)
      for other in stride(from: one, through: min(longest, 200), by: 7) {
        #expect(try readPush(messages, cuts: [one, other]) == expected)
      }
    }
    #expect(try readPush(messages, cuts: Array(0..<longest)) == expected)
  }

  /// Wrong ones, the error they end in, and what it says.
  static let wrongPushes: [(messages: [[UInt8]], code: MNPError.Code, reason: String)] = [
    ([[]], .invalidIdentifier, "session id is empty"),
    ([hex("3206776f726c6421")], .invalidIdentifier, "session id is empty"),
    ([field(1, [97])], .invalidIdentifier, "task id is empty"),
    ([field(1, [97, 0, 98]) + field(2, [97])], .invalidIdentifier, "U+0"),
    ([field(1, [97]) + field(2, [0])], .invalidIdentifier, "U+0"),
    ([field(1, [0xff]) + field(2, [97])], .invalidIdentifier, "not UTF-8"),
    ([field(1, [97, 47]) + field(2, [97])], .invalidIdentifier, "slash"),
    (
      [field(1, [UInt8](repeating: 97, count: 10_000))], .invalidIdentifier,
      "session id has 10000 bytes"
    ),
    (
      [field(2, [UInt8](repeating: 97, count: 257))], .invalidIdentifier, "task id has 257 bytes"
    ),
    ([opening + field(6, [1]) + field(6, [2])], .malformed, "two data fields"),
    ([opening, field(6, []) + field(6, [])], .malformed, "two data fields"),
    ([opening + field(6, [1]) + field(1, [97])], .malformed, "port after its data"),
    ([opening + field(6, []) + field(2, [97])], .malformed, "port after its data"),
    ([opening, field(6, [1]) + field(3, 1)], .malformed, "port after its data"),
    ([opening, field(6, [1]) + field(4, 1)], .malformed, "port after its data"),
    ([opening, done, field(6, [1])], .malformed, "1 bytes of data come after done"),
    ([field(1, 1)], .malformed, "field 1 does not have its type"),
    ([field(3, [1])], .malformed, "field 3 does not have its type"),
    ([field(5, [1])], .malformed, "field 5 does not have its type"),
    ([opening, field(6, 1)], .malformed, "field 6 does not have its type"),
    ([varint(6 << 3 | 5) + [1, 2, 3, 4]], .malformed, "field 6 does not have its type"),
    (
      [varint(1 << 3 | 1) + [1, 2, 3, 4, 5, 6, 7, 8]], .malformed, "field 1 does not have its type"
    ),
    ([field(3, 1 << 31)], .malformed, "no 32-bit number"),
    ([[0]], .malformed, "a field has the number 0"),
    ([varint(1 << 32)], .malformed, "a field has the number 536870912"),
    ([varint(9 << 3 | 3)], .malformed, "group"),
    ([varint(9 << 3 | 4)], .malformed, "group"),
    ([varint(9 << 3 | 6)], .malformed, "wire type 6"),
    ([varint(9 << 3 | 7)], .malformed, "wire type 7"),
    ([[0x18] + [UInt8](repeating: 0xff, count: 10)], .malformed, "more than 64 bits"),
    ([[0x18] + [UInt8](repeating: 0x80, count: 9) + [2]], .malformed, "more than 64 bits"),
    ([[UInt8](repeating: 0x80, count: 10) + [0]], .malformed, "more than 64 bits"),
    ([opening + [0x32]], .malformed, "ends inside a field"),
    ([opening + [0x32, 2, 1]], .malformed, "field 6 has 2 bytes, the message 1"),
    ([[0x0a, 5, 97]], .malformed, "field 1 has 5 bytes, the message 1"),
    (
      [[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]], .malformed, "the message 0"
    ),
    ([[0x80]], .malformed, "ends inside a field"),
    ([[0x18, 0x80]], .malformed, "ends inside a field"),
    ([varint(9 << 3 | 1) + [1, 2, 3]], .malformed, "ends inside a field"),
    (
      [field(9, [UInt8](repeating: 0, count: 65_536))], .tooLarge, "more than 65536 bytes besides"
    ),
    (
      [[UInt8]((0..<33_000).flatMap { _ in field(9, 1) })], .tooLarge,
      "more than 65536 bytes besides"
    ),
  ]

  @Test(arguments: wrongPushes.indices)
  func wrongPushCutAnywhere(index: Int) throws {
    let (messages, code, reason) = Self.wrongPushes[index]
    let longest = messages.map(\.count).max() ?? 0
    let offsets = longest < 1000 ? Array(0...longest) : [1, 2, 3, 500, longest - 1]
    for cuts in [[], offsets] + offsets.map({ [$0] }) {
      let error = #expect(throws: MNPError.self) { try readPush(messages, cuts: cuts) }
      #expect(error?.code == code)
      #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
  }

  @Test func longIDsAreRefusedFromTheirLength() throws {
    var parser = PushParser()
    parser.begin(length: 1 << 30)
    #expect(try parser.receive(buffer([0x0a, 0x81])) == nil)
    let error = #expect(throws: MNPError.self) { try parser.receive(buffer([0x02])) }
    #expect(error?.code == .invalidIdentifier)
  }

  @Test func dataComesOutAsItComesIn() throws {
    var parser = PushParser()
    let message = Self.opening + varint(6 << 3 | 2) + varint(1 << 30)
    parser.begin(length: message.count + 1 << 30)
    #expect(try parser.receive(buffer(message)) == nil)
    #expect(parser.header?.port == 3)
    // A GiB in slices of the same 1 MiB: nothing of it is held or copied.
    let chunk = ByteBuffer(repeating: 7, count: 1 << 20)
    let address = chunk.withUnsafeReadableBytes { $0.baseAddress }
    for _ in 0..<1024 {
      let data = try #require(try parser.receive(chunk))
      #expect(data.readableBytes == 1 << 20)
      #expect(data.withUnsafeReadableBytes { $0.baseAddress } == address)
    }
    #expect(try !parser.end())
    #expect(!parser.isDone)
  }

  @Test func theHeaderIsThereBeforeTheFirstMessageEndsWhenDataBegins() throws {
    var parser = PushParser()
    parser.begin(length: Self.openingWithData.count)
    #expect(
      try parser.receive(buffer(Self.openingWithData[..<(Self.openingWithData.count - 7)])) == nil)
    #expect(parser.header == nil)
    #expect(try parser.receive(buffer(hex("3205"))) == nil)
    #expect(parser.header != nil)
  }

  @Test func sizeHints() throws {
    let (s, t) = try (SessionID("s"), TaskID("t"))
    for (size, hint) in [(-1, nil), (0, nil), (5, 5)] as [(Int64, Int64?)] {
      #expect(PushHeader(sessionID: s, taskID: t, port: 0, dataSize: size).sizeHint == hint)
    }
  }

  static let pulls: [(messages: [[UInt8]], expected: Pull)] = [
    (
      [hex("080b1a0568656c6c6f"), hex("1a0620776f726c64"), hex("1001")],
      Pull(sizeHint: 11, data: Array("hello world".utf8), done: 1)
    ),
    ([hex("10011a0178")], Pull(data: [120], done: 1)),
    ([hex("1a01781001"), [], hex("1001")], Pull(data: [120], done: 1)),
    ([[], hex("0805"), hex("1001")], Pull(done: 1)),
    ([hex("08ffffffffffffffffff01"), hex("1001")], Pull(done: 1)),
    (
      [hex("1a0178") + field(5, [1]) + field(1, 3), hex("1001")],
      Pull(sizeHint: 3, data: [120], done: 1)
    ),
    ([hex("1a0178"), hex("1000")], Pull(data: [120], done: 0)),
    ([], Pull()),
  ]

  @Test(arguments: pulls.indices)
  func pullCutAnywhere(index: Int) throws {
    let (messages, expected) = Self.pulls[index]
    for cuts in [[]] + (0...16).map({ [$0] }) + [Array(0...16)] {
      #expect(try readPull(messages, cuts: cuts) == expected)
    }
  }

  @Test(
    arguments: [
      ([[0x1a, 0, 0x1a, 0]], "two data fields"),
      ([[0x10, 1], [0x1a, 1, 1]], "after done"),
      ([[0x0a, 0]], "field 1 does not have its type"),
      ([[0x12, 0]], "field 2 does not have its type"),
      ([[0x18, 0]], "field 3 does not have its type"),
      ([[0x1a, 2, 0]], "field 3 has 2 bytes"),
      ([[0x10]], "ends inside a field"),
    ] as [([[UInt8]], String)])
  func wrongPull(messages: [[UInt8]], reason: String) {
    let error = #expect(throws: MNPError.self) { try readPull(messages) }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test func encodersWriteWhatPeersWrite() throws {
    let header = PushHeader(
      sessionID: try SessionID("session"), taskID: try TaskID("task"), port: 3)
    #expect(bytes(PushEncoder.opening(header)) == Self.opening)
    #expect(bytes(PushEncoder.prefix(count: 6)) + Array("world!".utf8) == hex("3206776f726c6421"))
    #expect(bytes(PushEncoder.done()) == Self.done)
    #expect(bytes(PushEncoder.prefix(count: 1 << 20)) == hex("32808040"))
    #expect(
      bytes(PullEncoder.prefix(count: 5, sizeHint: 11)) + Array("hello".utf8)
        == hex("080b1a0568656c6c6f"))
    #expect(bytes(PullEncoder.prefix(count: 1, sizeHint: 0)) == hex("1a01"))
    #expect(bytes(PullEncoder.prefix(count: 1)) == hex("1a01"))
    #expect(bytes(PullEncoder.done()) == hex("1001"))

    for count in [1, 127, 128, 16383, 16384, 1 << 20, 1 << 40, .max] {
      var push = ByteBuffer()
      PushEncoder.writePrefix(count: count, into: &push)
      #expect(push == PushEncoder.prefix(count: count))
      #expect(push.readableBytes == PushEncoder.prefixLength(count: count))
      var pull = ByteBuffer()
      PullEncoder.writePrefix(count: count, into: &pull)
      #expect(pull == PullEncoder.prefix(count: count))
      #expect(pull.readableBytes == PullEncoder.prefixLength(count: count))
    }

    for port: Int32 in [0, 1, .max, -1] {
      for size: Int64 in [-1, 0, 5, .max, .min] {
        let header = PushHeader(
          sessionID: try SessionID("sé"), taskID: .random(), port: port, dataSize: size)
        let push = try readPush([bytes(PushEncoder.opening(header)), Self.done])
        #expect(push.header == header)
      }
    }
  }

  /// What protobuf-c makes of the same bytes, where our rules are no stricter than proto3's.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func agreesWithProtobufC(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let parts: [[UInt8]] = [
      field(1, [97]), field(2, [98, 99]), field(3, 7), field(3, UInt64.max), field(4, 1 << 40),
      field(5, 1), field(5, 0), field(9, [1, 2]), field(10, 300),
      varint(11 << 3 | 1) + [1, 2, 3, 4, 5, 6, 7, 8], varint(12 << 3 | 5) + [1, 2, 3, 4],
    ]
    for _ in 0..<500 {
      var message = field(1, [100]) + field(2, [101])
      for _ in 0..<Int.random(in: 0..<6, using: &random) {
        message += parts.randomElement(using: &random) ?? []
      }
      message += field(6, (0..<Int.random(in: 0..<5, using: &random)).map { UInt8($0) })
      let cuts = (0..<3).map { _ in Int.random(in: 0...message.count, using: &random) }
      let push = try readPush([message], cuts: cuts)

      let c = try #require(headrace__mnp__push_request__unpack(nil, message.count, message))
      defer { headrace__mnp__push_request__free_unpacked(c, nil) }
      #expect(
        push.header?.sessionID.description.utf8.elementsEqual(FromC.bytes(c.pointee.session_id))
          == true)
      #expect(
        push.header?.taskID.description.utf8.elementsEqual(FromC.bytes(c.pointee.task_id)) == true)
      #expect(push.header?.port == c.pointee.port)
      #expect(push.header?.dataSize == c.pointee.data_size)
      #expect(push.isDone == (c.pointee.done != 0))
      #expect(push.data.elementsEqual(FromC.bytes(c.pointee.data)))
    }
  }
}
