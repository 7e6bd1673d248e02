// The first thing a server decides about a stream: a call, a refusal, or somebody's browser.

package import HTTP2
package import NIOCore

/// What a call says about itself before its first message.
package struct RequestHead: Hashable, Sendable {
  /// `/Service/Method`, not decoded.
  package var path: String
  package var authority: String
  /// How long the caller waits from now on. Nil is for ever; zero has passed already.
  package var timeout: TimeAmount?
  package var metadata: Metadata
  package var userAgent: String?
  package var encoding: MessageEncoding

  package init(
    path: String, authority: String = "", timeout: TimeAmount? = nil, metadata: Metadata = .init(),
    userAgent: String? = nil, encoding: MessageEncoding = .identity
  ) {
    self.path = path
    self.authority = authority
    self.timeout = timeout
    self.metadata = metadata
    self.userAgent = userAgent
    self.encoding = encoding
  }
}

package enum ServerHandshake: Hashable, Sendable {
  case call(RequestHead)
  /// Answer with `ServerResponse.trailersOnly(status, httpStatus:)`.
  case reject(GRPCStatus, httpStatus: Int)
  /// Not gRPC: for whoever looks with a browser or a test suite. `isHead`: without its content.
  case page(Page, isHead: Bool)

  package enum Page: Hashable, Sendable {
    case front
    case notFound
    /// `allow`: the methods that the resource has.
    case methodNotAllowed(allow: String)
  }

  /// Decides on a request's header block, which HTTP2 has already found to be well-formed.
  ///
  /// - Parameter metadataLimit: bytes of custom metadata that a call may bring, as HTTP/2 counts them.
  ///   Below the header list limit of the connection, so that too much is answered with a status and
  ///   not a reset.
  package static func accept(_ fields: [HTTPField], metadataLimit: Int) -> ServerHandshake {
    let method = fields.first(":method") ?? ""
    let path = fields.first(":path") ?? ""
    // A query is nothing to a page that is always the same.
    let isFront = path == "/" || path.hasPrefix("/?")
    switch method {
    case "POST": break
    case "GET", "HEAD": return .page(isFront ? .front : .notFound, isHead: method == "HEAD")
    default:
      return .page(.methodNotAllowed(allow: isFront ? "GET, HEAD" : "POST"), isHead: false)
    }
    let contentType = fields.first("content-type") ?? ""
    guard ContentType.isGRPC(contentType) else {
      return .reject(
        GRPCStatus(.unknown, "the content type '\(contentType)' is not application/grpc"),
        httpStatus: 415)
    }
    var timeout: TimeAmount?
    if let text = fields.first("grpc-timeout") {
      guard let amount = GRPCTimeout.parse(text) else {
        return .reject(GRPCStatus(.internalError, "malformed grpc-timeout"), httpStatus: 200)
      }
      timeout = amount
    }
    do throws(GRPCStatus) {
      return .call(
        RequestHead(
          path: path, authority: fields.first(":authority") ?? fields.first("host") ?? "",
          timeout: timeout, metadata: try Metadata(received: fields, limit: metadataLimit),
          userAgent: fields.first("user-agent"), encoding: MessageEncoding(fields)))
    } catch {
      return .reject(error, httpStatus: 200)
    }
  }
}
