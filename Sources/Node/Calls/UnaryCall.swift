// Calls with one request message: collects it, then hands it to its handler.

internal import GRPC
internal import NIOCore
internal import Transport

/// The receiving half of a call whose request is one message.
///
/// A longer message than allowed is refused from its prefix alone, and one that is held whole takes its
/// place in the node's budget first; a second message, or none, is a cardinality violation, which gRPC
/// answers with UNIMPLEMENTED.
final class UnaryCall: CallReceiver {
  private let call: ServerCall
  private var handle: ((ServerCall, ByteBuffer) -> Void)?
  private let budget: WindowBudget
  /// Bytes of the budget that the request takes.
  private var reserved = 0
  private var request = ByteBuffer()
  private var messages = 0
  private var deadline: Scheduled<Void>?

  /// - Parameters:
  ///   - wait: until the whole request is here.
  ///   - maximumLength: of the request, in bytes.
  ///   - handle: gets the whole request, once, and answers on the call at any later time.
  init(
    _ call: ServerCall, within wait: TimeAmount, maximumLength: Int, budget: WindowBudget,
    handle: @escaping (ServerCall, ByteBuffer) -> Void
  ) {
    self.call = call
    self.budget = budget
    self.handle = handle
    call.maximumMessageLength = maximumLength
    deadline = call.eventLoop.assumeIsolated().scheduleTask(in: wait) { [weak self] in
      self?.handle = nil
      call.refuse(.deadlineExceeded, "\(call.head.path) was opened, but its request did not come")
    }
  }

  func callReceivedHeaders(_ metadata: Metadata) {}

  func callReceivedMessage(length: Int) {
    messages += 1
    // What is announced need not come: room is made as it does. A second message is not kept at all.
    guard messages == 1, length > AdaptiveWindow.minimum else { return }
    guard budget.reserve(length) else {
      let text = "a request of \(length) bytes is beyond what is left of the node's budget"
      return call.refuse(.resourceExhausted, text)
    }
    reserved = length
  }

  func callReceived(_ fragment: ByteBuffer) {
    if messages == 1 { request.writeImmutableBuffer(fragment) }
    call.returnCredit(fragment.readableBytes)
  }

  func callReceivedMessageEnd() {}

  func callReceivedEnd() {
    guard let handle else { return }
    self.handle = nil
    deadline?.cancel()
    defer { release() }
    guard messages == 1 else {
      let text = "\(call.head.path) takes exactly one request message, there were \(messages)"
      call.finish(GRPCStatus(.unimplemented, text), trailers: Metadata())
      return
    }
    handle(call, request)
  }

  private func release() {
    request = ByteBuffer()
    budget.release(reserved)
    reserved = 0
  }

  func callBecameWritable() {}

  func callEnded(_ status: GRPCStatus, trailers: Metadata) {
    handle = nil
    deadline?.cancel()
    release()
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
