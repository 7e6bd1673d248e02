// What a client makes of a server's header blocks: metadata first, and exactly one status.

package import HTTP2

/// The receiving half of a client call, without its messages.
///
/// Three kinds of input: what the protocol allows moves on; what a peer does wrong ends the call
/// with a status that says so; what comes after the end is dropped silently, since frames that
/// were on their way when we reset the stream are nobody's fault.
package struct ClientResponse {
  package enum Action: Hashable, Sendable {
    case none
    case metadata(Metadata, MessageEncoding)
    /// The call is over. The stream must be reset unless it has ended on both sides.
    case end(GRPCStatus, trailers: Metadata)
  }

  private enum State {
    case awaitingHeaders
    case open
    case ended
  }

  private var state = State.awaitingHeaders
  private let metadataLimit: Int

  package init(metadataLimit: Int = 16384) {
    self.metadataLimit = metadataLimit
  }

  /// The server has not said a word that counts.
  package var isUnanswered: Bool { self.state == .awaitingHeaders }

  /// A response's head that goes on, or is all there is (`endStream`: trailers-only).
  package mutating func received(headers fields: [HTTPField], endStream: Bool) -> Action {
    guard case .awaitingHeaders = self.state else { return .none }
    let httpStatus = Int(fields.first(":status") ?? "") ?? 0
    if (100..<200).contains(httpStatus) { return .none }
    if endStream {
      if fields.first("grpc-status") != nil { return self.end(with: fields) }
      return self.end(self.withoutStatus(httpStatus, fields))
    }
    guard httpStatus == 200, ContentType.isGRPC(fields.first("content-type") ?? "") else {
      return self.end(self.withoutStatus(httpStatus, fields))
    }
    do throws(GRPCStatus) {
      let metadata = try Metadata(received: fields, limit: self.metadataLimit)
      self.state = .open
      return .metadata(metadata, MessageEncoding(fields))
    } catch {
      return self.end(error)
    }
  }

  /// Trailers, early or in time.
  package mutating func received(trailers fields: [HTTPField]) -> Action {
    guard case .open = self.state else { return .none }
    return self.end(with: fields)
  }

  /// END_STREAM on a DATA frame: gRPC always ends with trailers.
  package mutating func receivedEndOfData() -> Action {
    self.state == .ended
      ? .none
      : self.end(GRPCStatus(.unknown, "the server ended the call without a grpc-status"))
  }

  /// RST_STREAM, from the peer or because its connection failed.
  package mutating func streamClosed(_ error: HTTP2ErrorCode) -> Action {
    self.state == .ended
      ? .none
      : self.end(
        GRPCStatus(
          .init(streamError: error), "the server reset the stream (\(error))"))
  }

  /// Ends the call from our side: cancellation, a deadline, a lost connection, a bad message.
  package mutating func fail(_ status: GRPCStatus) -> Action {
    self.state == .ended ? .none : self.end(status)
  }

  private mutating func end(_ status: GRPCStatus, _ trailers: Metadata = .init()) -> Action {
    self.state = .ended
    return .end(status, trailers: trailers)
  }

  private mutating func end(with fields: [HTTPField]) -> Action {
    guard let text = fields.first("grpc-status") else {
      return self.end(GRPCStatus(.unknown, "the server ended the call without a grpc-status"))
    }
    let message = PercentEncoding.decode(fields.first("grpc-message") ?? "")
    guard let number = Int(text), let code = GRPCStatus.Code(rawValue: number) else {
      return self.end(
        GRPCStatus(.unknown, "the server sent the grpc-status '\(text)'; \(message)"))
    }
    do throws(GRPCStatus) {
      let metadata = try Metadata(received: fields, limit: self.metadataLimit)
      return self.end(GRPCStatus(code, message), metadata)
    } catch {
      // The status is worth more than the metadata that came with it, unless it claims success.
      return self.end(code == .ok ? error : GRPCStatus(code, message))
    }
  }

  private func withoutStatus(_ httpStatus: Int, _ fields: [HTTPField]) -> GRPCStatus {
    let contentType = fields.first("content-type") ?? "none"
    return GRPCStatus(
      .init(httpStatus: httpStatus),
      "the server answered with HTTP status \(httpStatus), content type '\(contentType)', "
        + "and no grpc-status")
  }
}
