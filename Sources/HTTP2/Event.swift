// What an HTTP/2 connection tells its owner.

package import NIOCore

/// Identifies a stream in its connection: odd, 1 and up, opened by the client.
package typealias StreamID = Int32

/// A header field. Names are in lower case; pseudo-header fields keep their colon, as ":path".
package struct HTTPField: Hashable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  /// Its size as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113, section 6.5.2), in bytes.
  package var size: Int { name.utf8.count + value.utf8.count + 32 }
}

/// What a field section is (RFC 9113, section 8.1).
package enum HeadersKind: Hashable, Sendable {
  case request
  /// The final response. It ends the stream as well in gRPC's trailers-only answers.
  case response
  /// A response of class 1xx; the final one follows.
  case informational
  case trailers
}

/// What the peer allows us, from its SETTINGS.
package struct RemoteSettings: Hashable, Sendable {
  /// Streams that we may have open at a time.
  package var maxConcurrentStreams: Int
  /// Bytes that we may send on a new stream before the peer returns credit.
  package var initialWindow: Int
  /// Bytes in the payload of a frame.
  package var maxFrameSize: Int
  /// Bytes in a field section, by `HTTPField.size`. `Int.max` where the peer set no limit.
  package var maxHeaderListSize: Int
}

/// What happened on a connection. Events come from `HTTP2Connection.takeEvents`, in their order.
package enum HTTP2Event: Sendable {
  /// A whole field section.
  case headers(StreamID, [HTTPField], kind: HeadersKind, endStream: Bool)

  /// Bytes of a stream: a slice of the buffer given to `receive`, not a copy.
  /// `flowControlled` bytes of the stream's and of the connection's window are taken until
  /// `creditStream` and `creditConnection` return them. (Padding is returned by itself.)
  /// The end of a stream may come with an empty slice.
  case data(StreamID, ByteBuffer, flowControlled: Int, endStream: Bool)

  /// The stream's queue is below the low watermark again after it had been above the high one.
  case writable(StreamID)

  /// Our END_STREAM, on trailers or on data, is in a batch: what was queued before it is sent, so
  /// that a `reset` after this event drops nothing.
  case trailersSent(StreamID)

  /// The last event of a stream. `.noError` where both sides ended it, else the code of the
  /// RST_STREAM that went or came; `.refusedStream` where the peer did not process it at all.
  case streamClosed(StreamID, HTTP2ErrorCode)

  /// The peer will take no new streams. Ours above `lastStreamID` are closed with
  /// `.refusedStream`.
  case goAway(lastStreamID: StreamID, HTTP2ErrorCode, String)

  /// The peer's SETTINGS, at first and whenever they change.
  case settings(RemoteSettings)

  /// The answer to `ping`.
  case pingAcknowledged(UInt64)

  /// The connection is beyond repair, by the peer's fault unless the code is `.internalError`.
  /// Write what `produce` still gives (a GOAWAY), then close. Streams get no further events.
  case connectionFailed(HTTP2ErrorCode, String)
}
