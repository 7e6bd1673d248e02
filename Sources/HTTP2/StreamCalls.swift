// What the owner of a connection does with one stream of it.

internal import CNghttp2
package import NIOCore

extension HTTP2Connection {
  // MARK: Opening, heads

  /// Opens a stream with a request's fields, pseudo-header fields first. Clients only.
  ///
  /// - Parameter endStream: there is no body, and no trailers.
  /// - Throws: where the stream cannot be sent at once; nothing was sent then.
  package func openStream(
    _ headers: [HTTPField], endStream: Bool
  ) throws(HTTP2OpenError) -> StreamID {
    precondition(role == .client)
    guard !isDraining else { throw .draining }
    let limit = remoteSettings.maxConcurrentStreams
    guard nghttp2_session_get_next_stream_id(session) <= UInt32(Int32.max) else {
      throw .identifiersExhausted
    }
    guard canOpenStream else { throw .streamLimitReached(limit: limit) }
    let size = headers.reduce(0) { $0 + $1.size }
    guard size <= remoteSettings.maxHeaderListSize else {
      throw .headerListTooLarge(size: size, limit: remoteSettings.maxHeaderListSize)
    }

    let id = Library.withNameValues(headers) { fields, count in
      guard !endStream else {
        return nghttp2_submit_request(session, nil, fields, count, nil, nil)
      }
      var provider = Library.dataProvider()
      return nghttp2_submit_request(session, nil, fields, count, &provider, nil)
    }
    Library.check(id)
    let stream = Stream(id: id, local: true, configuration: configuration)
    stream.sentHeaders = true
    if endStream { stream.ending = .submitted }
    add(stream)
    return id
  }

  /// Sends the response's fields, ":status" first; once for each stream. Servers only.
  ///
  /// - Parameter endStream: this is the whole response (gRPC's trailers-only).
  package func sendHeaders(_ headers: [HTTPField], on id: StreamID, endStream: Bool) {
    precondition(role == .server)
    guard let stream = stream(id), !stream.isReset else { return }
    precondition(!stream.sentHeaders, "the response's fields are sent once")
    stream.sentHeaders = true
    if endStream { stream.ending = .submitted }
    let result = Library.withNameValues(headers) { fields, count in
      guard !endStream else { return nghttp2_submit_response(session, id, fields, count, nil) }
      var provider = Library.dataProvider()
      return nghttp2_submit_response(session, id, fields, count, &provider)
    }
    Library.check(result)
  }

  // MARK: Data

  /// Queues bytes. They leave in DATA frames as far as the peer's windows allow. Buffers below
  /// 4 KiB are copied together; larger ones are kept as they are, so do not write to them.
  package func write(_ bytes: ByteBuffer, on id: StreamID) {
    guard let stream = stream(id), !stream.isReset else { return }
    stream.checkOpen()
    stream.queue.append(bytes)
    stream.watermarks.add(bytes.readableBytes)
    resume(stream)
  }

  /// Queues what `fill` writes, about `capacity` bytes, behind what is queued already: for many
  /// small messages, without a buffer for each.
  package func write(
    on id: StreamID, capacity: Int, _ fill: (inout ByteBuffer) -> Void
  ) {
    guard let stream = stream(id), !stream.isReset else { return }
    stream.checkOpen()
    let count = stream.queue.append(capacity: capacity, fill)
    stream.watermarks.add(count)
    resume(stream)
  }

  /// Bytes that wait on this stream.
  package func queuedBytes(on id: StreamID) -> Int {
    stream(id)?.queue.readableBytes ?? 0
  }

  /// Bytes of this stream that are in DATA frames, which go before any frame that is asked for from now
  /// on, such as a PING.
  package func sentBytes(on id: StreamID) -> Int {
    stream(id)?.sent ?? 0
  }

  /// Whether more should be written. After false, `writable` says when to go on. False also for
  /// streams that are gone.
  package func isWritable(_ id: StreamID) -> Bool {
    guard let stream = stream(id), !stream.isReset else { return false }
    return stream.watermarks.isWritable
  }

  /// Bytes that the peer would take of this stream now, by the stream's and the connection's
  /// windows. With 0 and a queue that is not empty, we wait for the peer.
  package func sendWindow(of id: StreamID) -> Int {
    let ofStream = nghttp2_session_get_stream_remote_window_size(session, id)
    return max(0, Int(min(ofStream, nghttp2_session_get_remote_window_size(session))))
  }

  // MARK: Ends

  /// Ends our direction when all that is queued has been sent: with `trailers`, or else with
  /// END_STREAM on the last data. `trailersSent` says when. A server sends its head first.
  package func finish(_ id: StreamID, trailers: [HTTPField]? = nil) {
    guard let stream = stream(id), !stream.isReset else { return }
    precondition(stream.sentHeaders, "the head comes before the end")
    stream.checkOpen()
    // The library would send trailers of a request that waits to be sent before it, that is, not.
    guard let trailers, stream.queue.isEmpty, stream.isOpen || !stream.isLocal else {
      stream.ending = .afterQueue(trailers: trailers)
      return resume(stream)
    }
    // Trailers are not flow-controlled, but the library asks for data, and with it for the end of
    // it, only while the peer's window is open. With nothing left to send they need not wait.
    stream.ending = .submitted
    Library.check(Library.withNameValues(trailers) { nghttp2_submit_trailer(session, id, $0, $1) })
  }

  /// Ends the stream at once in both directions. What is queued is dropped, response fields and
  /// trailers too (the library drops them by itself): after `finish`, wait for `trailersSent`.
  /// `streamClosed` follows when the frame is in a batch.
  package func reset(_ id: StreamID, _ code: HTTP2ErrorCode) {
    guard let stream = stream(id), !stream.isReset else { return }
    stream.isReset = true
    stream.ownersReset = code
    stream.queue.removeAll()
    Library.check(
      nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, code.rawValue))
  }

  // MARK: Credit

  /// Returns `bytes` of a `data` event to the stream's window. The peer is told in steps of 1 MiB,
  /// of a quarter of smaller windows.
  package func creditStream(_ id: StreamID, _ bytes: Int) {
    guard let stream = stream(id) else { return }
    stream.credit.release(bytes)
    grant(stream)
  }

  /// Bytes of `data` events on this stream that were not returned yet.
  package func heldBytes(on id: StreamID) -> Int {
    stream(id)?.credit.held ?? 0
  }

  /// The window of a stream, in bytes, as `setReceiveWindow` left it.
  package func receiveWindow(of id: StreamID) -> Int {
    stream(id)?.credit.window ?? 0
  }

  /// Bytes that the peer may still send on this stream, as it knows it.
  package func availableWindow(of id: StreamID) -> Int {
    max(0, Int(nghttp2_session_get_stream_local_window_size(session, id)))
  }

  /// Sets the window of one stream: at most this much of it is under way or held. A larger window
  /// is announced at once; a smaller one comes into force as bytes are returned, by withholding.
  ///
  /// - Parameter bytes: 1 to 2^31 - 1.
  package func setReceiveWindow(_ id: StreamID, bytes: Int) {
    precondition((1...Int(Int32.max)).contains(bytes))
    guard let stream = stream(id) else { return }
    stream.credit.window = bytes
    grant(stream)
  }

  /// Announces what is missing from the stream's window, if it is worth a frame.
  @discardableResult
  func grant(_ stream: Stream) -> Bool {
    guard failure == nil, stream.isOpen, !stream.peerEnded, !stream.isReset else { return false }
    let available = nghttp2_session_get_stream_local_window_size(session, stream.id)
    guard available >= 0 else { return false }
    // The protocol's default holds until the peer knows ours, and then the library adds the
    // difference by itself.
    let bytes = stream.credit.grant(
      available: Int(available), limit: settingsAcknowledged ? .max : 65535)
    guard bytes > 0 else { return false }
    Library.check(
      nghttp2_submit_window_update(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, Int32(bytes)))
    return true
  }

  private func resume(_ stream: Stream) {
    guard stream.isDeferred else { return }
    stream.isDeferred = false
    Library.check(nghttp2_session_resume_data(session, stream.id))
  }
}

extension Stream {
  fileprivate func checkOpen() {
    guard case .open = ending else { preconditionFailure("this direction has ended") }
  }
}
