// When a stream's flow-control credit goes back to the peer.

/// The receiving side of one stream's flow control, as a value.
///
/// A stream's bytes are in three places: those that the peer may still send (`available`), those
/// that our owner holds (`held`), and those returned but not yet announced. Their sum is the
/// window; what is missing from it is given with a WINDOW_UPDATE as soon as it makes a step.
///
/// We decide this ourselves, by `nghttp2_submit_window_update`, instead of by
/// `nghttp2_session_consume_stream`: the library returns credit in halves of the largest window a
/// stream ever had, so it could neither keep to steps of 1 MiB nor shrink a window. `available`
/// is asked from the library each time, not counted here, because it returns padding by itself
/// and a second account would drift.
package struct ReceiveCredit {
  /// Bytes that may be under way or held; shrinks by withholding.
  package var window: Int
  package private(set) var held = 0

  package init(window: Int) {
    self.window = window
  }

  package mutating func hold(_ bytes: Int) {
    held += bytes
  }

  package mutating func release(_ bytes: Int) {
    precondition(bytes <= held, "more credit returned than was taken")
    held -= bytes
  }

  /// Bytes to announce now, or 0 to wait. Steps of 1 MiB, a quarter of smaller windows: updates
  /// are frames too, and a peer that waits for half a window loses a round trip.
  package func grant(available: Int, limit: Int = .max) -> Int {
    let target = min(window, limit)
    let missing = target - available - held
    return missing >= max(1, min(1 << 20, target / 4)) ? missing : 0
  }
}
