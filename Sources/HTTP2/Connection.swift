// One HTTP/2 connection without I/O: bytes in, events out; frames out.

internal import CNghttp2
package import NIOCore

/// An HTTP/2 connection (RFC 9113) on libnghttp2, which does no I/O and owns no clock.
///
/// Give what the socket read to `receive`, then take the events, act on them, and write what
/// `produce` gives. Every call but `receive` may leave frames to produce, and both `receive` and
/// `produce` may leave events.
///
/// Not thread-safe: use it from one event loop. Calls that name a stream which is gone do nothing,
/// for the peer may close a stream at any time.
package final class HTTP2Connection {
  package let role: Role
  package let configuration: Configuration

  /// What the peer allows us; the protocol's defaults until its SETTINGS are here.
  package internal(set) var remoteSettings: RemoteSettings

  /// The library's half of this connection. Its callbacks get `self` unretained: the library
  /// calls back only from within calls of ours, and `deinit` ends it before `self` is gone.
  let session: OpaquePointer

  /// The library must not be entered (`mem_recv`, `send`) from one of its own callbacks; these
  /// append to what follows here, and nothing else. A breach traps.
  private var isInsideLibrary = false

  // Written by callbacks.
  var events: [HTTP2Event] = []
  var batch = Batch(limit: 0)
  var fields = FieldSection()
  var afterwork = Afterwork()
  var guardian: FloodGuard
  /// Servers only: what the client opened.
  var streamOrder = StreamOrder()

  /// The buffer that the library reads from now, and where its bytes are.
  var reading: (bytes: ByteBuffer, base: UnsafePointer<UInt8>)?
  var now = NIODeadline.uptimeNanoseconds(0)

  private var streams: [StreamID: Stream] = [:]
  /// The stream of the latest lookup: data comes and goes in runs on one stream, and hashing its
  /// identifier costs as much as copying a small message.
  private var latest: Stream?
  private var localStreams = 0

  /// Frames that waited when the SETTINGS or PING frame that is being received began, or its rest.
  var waitingBefore = 0

  /// The peer counts by our settings only when it has acknowledged them.
  var settingsAcknowledged = false
  var goAwayReceived = false
  private var goAwaySubmitted = false
  /// The code of the GOAWAY that our owner asked for.
  private var ownGoAway: HTTP2ErrorCode?
  private(set) var failure: (code: HTTP2ErrorCode, message: String)?
  /// The GOAWAY that tells the peer of `failure` is in a batch.
  var failureSent = false

  package init(role: Role, configuration: Configuration = Configuration()) {
    self.role = role
    self.configuration = configuration
    self.remoteSettings = RemoteSettings(
      maxConcurrentStreams: configuration.assumedPeerStreams, initialWindow: 65535,
      maxFrameSize: 16384, maxHeaderListSize: .max)
    self.guardian = FloodGuard(configuration.floodLimits)
    self.session = Library.makeSession(role: role, configuration: configuration)
    nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
    Library.submitPreface(session, role: role, configuration: configuration)
  }

  deinit {
    nghttp2_session_del(session)
  }

  // MARK: Bytes in, events out

  /// Takes what the socket read. Events of type `data` keep slices of `bytes`.
  ///
  /// - Parameter now: the time, for the limits on floods.
  package func receive(_ bytes: ByteBuffer, now: NIODeadline = .now()) {
    precondition(!isInsideLibrary, "the library must not be entered from its own callback")
    guard failure == nil, bytes.readableBytes > 0 else { return }
    self.now = now
    // The owner may have queued frames since the piece before, in the middle of a frame of the peer's.
    waitingBefore = nghttp2_session_get_outbound_queue_size(session)
    let result = bytes.withUnsafeReadableBytes { raw -> Int in
      let base = raw.assumingMemoryBound(to: UInt8.self).baseAddress
      reading = base.map { (bytes, $0) }
      isInsideLibrary = true
      defer {
        isInsideLibrary = false
        reading = nil
      }
      return nghttp2_session_mem_recv(session, base, raw.count)
    }
    if result < 0, afterwork.failure == nil {
      afterwork.failure = Library.describe(fatal: Int32(result))
    }
    let waiting = nghttp2_session_get_outbound_queue_size(session)
    if afterwork.failure == nil, let flood = guardian.waiting(frames: waiting) {
      afterwork.failure = (.enhanceYourCalm, flood)
    }
    settle()
  }

  /// Moves all events so far into `batch`, in place of what it held, and keeps its storage for
  /// the next ones.
  package func takeEvents(into batch: inout [HTTP2Event]) {
    batch.removeAll(keepingCapacity: true)
    swap(&batch, &events)
  }

  // MARK: Frames out

  /// Appends the frames that are due to `out`, for one vectored write: about `limit` bytes, and
  /// no more than a frame beyond them.
  ///
  /// - Returns: whether there is more, to be asked for when these are written.
  package func produce(limit: Int, into out: inout [ByteBuffer]) -> Bool {
    precondition(!isInsideLibrary, "the library must not be entered from its own callback")
    precondition(limit > 0)
    batch = Batch(limit: limit)
    repeat {
      isInsideLibrary = true
      let result = nghttp2_session_send(session)
      isInsideLibrary = false
      if result < 0, afterwork.failure == nil {
        afterwork.failure = Library.describe(fatal: result)
      }
    } while settle() && !batch.isBlocked
    let done = batch
    batch = Batch(limit: 0)
    done.finish(into: &out)
    return done.isBlocked
  }

  /// Nothing more will come or go: a GOAWAY went or came and all streams are closed, or the
  /// connection failed and the peer was told. Close it.
  package var isFinished: Bool {
    if failure != nil { return failureSent }
    return nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
  }

  // MARK: The connection as a whole

  /// Whether GOAWAY came or went, or the connection failed: no new stream can be opened.
  package var isDraining: Bool { goAwayReceived || goAwaySubmitted || failure != nil }

  /// Streams that are open, of either side.
  package var streamCount: Int { streams.count }

  /// Whether `openStream` would go through now.
  package var canOpenStream: Bool {
    role == .client && !isDraining && localStreams < remoteSettings.maxConcurrentStreams
      && nghttp2_session_get_next_stream_id(session) <= UInt32(Int32.max)
  }

  /// Sends a PING; `pingAcknowledged` with the same number follows.
  package func ping(_ opaque: UInt64) {
    guard failure == nil else { return }
    withUnsafeBytes(of: opaque.bigEndian) { raw in
      Library.check(
        nghttp2_submit_ping(
          session, UInt8(NGHTTP2_FLAG_NONE.rawValue),
          raw.assumingMemoryBound(to: UInt8.self).baseAddress))
    }
  }

  /// Announces a GOAWAY without yet refusing anything (RFC 9113, section 6.8), so that streams on
  /// their way are not lost; `goAway` follows a round trip later. Servers only.
  package func shutdownNotice() {
    precondition(role == .server)
    guard failure == nil, !goAwaySubmitted else { return }
    Library.check(nghttp2_submit_shutdown_notice(session))
  }

  /// Sends a GOAWAY. Streams that are open go on; those that the peer opens later are ignored.
  ///
  /// - Parameter message: for people; cut to 1 KiB.
  package func goAway(_ code: HTTP2ErrorCode, message: String) {
    guard failure == nil else { return }
    submitGoAway(code, message)
  }

  private func submitGoAway(_ code: HTTP2ErrorCode, _ message: String) {
    goAwaySubmitted = true
    ownGoAway = code
    let text = Array(message.utf8.prefix(1024))
    Library.check(
      nghttp2_submit_goaway(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue),
        nghttp2_session_get_last_proc_stream_id(session), code.rawValue, text, text.count))
  }

  /// Whether a GOAWAY with this code is one that we submitted, and not the library's own.
  func isOwnGoAway(_ code: HTTP2ErrorCode) -> Bool {
    code == .noError || code == ownGoAway
  }

  /// Returns `bytes` of the connection's window to the peer. Left to the library, unlike the
  /// streams' windows: it returns the bytes of ignored frames and padding in the same account,
  /// and a window this large may well be returned in halves.
  package func creditConnection(_ bytes: Int) {
    guard failure == nil, bytes > 0 else { return }
    Library.check(nghttp2_session_consume_connection(session, bytes))
  }

  // MARK: Streams

  func stream(_ id: StreamID) -> Stream? {
    if let latest, latest.id == id { return latest }
    guard let stream = streams[id] else { return nil }
    latest = stream
    return stream
  }

  func add(_ stream: Stream) {
    streams[stream.id] = stream
    if stream.isLocal { localStreams += 1 }
  }

  func remove(_ stream: Stream) {
    guard streams.removeValue(forKey: stream.id) != nil else { return }
    if stream.isLocal { localStreams -= 1 }
    if latest === stream { latest = nil }
  }

  // MARK: What callbacks left to do

  /// Does what callbacks noted, now that the library can be called.
  ///
  /// - Returns: whether frames came of it.
  @discardableResult
  private func settle() -> Bool {
    let work = afterwork
    afterwork = Afterwork()
    if let (code, message) = work.failure {
      fail(code, message, tellPeer: !work.peerKnowsFailure)
      return true
    }
    guard failure == nil else { return false }
    for (id, code) in work.resets {
      Library.check(
        nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, code.rawValue))
    }
    creditConnection(work.connectionCredit)
    var granted = false
    if work.grantAll {
      for stream in streams.values where grant(stream) { granted = true }
    }
    for id in work.grants {
      if let stream = stream(id), grant(stream) { granted = true }
    }
    let refused = work.limitChanged && refuseBeyondLimit()
    return granted || refused || !work.resets.isEmpty || work.connectionCredit > 0
  }

  /// A lowered limit leaves streams waiting in the library that were within the old one. They
  /// must not queue behind it: they are given back, and as nothing of them was sent they can be
  /// opened elsewhere.
  private func refuseBeyondLimit() -> Bool {
    guard localStreams > remoteSettings.maxConcurrentStreams else { return false }
    let unsent = streams.values.filter { $0.isLocal && !$0.isOpen }.sorted { $0.id > $1.id }
    // The library takes back a request that waits, but only once: it would send a second reset, of a
    // stream that the peer has never heard of.
    for stream in unsent {
      guard let code = stream.ownersReset else { continue }
      remove(stream)
      events.append(.streamClosed(stream.id, code))
    }
    let waiting = unsent.filter { !$0.isReset }
    let excess = max(0, localStreams - remoteSettings.maxConcurrentStreams)
    for stream in waiting.prefix(excess) {
      Library.check(
        nghttp2_submit_rst_stream(
          session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id,
          HTTP2ErrorCode.refusedStream.rawValue))
      remove(stream)
      events.append(.streamClosed(stream.id, .refusedStream))
    }
    return !waiting.isEmpty
  }

  private func fail(_ code: HTTP2ErrorCode, _ message: String, tellPeer: Bool) {
    guard failure == nil else { return }
    failure = (code, message)
    if tellPeer {
      submitGoAway(code, message)
    } else {
      failureSent = true
    }
    streams.removeAll()
    latest = nil
    localStreams = 0
    events.append(.connectionFailed(code, message))
  }
}
