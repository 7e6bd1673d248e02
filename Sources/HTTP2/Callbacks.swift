// The table of functions that libnghttp2 calls, each a line to the method that does the work.

internal import CNghttp2

extension HTTP2Connection {
  /// The connection behind a callback's user data. Unretained: see `session`.
  fileprivate static func of(_ user: UnsafeMutableRawPointer?) -> HTTP2Connection {
    guard let user else { preconditionFailure("a callback without its connection") }
    return Unmanaged<HTTP2Connection>.fromOpaque(user).takeUnretainedValue()
  }
}

extension Library {
  static func makeCallbacks() -> OpaquePointer? {
    var table: OpaquePointer?
    precondition(nghttp2_session_callbacks_new(&table) == 0, "out of memory")

    nghttp2_session_callbacks_set_on_begin_frame_callback(table) { _, header, user in
      guard let header else { return 0 }
      return HTTP2Connection.of(user).didBegin(frame: header.pointee)
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(table) { _, frame, user in
      guard let frame else { return 0 }
      HTTP2Connection.of(user).didBegin(headers: frame.pointee.headers)
      return 0
    }
    nghttp2_session_callbacks_set_on_header_callback(table) {
      _, frame, name, nameLength, value, valueLength, _, user in
      HTTP2Connection.of(user).didReceive(
        name: UnsafeBufferPointer(start: name, count: nameLength),
        value: UnsafeBufferPointer(start: value, count: valueLength))
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table) {
      _, _, id, bytes, count, user in
      guard let bytes else { return 0 }
      HTTP2Connection.of(user).didReceive(data: bytes, count: count, on: id)
      return 0
    }
    nghttp2_session_callbacks_set_unpack_extension_callback(table) { _, _, _, _ in
      // Nothing to keep of a frame that we do not know.
      0
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(table) { _, frame, user in
      guard let frame else { return 0 }
      return HTTP2Connection.of(user).didReceive(frame: frame)
    }
    nghttp2_session_callbacks_set_on_invalid_header_callback(table) {
      _, _, _, _, _, _, _, user in
      HTTP2Connection.of(user).didReceiveInvalidField()
      return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(table) { _, id, code, user in
      HTTP2Connection.of(user).didClose(stream: id, HTTP2ErrorCode(rawValue: code))
      return 0
    }
    nghttp2_session_callbacks_set_send_callback(table) { _, bytes, count, _, user in
      HTTP2Connection.of(user).send(UnsafeRawBufferPointer(start: bytes, count: count))
    }
    nghttp2_session_callbacks_set_send_data_callback(table) { _, frame, header, count, _, user in
      guard let frame else { return 0 }
      return HTTP2Connection.of(user).sendData(
        frame.pointee.hd.stream_id, header: UnsafeRawBufferPointer(start: header, count: 9),
        count: count)
    }
    nghttp2_session_callbacks_set_data_source_read_length_callback(table) {
      _, _, _, _, _, frameLimit, user in
      HTTP2Connection.of(user).dataFrameSize(limit: Int(frameLimit))
    }
    nghttp2_session_callbacks_set_on_frame_send_callback(table) { _, frame, user in
      guard let frame else { return 0 }
      HTTP2Connection.of(user).didSend(frame: frame)
      return 0
    }
    nghttp2_session_callbacks_set_on_frame_not_send_callback(table) { _, frame, _, user in
      guard let frame else { return 0 }
      HTTP2Connection.of(user).didNotSend(frame: frame)
      return 0
    }
    return table
  }

  /// Where the library gets a stream's data from.
  static func dataProvider() -> nghttp2_data_provider {
    nghttp2_data_provider(source: nghttp2_data_source()) { session, id, _, limit, flags, _, user in
      guard let session, let flags else { return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) }
      return HTTP2Connection.of(user).offerData(session, id, limit: limit, flags: flags)
    }
  }
}
