// How a peer says its messages are encoded. We take them as they are, never compressed.

package import HTTP2

package enum MessageEncoding: Hashable, Sendable {
  case identity
  /// One that we do not have; a message that uses it is refused, one that does not is fine.
  case unsupported(String)

  /// What `grpc-accept-encoding` says in every request and response of ours.
  package static let accepted = HTTPField("grpc-accept-encoding", "identity")

  init(_ fields: [HTTPField]) {
    if let encoding = fields.first("grpc-encoding"), encoding != "identity" {
      self = .unsupported(encoding)
    } else {
      self = .identity
    }
  }
}

extension [HTTPField] {
  /// The value of the first field of this name.
  func first(_ name: String) -> String? {
    self.first { $0.name == name }?.value
  }
}
