// Backpressure: what is sent stays within the windows and the queue, and nothing is lost by it.

import GRPC
import HTTP2
import NIOCore
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(2))) struct FlowControlTests {
  private static let mib = 1 << 20

  @Test func aLargeMessageGoesThroughInPieces() async throws {
    let size = 64 * Self.mib
    let pair = try await Pair { call in
      let probe = Probe(.count)
      probe.onHalfClose = { call.finish(.ok) }
      return probe
    }
    let log = try await pair.call { call, _ in
      call.send(ByteBuffer(repeating: 1, count: size))
      call.halfClose()
    }
    #expect(await log.ended() == .ok)
    let server = await pair.serverLog()
    #expect(await server.ended() == .ok)
    #expect(server.value.lengths == [size])
    #expect(server.value.bytes == size)
    try await pair.end()
  }

  @Test func aStoppedReaderStopsTheSender() async throws {
    let pair = try await Pair { _ in Probe(.hold) }
    let sent = Watch(0)
    let log = try await pair.call { call, probe in
      let pump = Pump(
        total: .max, size: 64 << 10, isWritable: { call.isWritable },
        send: { message in
          sent.update { $0 += message.readableBytes }
          call.send(message)
        }, end: {})
      probe.onWritable = { pump.run() }
      pump.run()
    }
    // The window (256 KiB: it grows only where it is used up) arrives, and then nothing more: the
    // rest waits in the sender's queue.
    let server = await pair.serverLog()
    await server.wait { $0.bytes >= (256 << 10) - 64 }
    await sent.wait { $0 > 512 << 10 }
    try await self.settle(pair)
    let queue = (512 << 10) + (64 << 10)
    #expect(sent.value <= (256 << 10) + queue + 64 * 5)
    #expect(server.value.bytes <= 256 << 10)
    #expect(log.value.ended == nil)
    try await pair.end()
  }

  @Test func aStoppedReaderOfAnAnswerStopsTheServer() async throws {
    let sent = Watch(0)
    let pair = try await Pair { call in
      let probe = Probe()
      let pump = Pump(
        total: .max, size: 10_000, isWritable: { call.isWritable },
        send: { message in
          sent.update { $0 += message.readableBytes }
          call.send(message)
        }, end: {})
      probe.onHalfClose = { pump.run() }
      probe.onWritable = { pump.run() }
      return probe
    }
    let log = try await pair.call(reading: .hold) { call, _ in call.halfClose() }
    await log.wait { $0.bytes >= (256 << 10) - 10_000 }
    await sent.wait { $0 > 512 << 10 }
    try await self.settle(pair)
    #expect(sent.value <= (256 << 10) + (512 << 10) + 20_000)
    #expect(log.value.bytes <= 256 << 10)
    try await pair.end()
    #expect(log.value.ended != nil)
  }

  /// A whole exchange of its own on the same connection: whatever was on its way has arrived.
  private func settle(_ pair: Pair) async throws {
    for _ in 0..<3 {
      let before = pair.serverLogs.value.count
      let log = try await pair.call { call, probe in
        call.send(ByteBuffer(string: "x"))
        probe.onEnd = { _ in }
      }
      let server = await pair.serverLog(before)
      await server.wait { $0.bytes == 1 }
      #expect(log.value.ended == nil)
    }
  }

  @Test func aSlowReaderDoesNotDelayItsNeighbours() async throws {
    let pair = try await Pair { call in
      let probe = Probe(call.head.path == "/slow" ? .hold : .count)
      probe.onHalfClose = { call.finish(.ok) }
      return probe
    }
    for _ in 0..<4 {
      _ = try await pair.call("/slow") { call, probe in
        let pump = Pump(
          total: .max, size: 64 << 10, isWritable: { call.isWritable }, send: { call.send($0) },
          end: {})
        probe.onWritable = { pump.run() }
        pump.run()
      }
    }
    for index in 0..<4 { await pair.serverLog(index).wait { $0.bytes > 200_000 } }
    // More than all windows together, on the same connection.
    let log = try await pair.call("/fast") { call, probe in
      let pump = Pump(
        total: 100 * Self.mib, size: 256 << 10, isWritable: { call.isWritable },
        send: { call.send($0) }, end: { call.halfClose() })
      probe.onWritable = { pump.run() }
      pump.run()
    }
    #expect(await log.ended() == .ok)
    #expect(await pair.serverLog(4).value.bytes == 100 * Self.mib)
    try await pair.end()
  }

  @Test func creditReturnedLateGoesOn() async throws {
    // The reader keeps everything, returns it all at once, and so on until the end.
    let pair = try await Pair { call in
      let probe = Probe(.hold)
      var held = 0
      probe.onFragment = { fragment in
        held += fragment.readableBytes
        guard held > 150_000 else { return }
        let bytes = held
        held = 0
        call.eventLoop.assumeIsolated().execute { call.returnCredit(bytes) }
      }
      probe.onHalfClose = { call.finish(.ok) }
      return probe
    }
    let log = try await pair.call { call, probe in
      let pump = Pump(
        total: 8 * Self.mib, size: 30_000, isWritable: { call.isWritable },
        send: { call.send($0) }, end: { call.halfClose() })
      probe.onWritable = { pump.run() }
      pump.run()
    }
    #expect(await log.ended() == .ok)
    #expect(await pair.serverLog().value.bytes == 8 * Self.mib)
    try await pair.end()
  }

  @Test func aFailureOvertakesWhatNobodyReads() async throws {
    let pair = try await Pair { call in
      let probe = Probe()
      probe.onHalfClose = {
        while call.isWritable { call.send(ByteBuffer(repeating: 0, count: 50_000)) }
        call.eventLoop.assumeIsolated().execute {
          call.finish(GRPCStatus(.cancelled, "the session is quit"))
        }
      }
      return probe
    }
    let log = try await pair.call(reading: .hold) { call, _ in call.halfClose() }
    #expect(await log.ended() == GRPCStatus(.cancelled, "the session is quit"))
    #expect(await pair.serverLog().ended() == .ok)
    try await pair.end()
  }

  @Test func windowsGrowWhereTheyAreUsedAndComeBack() async throws {
    let budget = WindowBudget(limit: 64 * Self.mib)
    var configuration = TransportConfiguration()
    configuration.budget = budget
    let most = Watch(0)
    let pair = try await Pair(server: configuration) { call in
      let probe = Probe(.count)
      probe.onFragment = { _ in most.update { $0 = max($0, budget.inUse) } }
      probe.onHalfClose = { call.finish(.ok) }
      return probe
    }
    let log = try await pair.call { call, probe in
      let pump = Pump(
        total: 256 * Self.mib, size: 256 << 10, isWritable: { call.isWritable },
        send: { call.send($0) }, end: { call.halfClose() })
      probe.onWritable = { pump.run() }
      pump.run()
    }
    #expect(await log.ended() == .ok)
    await pair.serverLog().ended()
    #expect(most.value >= AdaptiveWindow.start && most.value <= AdaptiveWindow.maximum)
    #expect(budget.inUse == 0)
    try await pair.end()
  }

  @Test func callsBeyondTheBudgetAreRefused() async throws {
    var configuration = TransportConfiguration()
    // One usual window and two of the smallest size.
    configuration.budget = WindowBudget(limit: (256 << 10) + 2 * (64 << 10))
    let pair = try await Pair(server: configuration) { call in
      let probe = Probe()
      probe.onMessage = { _ in call.finish(.ok) }
      return probe
    }
    var logs: [Watch<CallLog>] = []
    for index in 0..<3 {
      logs.append(try await pair.call())
      _ = await pair.serverLog(index)
    }
    let refused = try await pair.call()
    #expect(await refused.ended().code == .resourceExhausted)
    for log in logs { #expect(log.value.ended == nil) }
    try await pair.end()
    #expect(configuration.budget.inUse == 0)
  }

  @Test func smallWindowsUnderPressureStillWork() async throws {
    var configuration = TransportConfiguration()
    configuration.budget = WindowBudget(limit: 64 << 10)
    let pair = try await Pair(server: configuration, client: configuration) { call in
      let probe = Probe(.count)
      probe.onFragment = { call.send($0) }
      probe.onHalfClose = { call.finish(.ok) }
      return probe
    }
    let log = try await pair.call(reading: .count) { call, probe in
      let pump = Pump(
        total: 8 * Self.mib, size: 200_000, isWritable: { call.isWritable },
        send: { call.send($0) }, end: { call.halfClose() })
      probe.onWritable = { pump.run() }
      pump.run()
    }
    // The client's own window is forced, and then the budget has nothing left for the server.
    #expect(await log.ended().code == .resourceExhausted)
    var other = configuration
    other.budget = WindowBudget(limit: 128 << 10)
    let roomy = try await Pair(server: other, client: other) { call in
      let probe = Probe(.count)
      probe.onFragment = { call.send($0) }
      probe.onHalfClose = { call.finish(.ok) }
      return probe
    }
    let through = try await roomy.call(reading: .count) { call, probe in
      let pump = Pump(
        total: 8 * Self.mib, size: 200_000, isWritable: { call.isWritable },
        send: { call.send($0) }, end: { call.halfClose() })
      probe.onWritable = { pump.run() }
      pump.run()
    }
    #expect(await through.ended() == .ok)
    #expect(through.value.bytes == 8 * Self.mib)
    try await roomy.end()
    try await pair.end()
  }
}
