// What a connection allows its peer, and how much it queues itself.

extension HTTP2Connection {
  package enum Role: Hashable, Sendable {
    case client
    case server
  }

  /// Limits of one connection. All sizes in bytes.
  package struct Configuration: Sendable {
    /// Window of a new stream (SETTINGS_INITIAL_WINDOW_SIZE). `setReceiveWindow` changes it for
    /// one stream.
    package var initialStreamWindow = 256 << 10

    /// Window of the whole connection. It bounds what is between the socket and the streams'
    /// owners, not what they hold: its credit returns as soon as an owner has the bytes, so that
    /// one slow stream stalls no other.
    package var connectionWindow = 64 << 20

    /// Largest frame that we take and send. Frames of 64 to 256 KiB cost half of what the
    /// protocol's 16 KiB cost; 16 KiB to 16 MiB - 1.
    package var maxFrameSize = 256 << 10

    /// Largest field section that we take, by `HTTPField.size`. A stream with a larger one is
    /// reset with ENHANCE_YOUR_CALM.
    package var maxHeaderListSize = 16 << 10

    /// Streams that a client may have open at a time (servers only).
    package var maxConcurrentStreams = 4096

    /// What a client assumes of the server's limit until the server's SETTINGS are here.
    package var assumedPeerStreams = 100

    /// A stream whose queue is above this is not writable ...
    package var highWatermark = 512 << 10

    /// ... until its queue is at most this.
    package var lowWatermark = 256 << 10

    /// How much of a peer's noise we bear.
    package var floodLimits = FloodLimits()

    package init() {}
  }
}
