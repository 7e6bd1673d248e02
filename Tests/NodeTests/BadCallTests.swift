// Calls that are none, on the wire: each gets its answer, and a push and a pull that go on beside it, on
// the same connection, do not notice.

import GRPC
import HTTP2
import MNP
import NIOCore
import Testing
import Transport

@testable import Node

/// A call that a client may make, and what it gets.
private struct BadCall: Sendable {
  enum Answer: Sendable {
    case status(GRPCStatus.Code)
    case http(Int)
    case reset(HTTP2ErrorCode)
  }

  let name: String
  var path = "/MnpService/About"
  var fields: [HTTPField] = []
  /// In place of those that a call has.
  var changes: [String: String?] = [:]
  var bytes: [UInt8] = []
  var end = true
  let answer: Answer
  /// In the words of the answer, as they are on the wire.
  var words = ""

  var head: [HTTPField] {
    let usual = [
      (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "node"),
      ("te", "trailers"), ("content-type", "application/grpc"),
    ]
    return usual.compactMap { name, value in
      let value = changes[name] ?? value
      return value.map { HTTPField(name, $0) }
    } + fields
  }
}

private let empty: [UInt8] = [0, 0, 0, 0, 0]

private let methods: [BadCall] = [
  BadCall(
    name: "an unknown method", path: "/MnpService/Nope", bytes: empty,
    answer: .status(.unimplemented)),
  BadCall(
    name: "an unknown service", path: "/X/About", bytes: empty, answer: .status(.unimplemented)),
  BadCall(name: "no method", path: "/", bytes: empty, answer: .status(.unimplemented)),
  BadCall(name: "GET of a method", changes: [":method": "GET"], answer: .http(404)),
  BadCall(name: "PUT", changes: [":method": "PUT"], answer: .http(405)),
  BadCall(name: "JSON", changes: ["content-type": "application/json"], answer: .http(415)),
  BadCall(
    name: "gRPC with JSON", changes: ["content-type": "application/grpc+json"], answer: .http(415)),
  BadCall(name: "no content type", changes: ["content-type": String?.none], answer: .http(415)),
  BadCall(
    name: "gRPC with protobuf", changes: ["content-type": "application/grpc+proto"], bytes: empty,
    answer: .status(.ok)),
  BadCall(name: "no te", changes: ["te": String?.none], bytes: empty, answer: .status(.ok)),
]

private let messages: [BadCall] = [
  BadCall(name: "flagged, no encoding", bytes: [1, 0, 0, 0, 0], answer: .status(.internalError)),
  BadCall(
    name: "an unknown encoding", fields: [HTTPField("grpc-encoding", "br")],
    bytes: [1, 0, 0, 0, 0],
    answer: .status(.unimplemented), words: "br"),
  BadCall(
    name: "an encoding that is not used", fields: [HTTPField("grpc-encoding", "gzip")],
    bytes: empty,
    answer: .status(.ok)),
  BadCall(name: "an undefined flag", bytes: [2, 0, 0, 0, 0], answer: .status(.internalError)),
  BadCall(
    name: "a control message too long", bytes: [0, 0, 0x40, 0, 1], end: false,
    answer: .status(.resourceExhausted), words: "4194305"),
  BadCall(
    name: "a data message too long", path: "/MnpService/Push", bytes: [0, 4, 1, 0, 1], end: false,
    answer: .status(.resourceExhausted)),
  BadCall(
    name: "the longest of all", path: "/MnpService/Push", bytes: [0, 255, 255, 255, 255],
    end: false,
    answer: .status(.resourceExhausted)),
  BadCall(name: "a prefix that is cut", bytes: [0, 0, 0], answer: .status(.internalError)),
  BadCall(
    name: "a message that is cut", bytes: [0, 0, 0, 0, 2, 1], answer: .status(.internalError)),
  BadCall(name: "no message", answer: .status(.unimplemented), words: "there were 0"),
  BadCall(
    name: "two messages", bytes: empty + empty, answer: .status(.unimplemented),
    words: "there were 2"),
  BadCall(
    name: "a push that is cut", path: "/MnpService/Push", bytes: [0, 0, 0, 0, 9, 0x0A],
    answer: .status(.internalError)),
]

private let metadata: [BadCall] =
  ["", "1", "S", "1s", "-1S", "1.5S", "123456789S"].map {
    BadCall(
      name: "the timeout '\($0)'", fields: [HTTPField("grpc-timeout", $0)], bytes: empty,
      answer: .status(.internalError), words: "grpc-timeout")
  } + [
    BadCall(
      name: "a timeout of zero", fields: [HTTPField("grpc-timeout", "0S")], bytes: empty,
      answer: .status(.deadlineExceeded)),
    BadCall(
      name: "a timeout that passes", path: "/MnpService/Push",
      fields: [HTTPField("grpc-timeout", "5m")],
      end: false, answer: .status(.deadlineExceeded)),
    BadCall(
      name: "bytes, padded and not and joined",
      fields: [
        HTTPField("a-bin", "AA=="), HTTPField("b-bin", "AA"), HTTPField("c-bin", "AA==, AA"),
      ],
      bytes: empty, answer: .status(.ok)),
    BadCall(
      name: "bytes that are no Base64", fields: [HTTPField("a-bin", "A*")], bytes: empty,
      answer: .status(.internalError), words: "a-bin"),
    BadCall(
      name: "too much metadata", fields: [HTTPField("a", String(repeating: "b", count: 9000))],
      bytes: empty, answer: .status(.resourceExhausted)),
    BadCall(
      name: "a field that HTTP/2 does not have", fields: [HTTPField("connection", "close")],
      bytes: empty, answer: .reset(.protocolError)),
    BadCall(
      name: "a value that is none", fields: [HTTPField("a", "b\nc")], bytes: empty,
      answer: .reset(.protocolError)),
    // A session id of "é%", whose echo in the status is percent-encoded.
    BadCall(
      name: "words beyond ASCII", path: "/MnpService/QuitSession",
      bytes: [0, 0, 0, 0, 5, 0x0A, 3, 0xC3, 0xA9, 0x25], answer: .status(.notFound),
      words: "%C3%A9%25"),
  ]

@Suite(.timeLimit(.minutes(2)))
struct BadCallTests {
  @Test(arguments: loopCounts)
  func eachHitsItselfAlone(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let session = try await bench.ready(node)
      let wire = try await WireClient(node.url)
      let neighbour = try await Neighbour(wire, session)
      for (index, call) in (methods + messages + metadata).enumerated() {
        let id = try await wire.open(call.head, endStream: call.end && call.bytes.isEmpty)
        if !call.bytes.isEmpty { try await wire.write(call.bytes, on: id, end: call.end) }
        let answer = try await wire.whole(id)
        switch call.answer {
        case .status(let code):
          #expect(answer.fields["grpc-status"] == "\(code.rawValue)", "\(call.name): \(answer)")
          #expect(answer.fields[":status"] == "200", "\(call.name)")
          #expect(
            call.words.isEmpty
              || answer.fields["grpc-message", default: ""].contains(call.words),
            "\(call.name): \(answer)")
        case .http(let status):
          #expect(answer.fields[":status"] == "\(status)", "\(call.name): \(answer)")
        case .reset(let code):
          #expect(answer.code == code, "\(call.name): \(answer)")
        }
        try await neighbour.echo(UInt8(index + 1))
      }
      try await neighbour.finish()
      try await wire.close()
    }
  }

  /// What is announced takes no memory, and what comes of it takes its part of the budget.
  @Test func requestsThatNeverEndTakeTheirPartOfTheBudget() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("cat", .command(["cat"])) {
        $0.transport.budget = WindowBudget(limit: 10 << 20)
      }
      let session = try await bench.ready(node)
      let wire = try await WireClient(node.url)
      let neighbour = try await Neighbour(wire, session)
      var open: [StreamID] = []
      var refused = 0
      for _ in 0..<4 {
        let id = try await wire.open(BadCall(name: "", answer: .status(.ok)).head)
        try await wire.write([0, 0, 0x40, 0, 0, 1], on: id)
        open.append(id)
        try await eventually("the node has it, or refuses it") {
          refused += try await wire.answer(id).code == nil ? 0 : 1
          return refused > 0
            || node.node.configuration.transport.budget.inUse >= open.count * (4 << 20)
        }
        if refused > 0 { break }
      }
      let last = try await wire.whole(open[open.count - 1])
      #expect(open.count == 3, "two of 4 MiB fit into 10 MiB")
      #expect(last.fields["grpc-status"] == "\(GRPCStatus.Code.resourceExhausted.rawValue)")
      for id in open.dropLast() { try await wire.reset(id) }
      try await eventually("the budget is free again") {
        node.node.configuration.transport.budget.inUse < 1 << 20
      }
      try await neighbour.echo(1)
      try await neighbour.finish()
      try await wire.close()
    }
  }
}

/// A push and a pull of one task that go on all the while.
private struct Neighbour {
  let wire: WireClient
  let push: StreamID
  let pull: StreamID

  init(_ wire: WireClient, _ session: SessionID) async throws {
    self.wire = wire
    let task = try TaskID("t")
    push = try await wire.open(
      BadCall(name: "", path: MNPMethod.push.path, answer: .status(.ok)).head)
    let header = PushHeader(sessionID: session, taskID: task, port: 0)
    try await wire.write(Self.framed(PushEncoder.opening(header)), on: push)
    pull = try await wire.open(
      BadCall(name: "", path: MNPMethod.pull.path, answer: .status(.ok)).head)
    let request = PullRequest(sessionID: session, taskID: task, port: 0)
    try await wire.write(Self.framed(request.encoded()), on: pull, end: true)
  }

  private static func framed(_ message: ByteBuffer) -> [UInt8] {
    var framed = MessageFramer.prefix(length: message.readableBytes)
    framed.writeImmutableBuffer(message)
    return Array(framed.readableBytesView)
  }

  /// One byte goes through the operator and comes back, behind all others.
  func echo(_ byte: UInt8) async throws {
    var message = PushEncoder.prefix(count: 1)
    message.writeInteger(byte)
    try await wire.write(Self.framed(message), on: push)
    try await eventually("byte \(byte) comes back") {
      try await wire.answer(pull).data.readableBytesView.last == byte
    }
  }

  func finish() async throws {
    try await wire.write(Self.framed(PushEncoder.done()), on: push, end: true)
    for id in [push, pull] {
      let answer = try await wire.whole(id)
      #expect(answer.fields["grpc-status"] == "0" && answer.code == .noError, "\(answer)")
    }
  }
}
