// The header block that a client calls with.

package import HTTP2
package import NIOCore

package enum ClientRequest {
  /// Fields in the order that gRPC's wire description gives them: all reserved ones come first.
  package static func headers(
    path: String, authority: String, scheme: String, timeout: TimeAmount? = nil,
    metadata: Metadata = .init()
  ) -> [HTTPField] {
    var fields = [
      HTTPField(":method", "POST"),
      HTTPField(":scheme", scheme),
      HTTPField(":path", path),
      HTTPField(":authority", authority),
      HTTPField("te", "trailers"),
    ]
    if let timeout {
      fields.append(HTTPField("grpc-timeout", GRPCTimeout.format(timeout)))
    }
    fields.append(HTTPField("content-type", ContentType.grpc))
    fields.append(HTTPField("user-agent", "headrace"))
    fields.append(MessageEncoding.accepted)
    metadata.append(to: &fields)
    return fields
  }
}
