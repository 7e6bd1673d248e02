// About, one after the other, on an open connection.

internal import GRPC
internal import MNP
internal import NIOCore
internal import Pipeline
internal import Transport

/// Calls About until the time is over, on its loop: what it takes without any hop between threads.
final class AboutProbe: CallReceiver {
  private let connections: Connections
  private let node: NodeURL
  private let promise: EventLoopPromise<[Double]>
  private let end: NIODeadline
  private let limit: Int
  private var call: ClientCall?
  private var began = NIODeadline.now()
  private var answered = 0
  private var isWarm = false
  private var latencies: [Double] = []

  private init(
    _ connections: Connections, _ node: NodeURL, until end: NIODeadline, limit: Int,
    _ promise: EventLoopPromise<[Double]>
  ) {
    self.connections = connections
    self.node = node
    self.end = end
    self.limit = limit
    self.promise = promise
  }

  /// Microseconds of each call, without the first, which opens the connection.
  static func run(
    _ node: NodeURL, for time: TimeAmount, limit: Int, on loop: BenchLoop
  ) async throws -> [Double] {
    try await loop.run { connections, promise in
      AboutProbe(connections, node, until: .now() + time, limit: limit, promise).next()
    }
  }

  private func next() {
    answered = 0
    began = .now()
    let call = connections.open(
      to: PeerAddress(host: node.host, tcpPort: node.tcpPort, tls: node.usesTLS),
      path: MNPMethod.about.path, timeout: .seconds(60), receiver: self)
    call.send(EmptyMessage().encoded())
    call.halfClose()
    self.call = call
  }

  func callReceivedHeaders(_ metadata: Metadata) {}
  func callReceivedMessage(length: Int) { answered += 1 }
  func callReceived(_ fragment: ByteBuffer) { call?.returnCredit(fragment.readableBytes) }
  func callReceivedMessageEnd() {}
  func callReceivedEnd() {}
  func callBecameWritable() {}

  func callEnded(_ status: GRPCStatus, trailers: Metadata) {
    let now = NIODeadline.now()
    call = nil
    guard status.isOK, answered == 1 else {
      return promise.fail(
        status.isOK
          ? RunFailure(.dataBroken, "\(answered) answers to About") : RunFailure(status))
    }
    if isWarm { latencies.append(Double((now - began).nanoseconds) / 1000) }
    isWarm = true
    if !latencies.isEmpty, now >= end || latencies.count >= limit {
      promise.succeed(latencies)
    } else {
      // Not from within the end of the call before.
      connections.eventLoop.assumeIsolated().execute { self.next() }
    }
  }
}
