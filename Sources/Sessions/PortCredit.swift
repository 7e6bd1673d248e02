// How far the ends of a port may be apart: what is given and not taken, and who may go on.

/// Bytes that an input's operator was given and has not taken yet, and who may send as many again.
package struct InputCredit: Hashable, Sendable {
  /// In bytes; the stream's window bounds them.
  package private(set) var untaken = 0
  /// Of `untaken`, what came over a connection that is gone: its credit is nobody's.
  private var orphaned = 0

  package init() {}

  /// The operator was given `bytes`.
  package mutating func gave(_ bytes: Int) { untaken += bytes }

  /// The operator has taken `bytes`, the oldest first.
  ///
  /// - Returns: how many of them the pusher may send again.
  package mutating func took(_ bytes: Int) -> Int {
    untaken -= bytes
    let withoutOwner = min(bytes, orphaned)
    orphaned -= withoutOwner
    return bytes - withoutOwner
  }

  /// The pusher has come back over another connection, with a window of its own.
  package mutating func changedConnection() { orphaned = untaken }
}

/// How far an operator may write ahead of who reads its output. While it is paused it is not read,
/// and its pipe holds it up.
package struct OutputPace: Hashable, Sendable {
  /// Bytes that may be on their way to a reader on another event loop.
  package static let crossingWindow = 256 * 1024

  /// Bytes that the reader has not taken yet; at most a window and what the operator writes at once.
  package private(set) var outstanding = 0
  package private(set) var isPaused = false

  package init() {}

  /// `bytes` are on their way to the reader.
  package mutating func sent(_ bytes: Int) { outstanding += bytes }

  /// Whether the operator is to be paused. `crosses`: the reader is on another loop, and what it
  /// takes is heard of later; one on the same loop has taken what it could before this is asked.
  package func isAhead(crosses: Bool) -> Bool {
    outstanding > (crosses ? Self.crossingWindow : 0)
  }

  package mutating func pause() { isPaused = true }

  /// The reader has taken `bytes`.
  ///
  /// - Returns: whether the operator may go on now, which it may from then on.
  package mutating func took(_ bytes: Int) -> Bool {
    outstanding -= bytes
    guard isPaused, outstanding <= Self.crossingWindow / 2 else { return false }
    isPaused = false
    return true
  }

  /// The reader says by itself that it has room, as a forward does.
  package mutating func goOn() { isPaused = false }
}
