// What a connection knows of one of its streams.

/// The book-keeping of one stream. Confined to its connection.
final class Stream {
  /// How our direction ends.
  enum Ending {
    case open
    /// END_STREAM follows what is queued, on these trailers if there are any.
    case afterQueue(trailers: [HTTPField]?)
    /// END_STREAM is with the library.
    case submitted
  }

  let id: StreamID
  /// We opened it.
  let isLocal: Bool
  var queue = OutboundQueue()
  /// Bytes that have gone from the queue into DATA frames.
  var sent = 0
  var watermarks: Watermarks
  var credit: ReceiveCredit

  /// The owner knows of it: it opened it, or got its request. Others close without an event.
  var isAnnounced: Bool
  /// The request or the response's HEADERS are with the library.
  var sentHeaders = false
  /// The request's HEADERS have left; until then the library does not know the stream.
  var isOpen: Bool
  /// The library asked for data, got none, and waits to be resumed.
  var isDeferred = false
  var ending = Ending.open
  var peerEnded = false
  /// It is being reset: nothing more is reported of it but its close.
  var isReset = false
  /// With this the owner reset it, of its own will; other resets the peer provoked.
  var ownersReset: HTTP2ErrorCode?
  var isResetByOwner: Bool { ownersReset != nil }

  init(id: StreamID, local: Bool, configuration: HTTP2Connection.Configuration) {
    self.id = id
    self.isLocal = local
    self.watermarks = Watermarks(
      low: configuration.lowWatermark, high: configuration.highWatermark)
    self.credit = ReceiveCredit(window: configuration.initialStreamWindow)
    self.isAnnounced = local
    self.isOpen = !local
  }
}
