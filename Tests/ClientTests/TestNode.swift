// A node for tests: a listener whose calls do what a closure says, whole messages in and out.

import Client
import GRPC
import MNP
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing
import Transport

/// The server's end of one call, on its loop.
final class Exchange: CallReceiver {
  let call: ServerCall
  private(set) var messages: [[UInt8]] = []
  /// Payload bytes received, and whether their credit goes back.
  private(set) var received = 0
  var returnsCredit = true

  var onMessage: (Exchange, ByteBuffer) -> Void = { _, _ in }
  var onBytes: (Exchange) -> Void = { _ in }
  var onHalfClose: (Exchange) -> Void = { _ in }
  var onWritable: (Exchange) -> Void = { _ in }
  var onEnd: (GRPCStatus) -> Void = { _ in }
  private var current = ByteBuffer()

  init(_ call: ServerCall) { self.call = call }

  /// One answer, then OK.
  func answer(_ message: some ControlMessage) {
    call.send(message.encoded())
    call.finish(.ok)
  }

  func callReceivedHeaders(_ metadata: Metadata) {}
  func callReceivedMessage(length: Int) { current = ByteBuffer() }

  func callReceived(_ fragment: ByteBuffer) {
    current.writeImmutableBuffer(fragment)
    received += fragment.readableBytes
    if returnsCredit { call.returnCredit(fragment.readableBytes) }
    onBytes(self)
  }

  func callReceivedMessageEnd() {
    messages.append(Array(current.readableBytesView))
    onMessage(self, current)
  }

  func callReceivedEnd() { onHalfClose(self) }
  func callBecameWritable() { onWritable(self) }
  func callEnded(_ status: GRPCStatus, trailers: Metadata) { onEnd(status) }
}

/// Runs `body` with a client and the URL of port 0 of session `s` of a node that handles each call
/// with `handler`, on the call's loop. Afterwards everything is closed.
func withNode(
  _ handler: @escaping @Sendable (Exchange, MNPMethod) -> Void,
  _ body: (MNPClient, NodeURL) async throws -> Void
) async throws {
  let group = MultiThreadedEventLoopGroup.singleton
  let listener = try await Listener.bind(
    host: "127.0.0.1", tcpPort: 0, group: group
  ) { call in
    guard let method = MNPMethod(path: call.head.path) else { return nil }
    let exchange = Exchange(call)
    handler(exchange, method)
    return exchange
  }.get()
  let client = try MNPClient()
  let port = NodeURL(
    host: "127.0.0.1", tcpPort: listener.localAddress.tcpPort, session: try SessionID("s"), port: 0)
  do {
    try await body(client, port)
  } catch {
    try await client.close()
    try await listener.close().get()
    throw error
  }
  try await client.close()
  try await listener.close().get()
}

/// What tests hand from the node's loop to themselves.
func promise<Value: Sendable>(of type: Value.Type = Void.self) -> EventLoopPromise<Value> {
  MultiThreadedEventLoopGroup.singleton.next().makePromise()
}

/// The error of `body`, which must be one of this code.
func failure<Result>(
  _ code: MNPClientError.Code, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () async throws -> Result
) async -> MNPClientError? {
  do {
    _ = try await body()
    Issue.record("no error, but \(code) was expected", sourceLocation: sourceLocation)
  } catch let error as MNPClientError {
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    return error
  } catch {
    Issue.record("\(error), but \(code) was expected", sourceLocation: sourceLocation)
  }
  return nil
}

let task: TaskID = .random()
