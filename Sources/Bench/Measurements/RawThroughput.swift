// The limit: TCP alone, from process to process, and through relays.

internal import NIOCore
internal import Pipeline

/// One cell of the grid: so many bytes a write, so many a read.
struct RawTCPThroughput: Measurement {
  let write: Int
  let read: Int

  static let grid = [64 << 10, 128 << 10, 256 << 10]

  var subject: Subject { Subject(.rawTCP, write: write, read: read) }

  func run(_ lab: Lab) async throws -> Sample {
    let node = try await lab.node(.rawReceiver(read: read))
    let slab = Payload.make(write)
    let meter = Meter([node.figures], energy: lab.energy)
    let sent = try await RawSender.run(
      slab, to: node.url.tcpPort, for: lab.options.time, on: lab.source.eventLoop)
    let sample = meter.sample(bytes: sent.bytes, messages: nil)
    try check(sent.counted ?? -1, equals: sent.bytes, at: "the receiver")
    return sample
  }
}

/// Through relays and back to the bench.
struct RawRelayThroughput: Measurement {
  let nodes: Int

  var subject: Subject { Subject(.rawRelay, nodes: nodes) }

  private static let write = 256 << 10

  func run(_ lab: Lab) async throws -> Sample {
    var relays: [LabNode] = []
    for number in 0..<nodes { relays.append(try await lab.node(.rawRelay(number: number))) }
    let first = relays[nodes - 1]
    let sink = try await lab.rawSink()
    let slab = Payload.make(Self.write)
    let eventLoop = lab.sink.eventLoop
    let arrived = eventLoop.makePromise(of: Int.self)
    sink.expect(.init(onData: nil, onEnd: { arrived.succeed($0) }))
    let meter = Meter(relays.map(\.figures), energy: lab.energy)
    let sent: RawSender.Sent
    do {
      sent = try await RawSender.run(
        slab, to: first.url.tcpPort, for: lab.options.time, on: lab.source.eventLoop)
    } catch {
      arrived.fail(error)
      throw error
    }
    let count = try await arrived.futureResult.get()
    let sample = meter.sample(bytes: sent.bytes, messages: nil)
    try check(count, equals: sent.bytes, at: "the end of the relays")
    return sample
  }
}

/// The round trip of a record through relays.
struct RawLatency: Measurement {
  let nodes: Int

  var subject: Subject { Subject(.rawLatency, size: Payload.recordSize, nodes: nodes) }

  func duration(_ seconds: Double) -> Double { seconds / 2 + 0.05 }

  func run(_ lab: Lab) async throws -> Sample {
    var first = try await lab.node(.rawRelay(number: 0))
    for number in 0..<nodes { first = try await lab.node(.rawRelay(number: number)) }
    // On the sink's own loop: the records of a session come back to the loop that sent them, too.
    let latencies = try await RawProbe.run(
      Payload.record, to: first.url.tcpPort, back: try await lab.rawSink(),
      for: lab.options.halfTime, limit: Payload.mostSamples, on: lab.sink.eventLoop)
    guard !latencies.isEmpty else {
      throw RunFailure(.dataBroken, "\(subject.label): no record came back")
    }
    return Sample(latencies: latencies)
  }
}
