// Control messages against bytes that Python's protobuf wrote, and against all that can be wrong.

import NIOCore
import Testing

@testable import MNP

@Suite struct ControlMessageTests {
  /// Equal in both directions: read from the bytes, and written as the same bytes.
  private func check<M: ControlMessage>(
    _ message: M, _ golden: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let golden = hex(golden)
    #expect(try M(decoding: buffer(golden)) == message, sourceLocation: sourceLocation)
    #expect(bytes(message.encoded()) == golden, sourceLocation: sourceLocation)
    // Cut anywhere it is another message or none, never a crash.
    for count in golden.indices { _ = try? M(decoding: buffer(golden[..<count])) }
    // A field that nobody knows changes nothing.
    let unknown =
      field(999, [1, 2, 3]) + field(998, 7) + golden + varint(997 << 3 | 5) + [0, 0, 0, 0]
    #expect(try M(decoding: buffer(unknown)) == message, sourceLocation: sourceLocation)
  }

  @Test func sessionMessages() throws {
    try check(
      AboutResponse(name: "a node", extra: AnyMessage(BridgeAboutResponse())),
      """
      0a0661206e6f646512410a3f747970652e676f6f676c65617069732e636f6d2f61692e6d616e74696b2e627269
      6467652e70726f746f732e42726964676541626f7574526573706f6e7365
      """)
    try check(AboutResponse(name: ""), "")
    try check(
      InitRequest(
        sessionID: SessionID("s1"),
        configuration: AnyMessage(typeURL: "type.googleapis.com/x.Y", value: [0, 1, 255]),
        inputs: [.init(contentType: "application/json"), .init()],
        outputs: [.init(contentType: "text/plain", destinationURL: "mnp://h:1/s/0"), .init()]),
      """
      0a027331121e0a17747970652e676f6f676c65617069732e636f6d2f782e5912030001ff1a120a106170706c69
      636174696f6e2f6a736f6e1a00221b0a0a746578742f706c61696e120d6d6e703a2f2f683a312f732f302200
      """)
    try check(InitRequest(sessionID: nil), "")
    try check(InitResponse(state: .failed, error: "böse"), "0804120562c3b67365")
    try check(InitResponse(state: .initializing), "")
    try check(InitResponse(state: .unrecognized(9)), "0809")
    try check(QuitSessionRequest(sessionID: SessionID("s1")), "0a027331")
    try check(EmptyMessage(), "")
  }

  @Test func taskMessages() throws {
    let (s, t) = try (SessionID("s"), TaskID("t"))
    try check(
      PullRequest(sessionID: s, taskID: t, port: -1), "0a017312017418ffffffffffffffffff01")
    try check(QueryTaskRequest(sessionID: s, taskID: t, ensure: true), "0a01731201741801")
    try check(
      QueryTaskResponse(
        state: .failed, error: "x",
        inputs: [.init(messageCount: 7, bytes: 5_000_000_000, error: "e", done: true), .init()],
        outputs: [.init(messageCount: -1)]),
      "08031201781a0d08071080e497d0121a016520011a00220b08ffffffffffffffffff01")
    // Ours: the tags of fields 1000 and 1001.
    try check(
      QueryTaskResponse(
        state: .finished, inputs: [.init(bytes: 9, done: true, unread: 300, held: 1)],
        failure: Failure(kind: .timeout, message: ""), still: true),
      "0802 1a0b 1009 2001 c03eac02 c83e01 c23e02 0808 c83e01")
  }

  @Test func configurations() throws {
    try check(
      Configuration(
        parameters: [.init(name: "base", value: "1961"), .init(name: "e", value: "")],
        inputNames: ["a", "b"], outputNames: ["c", ""], endedTasks: ["r-1"]),
      "0a0c0a04626173651204313936310a030a01651201611201621a01631a00 2203722d31")
    try check(
      MantikInitConfiguration(
        header: "{}", payloadContentType: "application/zip", payload: .url("http://h/x")),
      "0a027b7d120f6170706c69636174696f6e2f7a69701a0a687474703a2f2f682f78")
    try check(MantikInitConfiguration(header: "{}", payload: .content([])), "0a027b7d2200")
    try check(
      MantikInitConfiguration(header: "{}", payload: .content([0, 80, 75])), "0a027b7d220300504b")
    try check(BridgeAboutResponse(), "")
    // The last of a oneof counts, of whatever kind.
    let both = hex("1a01612201001a0162")
    #expect(try MantikInitConfiguration(decoding: buffer(both)).payload == .url("b"))
  }

  @Test func failure() throws {
    try check(
      Failure(
        kind: .operator, message: "m", node: "h:1", session: "s", task: "t", port: "0",
        offset: 1 << 40, exitCode: 3, signal: 9, stderrTail: ["one", "", "three"]),
      """
      080112016d1a03683a312201732a0174320130388080808080204003480952036f6e65520052057468726565
      """)
    for number: Int32 in 0...8 { #expect(Failure.Kind(wire: number).wireNumber == number) }
    #expect(Failure.Kind(wire: 9) == .unrecognized(9))
    #expect(Failure.Kind(wire: 9).wireNumber == 9)
  }

  @Test func anyMessages() throws {
    let configuration = Configuration(parameters: [.init(name: "a", value: "b")])
    let packed = AnyMessage(configuration)
    #expect(packed.typeURL == "type.googleapis.com/headrace.v1.Configuration")
    #expect(try packed.unpacked(as: Configuration.self) == configuration)
    #expect(try packed.unpacked(as: MantikInitConfiguration.self) == nil)
    let broken = AnyMessage(typeURL: Configuration.typeURL, value: [0xff])
    #expect(throws: MNPError.self) { try broken.unpacked(as: Configuration.self) }
  }

  @Test func idsAreWholeOrAnError() throws {
    // protobuf-c's strings end at a NUL: these two would be the same session.
    for id in [Array("a\0b".utf8), Array("a\0c".utf8), [0]] {
      let error = #expect(throws: MNPError.self) {
        try QuitSessionRequest(decoding: buffer(field(1, id)))
      }
      #expect(error?.code == .invalidIdentifier)
    }
    for id in [[], [0xff], Array("a/b".utf8), [UInt8](repeating: 97, count: 10_000)] {
      let error = #expect(throws: MNPError.self) {
        try PullRequest(decoding: buffer(field(1, [97]) + field(2, id)))
      }
      #expect(error?.code == .invalidIdentifier)
    }
    let error = #expect(throws: MNPError.self) {
      try InitRequest(decoding: buffer(field(1, [97, 0])))
    }
    #expect(error?.code == .invalidIdentifier)
  }

  @Test func textIsUTF8AndMayHaveNUL() throws {
    let message = try InitResponse(decoding: buffer(field(2, Array("a\0b".utf8))))
    #expect(message.error == "a\0b")
    for wrong: [UInt8] in [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80]] {
      let error = #expect(throws: MNPError.self) {
        try InitResponse(decoding: buffer(field(2, wrong)))
      }
      #expect(error?.code == .malformed)
      #expect(throws: MNPError.self) { try Configuration(decoding: buffer(field(2, wrong))) }
      #expect(throws: MNPError.self) {
        try QueryTaskResponse(decoding: buffer(field(1000, field(10, wrong))))
      }
    }
  }

  @Test(arguments: [
    "80", "0a", "0a05", "0a0561", "08ffffffffffffffffffffff01", "0b0c", "0e", "ffffffffffffffff",
    "1a8080808010",
  ])
  func malformed(bytes: String) {
    let error = #expect(throws: MNPError.self) { try InitRequest(decoding: buffer(hex(bytes))) }
    #expect(error?.code == .malformed)
  }

  @Test func sizesAreBounded() throws {
    let large = AnyMessage(typeURL: "", value: [UInt8](repeating: 7, count: (4 << 20) - 5))
    #expect(large.encoded().readableBytes == 4 << 20)
    #expect(try AnyMessage(decoding: large.encoded()) == large)
    let larger = AnyMessage(typeURL: "", value: large.value + [7])
    let error = #expect(throws: MNPError.self) { try AnyMessage(decoding: larger.encoded()) }
    #expect(error?.code == .tooLarge)
  }

  @Test func memoryIsBoundedWhateverTheFields() throws {
    // 2 bytes each on the wire; each costs protobuf-c a struct.
    for tag: UInt8 in [0x1a, 0x7a] {
      let many = ByteBuffer(repeating: [tag, 0], count: 1_000_000)
      let error = #expect(throws: MNPError.self) { try InitRequest(decoding: many) }
      #expect(error?.code == .tooLarge)
    }
    let some = ByteBuffer(repeating: [0x1a, 0], count: 10_000)
    #expect(try InitRequest(decoding: some).inputs.count == 10_000)
  }

  /// Every allocation fails in turn; the address sanitizer watches for what is not freed.
  @Test func anyAllocationMayFail() throws {
    let golden = QueryTaskResponse(
      state: .failed, error: "an error",
      inputs: [.init(messageCount: 1, error: "e"), .init(unread: 1)],
      outputs: [.init(error: "f")],
      failure: Failure(kind: .operator, message: "m", node: "h", stderrTail: ["a", "b"])
    ).encoded()
    // Twice the same, so that messages are merged and fields replaced; and fields unknown.
    var bytes = golden
    bytes.writeImmutableBuffer(golden)
    bytes.writeBytes(field(77, [1, 2, 3]))
    var budget = 0
    while true {
      do {
        let message: QueryTaskResponse = try decode(bytes, budget: budget)
        #expect(message.inputs.count == 4)
        #expect(message.failure?.stderrTail == ["a", "b", "a", "b"])
        break
      } catch {
        #expect(error.code == .tooLarge)
      }
      budget += 1
      try #require(budget < 100_000)
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func mutationsNeverCrash(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let seeds: [[UInt8]] = [
      bytes(
        InitRequest(
          sessionID: try SessionID("s"), configuration: AnyMessage(typeURL: "u", value: [1]),
          inputs: [.init(contentType: "x"), .init()], outputs: [.init(destinationURL: "y")]
        ).encoded()),
      bytes(
        QueryTaskResponse(
          state: .failed, error: "e", inputs: [.init(bytes: 1)], outputs: [.init(error: "x")],
          failure: Failure(kind: .input, message: "m", stderrTail: ["l"])
        ).encoded()),
      bytes(MantikInitConfiguration(header: "h", payload: .content([1, 2])).encoded()),
    ]
    for _ in 0..<2000 {
      var mutated = seeds.randomElement(using: &random) ?? []
      mutated += Bool.random(using: &random) ? seeds.randomElement(using: &random) ?? [] : []
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let index = Int.random(in: 0..<mutated.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: mutated[index] = UInt8.random(in: 0...255, using: &random)
        case 1: mutated.remove(at: index)
        default: mutated.insert(UInt8.random(in: 0...255, using: &random), at: index)
        }
        if mutated.isEmpty { break }
      }
      _ = try? InitRequest(decoding: buffer(mutated))
      _ = try? QueryTaskResponse(decoding: buffer(mutated))
      _ = try? MantikInitConfiguration(decoding: buffer(mutated))
    }
  }

  @Test func states() {
    for number: Int32 in -1...6 {
      #expect(SessionState(wire: number).wireNumber == number)
      #expect(TaskState(wire: number).wireNumber == number)
    }
    #expect(SessionState.ready.isFinal && SessionState.failed.isFinal)
    #expect(!SessionState.initializing.isFinal && !SessionState.unrecognized(9).isFinal)
  }

  @Test func methods() {
    #expect(MNPMethod(path: "/MnpService/Init") == .initialize)
    #expect(MNPMethod.allCases.count == 7)
    for method in MNPMethod.allCases { #expect(MNPMethod(path: method.path) == method) }
    for path in ["", "/MnpService/", "/MnpService/init", "/mnp.MnpService/Init"] {
      #expect(MNPMethod(path: path) == nil)
    }
  }

  @Test func collector() throws {
    var collector = MessageCollector()
    for text in ["one", ""] {
      try collector.begin(length: text.utf8.count)
      for byte in text.utf8 { collector.receive(buffer([byte])) }
      #expect(String(buffer: collector.end()) == text)
    }
    let error = #expect(throws: MNPError.self) { try collector.begin(length: 4 << 20 + 1) }
    #expect(error?.code == .tooLarge)
  }
}
