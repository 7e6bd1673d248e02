// What the library's callbacks do for frames that go: fill the batch, and append events and notes.

internal import CNghttp2
internal import NIOCore

extension HTTP2Connection {
  /// A frame that the library has written itself: all but DATA.
  func send(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard !batch.isFull else {
      batch.isBlocked = true
      return Int(NGHTTP2_ERR_WOULDBLOCK.rawValue)
    }
    batch.append(bytes)
    return bytes.count
  }

  /// How large the next DATA frame may be; the library takes the windows into account itself.
  func dataFrameSize(limit: Int) -> Int {
    // What is left of the batch, so that batches keep near their limit, but no crumbs.
    let left = max(16 << 10, batch.limit - batch.count)
    return max(1, min(limit, configuration.maxFrameSize, left))
  }

  /// Says how much of the stream's queue goes into the next DATA frame. The bytes themselves are
  /// taken by `sendData`, which the library calls right after this: it never has to wait, because
  /// a full batch is noticed here.
  func offerData(
    _ session: OpaquePointer, _ id: StreamID, limit: Int, flags: UnsafeMutablePointer<UInt32>
  ) -> Int {
    guard failure == nil else { return Int(NGHTTP2_ERR_PAUSE.rawValue) }
    guard let stream = stream(id), !stream.isReset else {
      return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    guard !batch.isFull else {
      batch.isBlocked = true
      return Int(NGHTTP2_ERR_PAUSE.rawValue)
    }
    let count = min(limit, stream.queue.readableBytes)
    if count > 0 { flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue }
    guard count == stream.queue.readableBytes else { return count }

    switch stream.ending {
    case .open:
      guard count == 0 else { return count }
      stream.isDeferred = true
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    case .afterQueue(let trailers):
      flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
      stream.ending = .submitted
      guard let trailers else { return count }
      flags.pointee |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
      // Submitting here is what the library's manual asks for: they follow this frame.
      Library.check(
        Library.withNameValues(trailers) { nghttp2_submit_trailer(session, id, $0, $1) })
      return count
    case .submitted:
      preconditionFailure("data after the end of a stream")
    }
  }

  func sendData(_ id: StreamID, header: UnsafeRawBufferPointer, count: Int) -> Int32 {
    guard let stream = stream(id), count <= stream.queue.readableBytes else {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
    }
    batch.append(header)
    stream.queue.take(count) { batch.append($0) }
    stream.sent += count
    if stream.watermarks.remove(count) { events.append(.writable(id)) }
    return 0
  }

  func didSend(frame: UnsafePointer<nghttp2_frame>) {
    let header = frame.pointee.hd
    // Of a connection that has failed only the GOAWAY is still of interest.
    guard failure == nil || header.type == FrameType.goAway else { return }
    switch header.type {
    case FrameType.data where header.flags & FrameFlag.endStream != 0:
      events.append(.trailersSent(header.stream_id))
    case FrameType.headers:
      if let stream = stream(header.stream_id), !stream.isOpen {
        stream.isOpen = true
        if stream.credit.window != configuration.initialStreamWindow {
          afterwork.grants.append(stream.id)
        }
      }
      if header.flags & FrameFlag.endStream != 0 {
        events.append(.trailersSent(header.stream_id))
      }
    case FrameType.rstStream:
      if stream(header.stream_id)?.isResetByOwner != true,
        let flood = guardian.provokedReset(now: now), afterwork.failure == nil
      {
        afterwork.failure = (.enhanceYourCalm, flood)
      }
    case FrameType.goAway:
      didSend(goAway: frame.pointee.goaway)
    default:
      break
    }
  }

  /// A GOAWAY that nobody asked for is the library's: it found a connection error and has no
  /// callback to say so.
  private func didSend(goAway: nghttp2_goaway) {
    if failure != nil {
      failureSent = true
    } else if !isOwnGoAway(HTTP2ErrorCode(rawValue: goAway.error_code)), afterwork.failure == nil {
      let text = UnsafeBufferPointer(start: goAway.opaque_data, count: goAway.opaque_data_len)
      let message = String(decoding: text, as: UTF8.self)
      afterwork.failure = (
        HTTP2ErrorCode(rawValue: goAway.error_code),
        message.isEmpty ? "the peer broke the protocol" : message
      )
      afterwork.peerKnowsFailure = true
    }
  }

  func didNotSend(frame: UnsafePointer<nghttp2_frame>) {
    let header = frame.pointee.hd
    // A request that was not sent closes by itself. A head or trailers that were not, because
    // they are too large, would leave the peer waiting.
    guard header.type == FrameType.headers, let stream = stream(header.stream_id), stream.isOpen,
      !stream.isReset
    else { return }
    stream.isReset = true
    afterwork.resets.append((stream.id, .internalError))
  }
}
