// Which content types are gRPC with protobuf messages.

package enum ContentType {
  /// What we send.
  package static let grpc = "application/grpc"

  /// Whether `value` is `application/grpc` or `application/grpc+proto`, with parameters or not.
  /// Another format after the plus sign is not ours, and answered like no gRPC at all.
  package static func isGRPC(_ value: String) -> Bool {
    if value == grpc { return true }
    let media = value.prefix { $0 != ";" && $0 != " " }.lowercased()
    return media == "application/grpc" || media == "application/grpc+proto"
  }
}
