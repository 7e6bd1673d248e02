// What the library's callbacks note, to be done when it has returned.

/// A stream's field section while it comes in, field by field.
struct FieldSection {
  var fields: [HTTPField] = []
  /// By `HTTPField.size`; goes on counting when the fields themselves are no longer kept.
  var size = 0
  /// A field was no field: the message is malformed.
  var isMalformed = false
}

/// Notes of callbacks. They may not act themselves: see `HTTP2Connection`.
struct Afterwork {
  /// The connection's end, where a callback found a reason for it.
  var failure: (HTTP2ErrorCode, String)?
  /// The library has sent the GOAWAY itself.
  var peerKnowsFailure = false
  var resets: [(StreamID, HTTP2ErrorCode)] = []
  /// Bytes of streams whose owner is not told of them any more.
  var connectionCredit = 0
  /// Streams whose window differs from what the peer was told.
  var grants: [StreamID] = []
  var grantAll = false
  /// The peer's limit of concurrent streams may be lower now.
  var limitChanged = false
}
