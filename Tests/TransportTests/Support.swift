// What the tests of Transport share: a watched value, a receiver that keeps a log, a pair of ends.

import GRPC
import HTTP2
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Transport

/// A value that a test can wait on, whichever thread changes it.
final class Watch<Value: Sendable>: Sendable {
  private struct State {
    var value: Value
    var waiters: [(condition: @Sendable (Value) -> Bool, resume: @Sendable (Value) -> Void)] = []
  }

  private let state: NIOLockedValueBox<State>

  init(_ value: Value) { self.state = NIOLockedValueBox(State(value: value)) }

  var value: Value { self.state.withLockedValue { $0.value } }

  func update(_ body: (inout Value) -> Void) {
    let (value, ready) = self.state.withLockedValue { state in
      body(&state.value)
      let value = state.value
      let ready = state.waiters.filter { $0.condition(value) }
      state.waiters.removeAll { $0.condition(value) }
      return (value, ready)
    }
    for waiter in ready { waiter.resume(value) }
  }

  /// The first value that meets the condition. Ends, with whatever there is, when the test's time
  /// limit cancels it: a test that hangs should fail by name.
  @discardableResult
  func wait(_ condition: @escaping @Sendable (Value) -> Bool) async -> Value {
    let isCancelled = NIOLockedValueBox(false)
    let met: @Sendable (Value) -> Bool = { isCancelled.withLockedValue { $0 } || condition($0) }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let now = self.state.withLockedValue { state -> Value? in
          if met(state.value) { return state.value }
          state.waiters.append((met, { continuation.resume(returning: $0) }))
          return nil
        }
        if let now { continuation.resume(returning: now) }
      }
    } onCancel: {
      isCancelled.withLockedValue { $0 = true }
      self.update { _ in }
    }
  }
}

/// What a call told its receiver.
struct CallLog: Sendable {
  var headers: Metadata?
  var messages: [[UInt8]] = []
  var lengths: [Int] = []
  var bytes = 0
  var halfClosed = false
  var becameWritable = 0
  var ended: GRPCStatus?
  var trailers = Metadata()
  /// Events after `callEnded`, or beginnings without an end: never.
  var violations: [String] = []
}

/// Keeps a log, and does what the test says with the call.
final class Probe: CallReceiver {
  enum Reading {
    /// Keep messages whole and return their credit.
    case collect
    /// Count, and return the credit.
    case count
    /// Count, and keep the credit back.
    case hold
  }

  let log = Watch(CallLog())
  var reading: Reading
  var returnCredit: (Int) -> Void = { _ in }
  var onHeaders: (Metadata) -> Void = { _ in }
  var onMessage: ([UInt8]) -> Void = { _ in }
  var onFragment: (ByteBuffer) -> Void = { _ in }
  var onHalfClose: () -> Void = {}
  var onWritable: () -> Void = {}
  var onEnd: (GRPCStatus) -> Void = { _ in }
  private var message: [UInt8]?

  init(_ reading: Reading = .collect) { self.reading = reading }

  private func check(_ event: String, inMessage: Bool?) {
    self.log.update { log in
      if log.ended != nil { log.violations.append("\(event) after the end") }
      if let inMessage, (self.message != nil) != inMessage {
        log.violations.append("\(event) out of order")
      }
    }
  }

  func callReceivedHeaders(_ metadata: Metadata) {
    self.check("headers", inMessage: false)
    self.log.update { $0.headers = metadata }
    self.onHeaders(metadata)
  }

  func callReceivedMessage(length: Int) {
    self.check("message", inMessage: false)
    self.message = []
    self.log.update { $0.lengths.append(length) }
  }

  func callReceived(_ fragment: ByteBuffer) {
    self.check("fragment", inMessage: true)
    if self.reading == .collect { self.message?.append(contentsOf: fragment.readableBytesView) }
    self.log.update { $0.bytes += fragment.readableBytes }
    if self.reading != .hold { self.returnCredit(fragment.readableBytes) }
    self.onFragment(fragment)
  }

  func callReceivedMessageEnd() {
    self.check("message's end", inMessage: true)
    let message = self.message ?? []
    self.message = nil
    self.log.update { $0.messages.append(message) }
    self.onMessage(message)
  }

  func callReceivedEnd() {
    self.check("half-close", inMessage: false)
    self.log.update { $0.halfClosed = true }
    self.onHalfClose()
  }

  func callBecameWritable() {
    self.check("writable", inMessage: nil)
    self.log.update { $0.becameWritable += 1 }
    self.onWritable()
  }

  func callEnded(_ status: GRPCStatus, trailers: Metadata) {
    self.check("end", inMessage: nil)
    self.log.update { log in
      log.ended = status
      log.trailers = trailers
    }
    self.onEnd(status)
    // What the closures keep would keep the call.
    (self.returnCredit, self.onHeaders, self.onMessage) = ({ _ in }, { _ in }, { _ in })
    (self.onFragment, self.onHalfClose, self.onWritable) = ({ _ in }, {}, {})
  }
}

/// Logs of the calls that a server got, by their order.
typealias ServerLogs = Watch<[Watch<CallLog>]>

/// A listener and a client on loops of their own, and an end to both.
final class Pair: Sendable {
  let group: MultiThreadedEventLoopGroup
  let listener: Listener
  let peer: PeerAddress
  /// The client's.
  let loop: any EventLoop
  let connections: NIOLoopBound<Connections>
  let serverLogs = ServerLogs([])

  /// `serve` makes the receiver of each call; the pair logs it.
  init(
    server: TransportConfiguration = .init(), client: TransportConfiguration = .init(),
    serve: @escaping @Sendable (ServerCall) -> Probe?
  ) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let logs = self.serverLogs
    self.group = group
    self.listener = try await Listener.bind(
      host: "127.0.0.1", tcpPort: 0, group: group.next(), configuration: server
    ) { call in
      guard let probe = serve(call) else { return nil }
      probe.returnCredit = { call.returnCredit($0) }
      logs.update { $0.append(probe.log) }
      return probe
    }.get()
    self.peer = self.listener.localAddress
    let loop = group.next()
    self.loop = loop
    self.connections = try await loop.submit {
      NIOLoopBound(Connections(eventLoop: loop, configuration: client), eventLoop: loop)
    }.get()
  }

  /// Opens a call and lets `use` work with it on its loop.
  func call(
    _ path: String = "/test", to peer: PeerAddress? = nil, metadata: Metadata = .init(),
    timeout: TimeAmount? = nil, reading: Probe.Reading = .collect,
    _ use: @escaping @Sendable (ClientCall, Probe) -> Void = { _, _ in }
  ) async throws -> Watch<CallLog> {
    try await self.loop.submit {
      let probe = Probe(reading)
      let call = self.connections.value.open(
        to: peer ?? self.peer, path: path, metadata: metadata, timeout: timeout, receiver: probe)
      probe.returnCredit = { call.returnCredit($0) }
      use(call, probe)
      return probe.log
    }.get()
  }

  /// The log of the server's call number `index`, when there is one.
  func serverLog(_ index: Int = 0) async -> Watch<CallLog> {
    let logs = await self.serverLogs.wait { $0.count > index }
    guard logs.count > index else {
      Issue.record("the server got no call number \(index)")
      return Watch(CallLog())
    }
    return logs[index]
  }

  func end() async throws {
    try await self.loop.flatSubmit { self.connections.value.close() }.get()
    try await self.listener.close().get()
    try await self.group.shutdownGracefully()
  }
}

extension Watch<CallLog> {
  @discardableResult
  func ended() async -> GRPCStatus {
    let log = await self.wait { $0.ended != nil }
    #expect(log.ended != nil)
    #expect(log.violations == [])
    return log.ended ?? .ok
  }
}

/// Sends as long as the call takes it, `total` bytes in messages of `size`, then `end`s.
final class Pump {
  private(set) var sent = 0
  private let total: Int
  private let message: ByteBuffer
  private let isWritable: () -> Bool
  private let send: (ByteBuffer) -> Void
  private let end: () -> Void
  private var isDone = false

  init(
    total: Int, size: Int, isWritable: @escaping () -> Bool, send: @escaping (ByteBuffer) -> Void,
    end: @escaping () -> Void
  ) {
    self.total = total
    self.message = ByteBuffer(repeating: 0x5A, count: size)
    (self.isWritable, self.send, self.end) = (isWritable, send, end)
  }

  func run() {
    guard !self.isDone else { return }
    while self.sent < self.total {
      guard self.isWritable() else { return }
      let part = self.message.getSlice(
        at: 0, length: min(self.message.readableBytes, self.total - self.sent))
      self.sent += part?.readableBytes ?? 0
      self.send(part ?? ByteBuffer())
    }
    self.isDone = true
    self.end()
  }
}
