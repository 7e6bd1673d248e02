// What a server does with the streams that clients open: calls, refusals, a page for browsers.

internal import GRPC
internal import HTTP2
internal import NIOCore

/// The server's side of one connection.
final class IncomingCalls: ConnectionDelegate {
  private let onCall: @Sendable (ServerCall) -> (any CallReceiver)?
  private let onClose: () -> Void

  init(
    onCall: @escaping @Sendable (ServerCall) -> (any CallReceiver)?, onClose: @escaping () -> Void
  ) {
    self.onCall = onCall
    self.onClose = onClose
  }

  func connection(
    _ connection: Connection, received request: [HTTPField], on id: StreamID, endStream: Bool
  ) {
    let configuration = connection.configuration
    let metadataLimit = configuration.http2.maxHeaderListSize / 2
    switch ServerHandshake.accept(request, metadataLimit: metadataLimit) {
    case .call(let head):
      self.accept(head, connection, id, endStream: endStream)
    case .reject(let status, let httpStatus):
      self.refuse(status, httpStatus: httpStatus, connection, id)
    case .page(let page, let isHead):
      let text =
        switch page {
        case .front: configuration.frontPage
        case .notFound: "not found\n"
        case .methodNotAllowed: "method not allowed\n"
        }
      let body = ByteBuffer(string: text)
      let headers = ServerResponse.page(page, length: body.readableBytes)
      connection.http2.sendHeaders(headers, on: id, endStream: isHead)
      if !isHead {
        connection.http2.write(body, on: id)
        connection.http2.finish(id)
      }
      connection.setNeedsFlush()
    }
  }

  private func accept(
    _ head: RequestHead, _ connection: Connection, _ id: StreamID, endStream: Bool
  ) {
    let configuration = connection.configuration
    guard let window = configuration.budget.reserveStart() else {
      let status = GRPCStatus(
        .resourceExhausted,
        "the budget of \(configuration.budget.limit) bytes for receive windows is used up")
      return self.refuse(status, httpStatus: 200, connection, id)
    }
    let receiving = ReceivingHalf(
      window: window, budget: configuration.budget,
      deframer: MessageDeframer(
        maximumLength: configuration.maximumMessageLength, encoding: head.encoding, isServer: true),
      now: connection.eventLoop.now)
    let call = ServerCall(head: head, connection: connection, id: id, receiving: receiving)
    connection.adopt(id, call)
    call.start(self.onCall, endStream: endStream)
  }

  private func refuse(
    _ status: GRPCStatus, httpStatus: Int, _ connection: Connection, _ id: StreamID
  ) {
    let headers = ServerResponse.trailersOnly(status, httpStatus: httpStatus)
    connection.http2.sendHeaders(headers, on: id, endStream: true)
    connection.setNeedsFlush()
  }

  func connectionCapacityChanged(_ connection: Connection) {}

  func connectionClosed(_ connection: Connection, _ status: GRPCStatus) {
    self.onClose()
  }
}
