// The error codes of HTTP/2, as they stand in RST_STREAM and GOAWAY frames.

/// An error code of RFC 9113, section 7. Unknown codes are kept as they came.
package struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable {
  package var rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  package static let noError = HTTP2ErrorCode(rawValue: 0x0)
  package static let protocolError = HTTP2ErrorCode(rawValue: 0x1)
  package static let internalError = HTTP2ErrorCode(rawValue: 0x2)
  package static let flowControlError = HTTP2ErrorCode(rawValue: 0x3)
  package static let settingsTimeout = HTTP2ErrorCode(rawValue: 0x4)
  package static let streamClosed = HTTP2ErrorCode(rawValue: 0x5)
  package static let frameSizeError = HTTP2ErrorCode(rawValue: 0x6)
  package static let refusedStream = HTTP2ErrorCode(rawValue: 0x7)
  package static let cancel = HTTP2ErrorCode(rawValue: 0x8)
  package static let compressionError = HTTP2ErrorCode(rawValue: 0x9)
  package static let connectError = HTTP2ErrorCode(rawValue: 0xa)
  package static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 0xb)
  package static let inadequateSecurity = HTTP2ErrorCode(rawValue: 0xc)
  package static let http11Required = HTTP2ErrorCode(rawValue: 0xd)
}

extension HTTP2ErrorCode: CustomStringConvertible {
  private static let names = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
    "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
    "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
  ]

  package var description: String {
    rawValue < UInt32(Self.names.count) ? Self.names[Int(rawValue)] : "error \(rawValue)"
  }
}

/// Why a stream could not be opened. Nothing was sent, so the call may be made on another
/// connection.
package enum HTTP2OpenError: Error, Hashable, Sendable {
  /// The peer allows `limit` streams at a time and they are all in use. A stream is never queued
  /// behind this limit: it would wait for a call that may last for ever.
  case streamLimitReached(limit: Int)
  /// GOAWAY came or went, or the connection failed: no new streams on this connection.
  case draining
  /// All 2^30 identifiers of this connection are used up.
  case identifiersExhausted
  /// The fields are larger than the peer accepts (SETTINGS_MAX_HEADER_LIST_SIZE), in bytes.
  case headerListTooLarge(size: Int, limit: Int)
}
