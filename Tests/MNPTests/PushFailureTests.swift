// The reason with which a push breaks off, on the wire.

import NIOCore
import Testing

@testable import MNP

@Suite struct PushFailureTests {
  static let failure = Failure(
    kind: .operator, message: "the operator exited with code 7", node: "n", session: "s", task: "t",
    port: "output 0", offset: 5, exitCode: 7, stderrTail: ["one", "two"])

  @Test func cutAtEveryOffset() throws {
    let message = bytes(PushEncoder.failure(Self.failure))
    for cut in 0...message.count {
      var parser = PushParser()
      parser.begin(length: EnvelopeTests.opening.count)
      _ = try parser.receive(buffer(EnvelopeTests.opening))
      _ = try parser.end()
      #expect(parser.failure == nil)
      parser.begin(length: message.count)
      #expect(try parser.receive(buffer(message[..<cut])) == nil)
      #expect(try parser.receive(buffer(message[cut...])) == nil)
      #expect(try !parser.end())
      #expect(parser.failure == Self.failure)
      #expect(!parser.isDone)
    }
  }

  /// It fits into an envelope whatever the operator said.
  @Test func longReasonsAreShortened() throws {
    var long = Self.failure
    long.stderrTail = Array(repeating: String(repeating: "x", count: 8192), count: 20)
    let message = PushEncoder.failure(long)
    var parser = PushParser()
    parser.begin(length: message.readableBytes)
    _ = try parser.receive(message)
    #expect(parser.failure?.message == long.message)
    #expect(parser.failure?.stderrTail == [])
  }

  @Test func garbageIsMalformed() {
    let message = field(1000, [0xFF])
    var parser = PushParser()
    parser.begin(length: message.count)
    #expect(throws: MNPError.self) { _ = try parser.receive(buffer(message)) }
  }
}
