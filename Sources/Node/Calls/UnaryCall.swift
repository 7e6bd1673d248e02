// Calls with one request message: collects it, then hands it to its handler.

internal import GRPC
internal import NIOCore
internal import Transport

/// The receiving half of a call whose request is one message.
///
/// The transport bounds the message (4 MiB for control calls); a second message, or none, is a
/// cardinality violation, which gRPC answers with UNIMPLEMENTED.
final class UnaryCall: CallReceiver {
  private let call: ServerCall
  private var handle: ((ServerCall, ByteBuffer) -> Void)?
  private var onEnd: (() -> Void)?
  private var request = ByteBuffer()
  private var messages = 0
  private var deadline: Scheduled<Void>?

  /// - Parameters:
  ///   - wait: until the whole request is here.
  ///   - onEnd: called when the call is over, however it ended.
  ///   - handle: gets the whole request, once, and answers on the call at any later time.
  init(
    _ call: ServerCall, within wait: TimeAmount, onEnd: (() -> Void)? = nil,
    handle: @escaping (ServerCall, ByteBuffer) -> Void
  ) {
    self.call = call
    self.onEnd = onEnd
    self.handle = handle
    deadline = call.eventLoop.assumeIsolated().scheduleTask(in: wait) { [weak self] in
      self?.handle = nil
      call.refuse(.deadlineExceeded, "\(call.head.path) was opened, but its request did not come")
    }
  }

  func callReceivedHeaders(_ metadata: Metadata) {}

  func callReceivedMessage(length: Int) {
    messages += 1
    request.reserveCapacity(minimumWritableBytes: length)
  }

  func callReceived(_ fragment: ByteBuffer) {
    request.writeImmutableBuffer(fragment)
    call.returnCredit(fragment.readableBytes)
  }

  func callReceivedMessageEnd() {}

  func callReceivedEnd() {
    guard let handle else { return }
    self.handle = nil
    deadline?.cancel()
    guard messages == 1 else {
      let text = "\(call.head.path) takes exactly one request message, there were \(messages)"
      call.finish(GRPCStatus(.unimplemented, text), trailers: Metadata())
      return
    }
    handle(call, request)
    request = ByteBuffer()
  }

  func callBecameWritable() {}

  func callEnded(_ status: GRPCStatus, trailers: Metadata) {
    handle = nil
    deadline?.cancel()
    onEnd?()
    onEnd = nil
  }
}

extension ServerCall {
  /// Answers a unary call with one message.
  func answer(_ message: ByteBuffer) {
    send([message])
    finish(.ok, trailers: Metadata())
  }

  func refuse(_ code: GRPCStatus.Code, _ message: String) {
    finish(GRPCStatus(code, message), trailers: Metadata())
  }
}
