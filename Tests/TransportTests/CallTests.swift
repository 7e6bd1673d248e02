// Calls over real sockets: every shape, and every way to end.

import GRPC
import NIOCore
import Testing

@testable import Transport

private let hello = Array("hello".utf8)

extension ByteBuffer {
  fileprivate static var hello: ByteBuffer { ByteBuffer(string: "hello") }
}

/// Answers each message with itself, and the client's end with OK.
@Sendable private func echo(_ call: ServerCall) -> Probe? {
  let probe = Probe()
  probe.onMessage = { call.send(ByteBuffer(bytes: $0)) }
  probe.onHalfClose = { call.finish(.ok) }
  return probe
}

@Suite(.timeLimit(.minutes(1))) struct CallTests {
  @Test func unary() async throws {
    let pair = try await Pair(serve: echo)
    var metadata = Metadata()
    try metadata.add("k", "v")
    let log = try await pair.call(metadata: metadata) { call, _ in
      call.send(.hello)
      call.halfClose()
    }
    #expect(await log.ended() == .ok)
    #expect(log.value.messages == [hello])
    #expect(log.value.headers == Metadata())
    #expect(await pair.serverLog().ended() == .ok)
    #expect(await pair.serverLog().value.halfClosed)
    try await pair.end()
  }

  @Test func bothDirectionsStream() async throws {
    let pair = try await Pair(serve: echo)
    let messages = (0..<200).map { [UInt8](repeating: UInt8($0), count: $0 * 37) }
    // The next message goes only when the last one has come back: neither side may hold anything.
    let log = try await pair.call { call, probe in
      var next = 1
      call.send(ByteBuffer(bytes: messages[0]))
      probe.onMessage = { _ in
        if next == messages.count { return call.halfClose() }
        call.send(ByteBuffer(bytes: messages[next]))
        next += 1
      }
    }
    #expect(await log.ended() == .ok)
    #expect(log.value.messages == messages)
    try await pair.end()
  }

  @Test func everyWayToSendAMessage() async throws {
    let pair = try await Pair { call in
      let probe = Probe()
      probe.onHalfClose = {
        call.send(.hello, .hello)
        call.send([.hello, ByteBuffer(), .hello])
        call.send(length: 5) { $0.writeString("hello") }
        var framed = MessageFramer.prefix(length: 1)
        framed.writeString("x")
        framed.writeImmutableBuffer(framed)
        call.send(framed: framed)
        call.send(ByteBuffer())
        call.finish(.ok)
      }
      return probe
    }
    let sent: @Sendable (ClientCall) -> Void = { call in
      call.send(.hello, .hello)
      call.send([.hello, ByteBuffer(), .hello])
      call.send(length: 5) { $0.writeString("hello") }
      var framed = MessageFramer.prefix(length: 1)
      framed.writeString("x")
      framed.writeImmutableBuffer(framed)
      call.send(framed: framed)
      call.send(ByteBuffer())
      call.halfClose()
    }
    let expected = [hello + hello, hello + hello, hello, Array("x".utf8), Array("x".utf8), []]
    // The first call is held until there is a connection, the second goes on it.
    for index in 0...1 {
      let log = try await pair.call { call, _ in sent(call) }
      #expect(await log.ended() == .ok)
      #expect(log.value.messages == expected)
      #expect(await pair.serverLog(index).value.messages == expected)
    }
    try await pair.end()
  }

  @Test func aStatusWithMessageAndMetadata() async throws {
    let pair = try await Pair { call in
      let probe = Probe()
      probe.onHalfClose = {
        var headers = Metadata()
        try? headers.add("first", "1")
        call.sendHeaders(headers)
        call.send(.hello)
        var trailers = Metadata()
        try? trailers.add("last-bin", bytes: [1, 2])
        call.finish(GRPCStatus(.notFound, "sitzung ⛔️ 100 %"), trailers: trailers)
      }
      return probe
    }
    let log = try await pair.call { call, _ in call.halfClose() }
    #expect(await log.ended() == GRPCStatus(.notFound, "sitzung ⛔️ 100 %"))
    #expect(log.value.headers?["first"] == "1")
    #expect(log.value.trailers.bytes("last-bin") == [1, 2])
    #expect(await pair.serverLog().ended() == .ok)
    try await pair.end()
  }

  @Test func anUnknownMethodIsUnimplemented() async throws {
    let pair = try await Pair { _ in nil }
    let log = try await pair.call("/Nobody/Knows") { call, _ in call.send(.hello) }
    #expect(await log.ended() == GRPCStatus(.unimplemented, "unknown method '/Nobody/Knows'"))
    #expect(log.value.headers == nil)
    try await pair.end()
  }

  @Test func aCallMayBeRefusedAtOnce() async throws {
    let pair = try await Pair { call in
      call.finish(GRPCStatus(.permissionDenied, "no"))
      return nil
    }
    let log = try await pair.call { call, _ in call.send(.hello) }
    #expect(await log.ended() == GRPCStatus(.permissionDenied, "no"))
    try await pair.end()
  }

  @Test func theServerMayEndFirst() async throws {
    // The answer is complete while the client still sends: it is told to stop, and loses nothing.
    let pair = try await Pair { call in
      let probe = Probe(.count)
      probe.onFragment = { _ in
        call.send(.hello)
        call.finish(.ok)
      }
      return probe
    }
    let log = try await pair.call { call, probe in
      let pump = Pump(
        total: .max, size: 100_000, isWritable: { call.isWritable }, send: { call.send($0) },
        end: {})
      probe.onWritable = { pump.run() }
      pump.run()
    }
    #expect(await log.ended() == .ok)
    #expect(log.value.messages == [hello])
    #expect(await pair.serverLog().ended() == .ok)
    try await pair.end()
  }

  @Test func theClientCancels() async throws {
    let pair = try await Pair { _ in Probe() }
    let log = try await pair.call { call, probe in
      call.send(.hello)
      probe.onEnd = { _ in call.cancel() }
    }
    let server = await pair.serverLog()
    await server.wait { $0.messages == [hello] }
    let other = try await pair.call { call, _ in call.send(.hello) }
    await pair.serverLog(1).wait { $0.messages == [hello] }
    #expect(log.value.ended == nil)

    let cancelled = try await pair.call { call, probe in
      call.send(.hello)
      probe.onHeaders = { _ in Issue.record("no answer was sent") }
      call.cancel()
      call.cancel()
      call.send(.hello)
      call.halfClose()
      #expect(probe.log.value.ended == nil, "the end does not come from within")
    }
    #expect(await cancelled.ended() == GRPCStatus(.cancelled, "cancelled by the caller"))
    #expect(other.value.ended == nil)
    try await pair.end()
    #expect(await server.ended().code != .ok)
  }

  @Test func aCancellationReachesTheServer() async throws {
    let pair = try await Pair { call in
      let probe = Probe()
      call.sendHeaders()
      return probe
    }
    let log = try await pair.call { call, probe in
      call.send(.hello)
      probe.onHeaders = { _ in call.cancel() }
    }
    #expect(await log.ended().code == .cancelled)
    let status = await pair.serverLog().ended()
    #expect(status.code == .cancelled)
    #expect(status.message.contains("127.0.0.1:"))
    try await pair.end()
  }

  @Test func messagesBeyondTheLimitEndTheCall() async throws {
    let pair = try await Pair { call in
      call.maximumMessageLength = 4
      return Probe()
    }
    let log = try await pair.call { call, _ in call.send(.hello) }
    #expect(await log.ended().code == .resourceExhausted)
    #expect(await pair.serverLog().ended().code == .resourceExhausted)
    #expect(await pair.serverLog().value.lengths == [])

    let echoing = try await Pair(serve: echo)
    let answer = try await echoing.call { call, _ in
      call.maximumMessageLength = 4
      call.send(.hello)
    }
    #expect(await answer.ended().code == .resourceExhausted)
    #expect(await echoing.serverLog().ended().code == .cancelled)
    try await echoing.end()
    try await pair.end()
  }

  @Test func aReceiverMayUseItsCallFromEveryEvent() async throws {
    // Whatever is called from within an event, no event may come from within that call.
    let pair = try await Pair(serve: echo)
    for event in 0..<5 {
      let log = try await pair.call { call, probe in
        let act: (Int) -> Void = { number in
          guard number == event else { return }
          let before = probe.log.value
          call.send(.hello)
          call.halfClose()
          call.returnCredit(0)
          call.cancel()
          let after = probe.log.value
          #expect(before.ended == after.ended && before.messages == after.messages)
        }
        probe.onHeaders = { _ in act(0) }
        probe.onFragment = { _ in act(1) }
        probe.onMessage = { _ in act(2) }
        probe.onEnd = { _ in act(3) }
        call.send(.hello)
        call.send(.hello)
        call.halfClose()
      }
      let code = await log.ended().code
      #expect(code == (event < 3 ? .cancelled : .ok))
    }
    try await pair.end()
  }
}
