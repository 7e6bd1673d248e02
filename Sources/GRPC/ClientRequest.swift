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
      HTTPField(name: ":method", value: "POST"),
      HTTPField(name: ":scheme", value: scheme),
      HTTPField(name: ":path", value: path),
      HTTPField(name: ":authority", value: authority),
      HTTPField(name: "te", value: "trailers"),
    ]
    if let timeout {
      fields.append(HTTPField(name: "grpc-timeout", value: GRPCTimeout.format(timeout)))
    }
    fields.append(HTTPField(name: "content-type", value: ContentType.grpc))
    fields.append(HTTPField(name: "user-agent", value: "headrace"))
    fields.append(MessageEncoding.accepted)
    metadata.append(to: &fields)
    return fields
  }
}
