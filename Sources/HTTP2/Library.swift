// How libnghttp2 is set up, fed with fields, and understood when it fails.

internal import CNghttp2

/// Frame types and flags of RFC 9113, section 6, as the library's frames carry them.
enum FrameType {
  static let data: UInt8 = 0x0
  static let headers: UInt8 = 0x1
  static let priority: UInt8 = 0x2
  static let rstStream: UInt8 = 0x3
  static let settings: UInt8 = 0x4
  static let pushPromise: UInt8 = 0x5
  static let ping: UInt8 = 0x6
  static let goAway: UInt8 = 0x7
  static let windowUpdate: UInt8 = 0x8
  static let continuation: UInt8 = 0x9
  static let firstUnknown: UInt8 = 0xa
}

enum FrameFlag {
  static let endStream: UInt8 = 0x1
  static let ack: UInt8 = 0x1
  static let padded: UInt8 = 0x8
}

enum Library {
  /// Results that can only mean that memory ran out or that we used the library wrongly.
  static func check(_ result: Int32, line: UInt = #line) {
    // INVALID_ARGUMENT and INVALID_STREAM_STATE come for streams that are closed in the library
    // and not yet in our books; both are harmless, for the close is under way.
    precondition(
      result >= 0 || nghttp2_is_fatal(result) == 0,
      "nghttp2: \(String(cString: nghttp2_strerror(result))) at \(line)")
  }

  /// The connection error behind a fatal result of `mem_recv` or `send`.
  static func describe(fatal result: Int32) -> (HTTP2ErrorCode, String) {
    let text = String(cString: nghttp2_strerror(result))
    return switch result {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue:
      (.protocolError, "not HTTP/2: the connection preface is wrong")
    case NGHTTP2_ERR_NOMEM.rawValue, NGHTTP2_ERR_CALLBACK_FAILURE.rawValue:
      (.internalError, text)
    default:
      // The floods that the library sees itself: NGHTTP2_ERR_FLOODED, and what later versions
      // have added behind it, which plain 1.52 has no names for.
      (.enhanceYourCalm, text)
    }
  }

  static func makeSession(
    role: HTTP2Connection.Role, configuration: HTTP2Connection.Configuration
  ) -> OpaquePointer {
    var option: OpaquePointer?
    precondition(nghttp2_option_new(&option) == 0, "out of memory")
    defer { nghttp2_option_del(option) }
    // Credit goes back when the next hop has taken the bytes, not when we have.
    nghttp2_option_set_no_auto_window_update(option, 1)
    // Closed streams would be kept for the priority tree of RFC 7540, which gRPC does not use.
    nghttp2_option_set_no_closed_streams(option, 1)
    nghttp2_option_set_peer_max_concurrent_streams(
      option, UInt32(clamping: configuration.assumedPeerStreams))
    let floods = configuration.floodLimits
    nghttp2_option_set_max_settings(option, floods.settings)
    nghttp2_option_set_max_outbound_ack(option, floods.unsentAcknowledgements)
    // We count these ourselves, by a clock of our own. What the library has by default must not be less;
    // and of resets it also counts those of streams that are over, which are no harm.
    headrace_nghttp2_limit_floods(option, floods.continuations, 1 << 30, 1 << 30)
    // The library drops frames of unknown types without a word; asking for them makes it call
    // back for each, so that a flood of them is seen.
    for type in FrameType.firstUnknown...UInt8.max {
      nghttp2_option_set_user_recv_extension_type(option, type)
    }

    let callbacks = makeCallbacks()
    defer { nghttp2_session_callbacks_del(callbacks) }
    var session: OpaquePointer?
    let result =
      switch role {
      case .client: nghttp2_session_client_new2(&session, callbacks, nil, option)
      case .server: nghttp2_session_server_new2(&session, callbacks, nil, option)
      }
    guard result == 0, let session else { preconditionFailure("out of memory") }
    return session
  }

  /// Our SETTINGS, and the connection's window, which SETTINGS cannot set.
  static func submitPreface(
    _ session: OpaquePointer, role: HTTP2Connection.Role,
    configuration: HTTP2Connection.Configuration
  ) {
    var settings = [
      entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, configuration.initialStreamWindow),
      entry(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, configuration.maxFrameSize),
      entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, configuration.maxHeaderListSize),
    ]
    switch role {
    case .client: settings.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
    case .server:
      settings.append(
        entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, configuration.maxConcurrentStreams))
    }
    let flags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
    let accepted = nghttp2_submit_settings(session, flags, settings, settings.count)
    precondition(accepted == 0, "the configuration is beyond what HTTP/2 allows")
    check(
      nghttp2_session_set_local_window_size(
        session, flags, 0, Int32(clamping: configuration.connectionWindow)))
  }

  private static func entry(
    _ id: nghttp2_settings_id, _ value: Int
  ) -> nghttp2_settings_entry {
    nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(clamping: value))
  }

  /// Fields as the library wants them. It copies them before it returns.
  static func withNameValues(
    _ fields: [HTTPField], _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Int32
  ) -> Int32 {
    var text: [UInt8] = []
    text.reserveCapacity(fields.reduce(0) { $0 + $1.size })
    for field in fields {
      text.append(contentsOf: field.name.utf8)
      text.append(contentsOf: field.value.utf8)
    }
    return text.withUnsafeMutableBufferPointer { text in
      var rest = text.baseAddress
      let pairs = fields.map { field in
        let (nameLength, valueLength) = (field.name.utf8.count, field.value.utf8.count)
        let name = rest
        let value = name.map { $0 + nameLength }
        rest = value.map { $0 + valueLength }
        return nghttp2_nv(
          name: name, value: value, namelen: nameLength, valuelen: valueLength,
          flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue))
      }
      return pairs.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
    }
  }

  static func remoteSettings(_ session: OpaquePointer) -> RemoteSettings {
    func value(_ id: nghttp2_settings_id) -> UInt32 {
      nghttp2_session_get_remote_settings(session, id)
    }
    let list = value(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE)
    return RemoteSettings(
      maxConcurrentStreams: Int(value(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)),
      initialWindow: Int(value(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE)),
      maxFrameSize: Int(value(NGHTTP2_SETTINGS_MAX_FRAME_SIZE)),
      maxHeaderListSize: list == .max ? .max : Int(list))
  }
}
