// What HTTP says about a call that ended without a gRPC status of its own.

package import HTTP2

extension GRPCStatus.Code {
  /// The code for an HTTP response that carries no `grpc-status`.
  ///
  /// Source: grpc/doc/http-grpc-status-mapping.md. 200 is UNKNOWN as well: the peer ended the call
  /// without saying how.
  package init(httpStatus: Int) {
    switch httpStatus {
    case 400: self = .internalError
    case 401: self = .unauthenticated
    case 403: self = .permissionDenied
    case 404: self = .unimplemented
    case 429, 502, 503, 504: self = .unavailable
    default: self = .unknown
    }
  }

  /// The code for a stream that the peer reset, or that its connection took along.
  ///
  /// Source: grpc/doc/PROTOCOL-HTTP2.md, "Errors". An error code we do not know counts as
  /// INTERNAL_ERROR (RFC 9113 section 7).
  package init(streamError: HTTP2ErrorCode) {
    switch streamError {
    case .refusedStream: self = .unavailable  // nothing of it was processed
    case .cancel: self = .cancelled
    case .enhanceYourCalm: self = .resourceExhausted
    case .inadequateSecurity: self = .permissionDenied
    default: self = .internalError
    }
  }
}
