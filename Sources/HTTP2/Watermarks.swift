// Hysteresis between "write more" and "wait".

/// Counts queued bytes and says when a writer should wait and when it should go on. The gap
/// between the marks keeps it from changing its mind with every frame.
package struct Watermarks {
  /// Bytes; at most this many queued make a waiting writer go on.
  package let low: Int
  /// Bytes; more than this many queued make a writer wait.
  package let high: Int

  package private(set) var queued = 0
  package private(set) var isWritable = true

  package init(low: Int, high: Int) {
    precondition(0 <= low && low <= high)
    self.low = low
    self.high = high
  }

  package mutating func add(_ bytes: Int) {
    queued += bytes
    if queued > high { isWritable = false }
  }

  /// - Returns: whether the writer may go on now and could not before.
  package mutating func remove(_ bytes: Int) -> Bool {
    precondition(bytes <= queued)
    queued -= bytes
    guard !isWritable, queued <= low else { return false }
    isWritable = true
    return true
  }
}
