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
  package static func page(httpStatus: Int, length: Int) -> [HTTPField] {
    var fields = [
      HTTPField(":status", String(httpStatus)),
      HTTPField("content-type", "text/plain; charset=utf-8"),
      HTTPField("content-length", String(length)),
    ]
    if httpStatus == 405 { fields.append(HTTPField("allow", "GET, HEAD, POST")) }
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
