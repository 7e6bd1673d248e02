// The header blocks that a server answers with.

package import HTTP2

package enum ServerResponse {
  /// The head of an answer that goes on.
  package static func headers(_ metadata: Metadata = .init()) -> [HTTPField] {
    var fields = [
      HTTPField(":status", "200"),
      HTTPField("content-type", ContentType.grpc),
      MessageEncoding.accepted,
    ]
    metadata.append(to: &fields)
    return fields
  }

  /// The end of an answer.
  package static func trailers(
    _ status: GRPCStatus, _ metadata: Metadata = .init()
  ) -> [HTTPField] {
    var fields: [HTTPField] = []
    self.append(status, to: &fields)
    metadata.append(to: &fields)
    return fields
  }

  /// An answer that is nothing but its end, in one header block with END_STREAM.
  package static func trailersOnly(
    _ status: GRPCStatus, _ metadata: Metadata = .init(), httpStatus: Int = 200
  ) -> [HTTPField] {
    var fields = [
      HTTPField(":status", String(httpStatus)),
      HTTPField("content-type", ContentType.grpc),
      MessageEncoding.accepted,
    ]
    self.append(status, to: &fields)
    metadata.append(to: &fields)
    return fields
  }

  /// The head of an answer to what is no gRPC; its text follows as data.
  ///
  /// - Parameter length: of the text in bytes; told to HEAD as well, which gets no text.
  package static func page(_ page: ServerHandshake.Page, length: Int) -> [HTTPField] {
    let (status, type) =
      switch page {
      case .front: ("200", "text/html; charset=utf-8")
      case .notFound: ("404", "text/plain; charset=utf-8")
      case .methodNotAllowed: ("405", "text/plain; charset=utf-8")
      }
    var fields = [
      HTTPField(":status", status), HTTPField("content-type", type),
      HTTPField("content-length", String(length)),
      // There is nothing to load, run or guess.
      HTTPField("content-security-policy", "default-src 'none'"),
      HTTPField("x-content-type-options", "nosniff"),
    ]
    if case .methodNotAllowed(let allow) = page { fields.append(HTTPField("allow", allow)) }
    return fields
  }

  private static func append(_ status: GRPCStatus, to fields: inout [HTTPField]) {
    fields.append(HTTPField("grpc-status", String(status.code.rawValue)))
    if !status.message.isEmpty {
      let message = PercentEncoding.encode(
        status.message, limit: GRPCStatus.maximumEncodedMessage)
      fields.append(HTTPField("grpc-message", message))
    }
  }
}
