// What the library's callbacks do with frames that came: append events and notes, nothing else.

internal import CNghttp2
internal import NIOCore

extension HTTP2Connection {
  /// A field section this many times the limit is not refused but ends the connection: a few
  /// bytes of indexed fields can stand for gigabytes.
  private static let hopelessHeaders = 64

  func didBegin(frame header: nghttp2_frame_hd) -> Int32 {
    let kind: FloodGuard.Frame =
      switch header.type {
      case FrameType.data:
        header.length == 0 && header.flags & FrameFlag.endStream == 0 ? .idle : .useful
      case FrameType.priority, FrameType.firstUnknown...: .idle
      case FrameType.ping, FrameType.settings: .answered
      case FrameType.rstStream:
        role == .client ? .useful : isOver(header.stream_id) ? .lateReset : .reset
      case FrameType.headers: .fieldSection
      case FrameType.continuation: .continuation
      default: .useful
      }
    if let flood = guardian.received(kind, now: now) { return end(.enhanceYourCalm, flood) }
    if case .answered = kind { waitingBefore = nghttp2_session_get_outbound_queue_size(session) }
    guard case .fieldSection = kind, role == .server, !streamOrder.received(on: header.stream_id)
    else { return 0 }
    return end(.protocolError, "HEADERS on stream \(header.stream_id), which had been passed over")
  }

  /// Nothing is done for it any more. A client that is answered before it has sent everything resets
  /// what it still would send, and that is no call begun for nothing.
  private func isOver(_ id: StreamID) -> Bool {
    stream(id)?.isResetByOwner ?? true
  }

  func didBegin(headers: nghttp2_headers) {
    fields = FieldSection()
    guard headers.cat == NGHTTP2_HCAT_REQUEST, role == .server else { return }
    add(Stream(id: headers.hd.stream_id, local: false, configuration: configuration))
  }

  func didReceive(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) -> Int32 {
    fields.size += name.count + value.count + 32
    if fields.size <= configuration.maxHeaderListSize {
      fields.fields.append(
        HTTPField(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
    } else if fields.size > configuration.maxHeaderListSize * Self.hopelessHeaders {
      return end(.enhanceYourCalm, "a field section without end")
    }
    return 0
  }

  /// The library would leave the field out, and take the rest for the message; but a message with such
  /// a field is malformed (RFC 9113, section 8.2.1).
  func didReceiveInvalidField() {
    fields.isMalformed = true
  }

  func didReceive(data bytes: UnsafePointer<UInt8>, count: Int, on id: StreamID) {
    guard let stream = stream(id), !stream.isReset, stream.isAnnounced else {
      afterwork.connectionCredit += count
      return
    }
    // The library passes on pointers into what it was given: we find the slice again by them.
    guard let reading,
      let slice = reading.bytes.getSlice(
        at: reading.bytes.readerIndex + (bytes - reading.base), length: count)
    else { preconditionFailure("data from beyond the buffer that is read") }
    stream.credit.hold(count)
    events.append(.data(id, slice, flowControlled: count, endStream: false))
  }

  func didReceive(frame: UnsafePointer<nghttp2_frame>) -> Int32 {
    let header = frame.pointee.hd
    switch header.type {
    case FrameType.data where header.flags & FrameFlag.endStream != 0:
      endData(header.stream_id)
    case FrameType.data where header.flags & FrameFlag.padded != 0:
      // Padding alone is as empty as nothing at all.
      if frame.pointee.data.padlen == header.length,
        let flood = guardian.received(.idle, now: now)
      {
        return end(.enhanceYourCalm, flood)
      }
    case FrameType.headers:
      endHeaders(header)
    case FrameType.settings:
      if header.flags & FrameFlag.ack != 0 {
        settingsAcknowledged = true
        afterwork.grantAll = true
      } else if nghttp2_session_get_outbound_queue_size(session) > waitingBefore + 1 {
        // Beside the acknowledgement the library has queued resets, for streams whose windows the new
        // initial size would lift too high. That is no error of streams (RFC 9113, section 6.9.2).
        return end(.flowControlError, "SETTINGS lift a window above 2^31 - 1")
      } else {
        remoteSettings = Library.remoteSettings(session)
        afterwork.limitChanged = true
        events.append(.settings(remoteSettings))
      }
    case FrameType.ping where header.flags & FrameFlag.ack != 0:
      let opaque = withUnsafeBytes(of: frame.pointee.ping.opaque_data) {
        $0.loadUnaligned(as: UInt64.self)
      }
      events.append(.pingAcknowledged(UInt64(bigEndian: opaque)))
    case FrameType.goAway:
      goAwayReceived = true
      let goAway = frame.pointee.goaway
      let text = UnsafeBufferPointer(start: goAway.opaque_data, count: goAway.opaque_data_len)
      events.append(
        .goAway(
          lastStreamID: goAway.last_stream_id, HTTP2ErrorCode(rawValue: goAway.error_code),
          String(decoding: text, as: UTF8.self)))
    default:
      // The library acts on the others by itself: WINDOW_UPDATE, RST_STREAM, PING, PRIORITY.
      break
    }
    return 0
  }

  private func endData(_ id: StreamID) {
    guard let stream = stream(id), !stream.isReset, stream.isAnnounced else { return }
    stream.peerEnded = true
    // On the frame's last slice where we can: it saves the owner an event.
    if case .data(id, let slice, let count, false) = events.last {
      events[events.count - 1] = .data(id, slice, flowControlled: count, endStream: true)
    } else {
      events.append(.data(id, ByteBuffer(), flowControlled: 0, endStream: true))
    }
  }

  private func endHeaders(_ header: nghttp2_frame_hd) {
    let section = fields
    fields = FieldSection()
    guard let stream = stream(header.stream_id), !stream.isReset else { return }
    guard section.size <= configuration.maxHeaderListSize, !section.isMalformed else {
      stream.isReset = true
      afterwork.resets.append(
        (stream.id, section.isMalformed ? .protocolError : .enhanceYourCalm))
      return
    }
    let ends = header.flags & FrameFlag.endStream != 0
    if ends { stream.peerEnded = true }
    stream.isAnnounced = true
    events.append(
      .headers(stream.id, section.fields, kind: kind(of: section.fields), endStream: ends))
  }

  /// By what is in it: the library calls a final response after a 1xx one "other headers", as it
  /// does trailers.
  private func kind(of fields: [HTTPField]) -> HeadersKind {
    for field in fields {
      switch field.name {
      case ":method": return .request
      case ":status": return field.value.hasPrefix("1") ? .informational : .response
      default: continue
      }
    }
    return .trailers
  }

  func didClose(stream id: StreamID, _ code: HTTP2ErrorCode) {
    guard let stream = stream(id) else { return }
    remove(stream)
    if stream.isAnnounced { events.append(.streamClosed(id, code)) }
  }

  /// Ends the connection from within a callback.
  private func end(_ code: HTTP2ErrorCode, _ message: String) -> Int32 {
    if afterwork.failure == nil { afterwork.failure = (code, message) }
    return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
  }
}
