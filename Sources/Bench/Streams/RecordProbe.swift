// Small records through an open stream, one at a time.

internal import Client
internal import GRPC
internal import MNP
internal import NIOCore
internal import Pipeline
internal import Transport

/// Pushes a record, waits until all of it has come back by a pull, and pushes the next one. Push and
/// pull are on one loop, so that no wake-up of a thread of ours is in the figures.
final class RecordProbe: PushStreamDelegate {
  struct Outcome: Sendable {
    /// Microseconds, one for each record.
    var latencies: [Double]
    var sent: Int
    var received: Int
  }

  private let record: ByteBuffer
  private let time: TimeAmount
  private let limit: Int
  private let eventLoop: any EventLoop
  private let promise: EventLoopPromise<Outcome>
  private var push: PushStream?
  private var pull: PullDrain?
  private var timer: Scheduled<Void>?
  private var latencies: [Double] = []
  private var sentAt = NIODeadline.now()
  private var missing = 0
  private var sent = 0
  private var isOver = false
  private var isAnswered = false
  private var received: Int?

  private static let patience = TimeAmount.seconds(2)

  private init(
    _ record: ByteBuffer, for time: TimeAmount, limit: Int, _ promise: EventLoopPromise<Outcome>
  ) {
    self.record = record
    self.time = time
    self.limit = limit
    eventLoop = promise.futureResult.eventLoop
    self.promise = promise
  }

  /// Until `time` after the first record is over, or `limit` records have come back. Where none comes
  /// back in the patience there is for the first one, as from a program that reads all before it
  /// writes, there are no latencies.
  static func run(
    _ record: ByteBuffer, to input: NodeURL, from output: NodeURL, task: TaskID,
    for time: TimeAmount, limit: Int, on loop: BenchLoop
  ) async throws -> Outcome {
    let header = try PushHeader(to: input, task: task)
    let request = try PullRequest(from: output, task: task)
    return try await loop.run { connections, promise in
      let probe = RecordProbe(record, for: time, limit: limit, promise)
      probe.pull = PullDrain(
        connections, from: output, request: request, features: loop.features,
        onData: { probe.receive($0) },
        onEnd: { probe.pullEnded($0) })
      probe.push = PushStream(
        connections, to: input, header: header, features: loop.features, delegate: probe)
      probe.stop(in: max(time, Self.patience))
      probe.send()
    }
  }

  private func send() {
    missing = record.readableBytes
    // The first one counts from before the streams were opened.
    if sent > 0 { sentAt = .now() }
    sent += record.readableBytes
    push?.write(record)
  }

  private func receive(_ count: Int) {
    missing -= count
    guard missing <= 0, !isOver else { return }
    latencies.append(Double((NIODeadline.now() - sentAt).nanoseconds) / 1000)
    if latencies.count == 1 { stop(in: time) }
    if latencies.count >= limit { stop() } else { send() }
  }

  private func stop(in time: TimeAmount) {
    timer?.cancel()
    timer = eventLoop.assumeIsolated().scheduleTask(in: time) { self.stop() }
  }

  private func stop() {
    isOver = true
    push?.done()
  }

  func pushBecameWritable() {}

  func pushEnded(_ status: GRPCStatus, features: Features) {
    push = nil
    isAnswered = true
    if status.isOK { succeedWhenBoth() } else { fail(RunFailure(status)) }
  }

  private func pullEnded(_ result: Result<Int, RunFailure>) {
    pull = nil
    switch result {
    case .success(let bytes):
      received = bytes
      succeedWhenBoth()
    case .failure(let error): fail(error)
    }
  }

  private func succeedWhenBoth() {
    guard isAnswered, let received else { return }
    timer?.cancel()
    promise.succeed(Outcome(latencies: latencies, sent: sent, received: received))
  }

  /// The first reason counts: a promise that is kept or broken stays so.
  private func fail(_ error: RunFailure) {
    timer?.cancel()
    isOver = true
    push?.cancel()
    promise.fail(error)
  }
}
