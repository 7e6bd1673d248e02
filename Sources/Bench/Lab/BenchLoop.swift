// An event loop of the bench, with its connections.

internal import MNP
internal import NIOCore
internal import Transport

/// Data of a bench moves on loops like these, by delegates, as it does in a node.
struct BenchLoop: Sendable {
  let eventLoop: any EventLoop
  let connections: NIOLoopBoundBox<Connections>
  /// What its pushes and pulls ask for.
  let features: Features

  init(_ eventLoop: any EventLoop, _ transport: TransportConfiguration, features: Features) {
    self.eventLoop = eventLoop
    self.features = features
    connections = .makeBoxSendingValue(
      Connections(eventLoop: eventLoop, configuration: transport), eventLoop: eventLoop)
  }

  /// Ends every call on it. What waits for one fails.
  func close() async {
    try? await eventLoop.flatSubmit { connections.value.close() }.get()
  }

  /// Runs `start` on the loop and waits for what it promises.
  func run<Value: Sendable>(
    _ start: @escaping @Sendable (Connections, EventLoopPromise<Value>) -> Void
  ) async throws -> Value {
    try await eventLoop.flatSubmit {
      let promise = eventLoop.makePromise(of: Value.self)
      start(connections.value, promise)
      return promise.futureResult
    }.get()
  }
}
