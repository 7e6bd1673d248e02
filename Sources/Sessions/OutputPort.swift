// One output of a task: who reads it, how far it is, and whether its end may be said.

/// The state of an output port. At most one pull, or the node's own forwarder, reads it, once.
struct OutputPort {
  enum Reader: Equatable {
    /// Nobody yet, or a pull that went away before its first byte: another may come.
    case none
    /// A pull, or the forwarder, takes what the operator writes.
    case open
    /// It was told `done`: a forward waits for the next node's answer, a pull for its last byte to
    /// leave.
    case ended
    /// The reader has everything, with its end.
    case delivered
    /// The reader went away after bytes had moved, or was told of the failure.
    case lost
  }

  let label: PortLabel
  /// Wired to another node: read by the forwarder alone.
  let isForwarded: Bool
  private(set) var reader = Reader.none
  /// Bytes that were handed to the reader.
  private(set) var sent: Int64 = 0
  /// Messages that were handed to the reader.
  private(set) var messages: Int32 = 0
  /// The operator has written all that it will ever write here, and it has been read.
  private(set) var isDrained = false
  private(set) var error: String?

  init(label: PortLabel, isForwarded: Bool) {
    self.label = label
    self.isForwarded = isForwarded
  }

  /// A forward that is not answered yet, or a pull that has not got its end.
  var holdsTheTask: Bool {
    switch reader {
    case .open, .ended: true
    case .none: isForwarded
    case .delivered, .lost: false
    }
  }

  /// Somebody takes what is left here.
  var isBeingRead: Bool { reader == .open || reader == .ended }

  mutating func open() -> Bool {
    guard case .none = reader else { return false }
    reader = .open
    return true
  }

  mutating func send(_ bytes: Int) {
    sent += Int64(bytes)
    if messages < .max { messages += 1 }
  }

  mutating func drain() {
    isDrained = true
  }

  /// The operator has succeeded: says whether `done` is to be sent now.
  mutating func finish() -> Bool {
    guard isDrained, case .open = reader else { return false }
    reader = .ended
    return true
  }

  /// The next node has answered the forward with OK, or the pull has been sent whole.
  mutating func deliver() {
    if reader == .ended { reader = .delivered }
  }

  /// The reader went away before the end.
  ///
  /// - Returns: true when bytes had moved, so that the task cannot go on.
  mutating func lose(_ reason: String) -> Bool {
    switch reader {
    case .open where sent == 0 && !isForwarded, .ended where sent == 0 && !isForwarded:
      reader = .none
      return false
    case .open, .ended:
      reader = .lost
      error = reason
      return true
    case .none, .delivered, .lost:
      return false
    }
  }

  /// What the operator left cannot be read whole: nobody is to wait for its end.
  ///
  /// - Returns: true when a reader is to be told.
  mutating func breakOff(_ reason: String) -> Bool {
    guard reader != .delivered, reader != .lost else { return false }
    let isBeingRead = isBeingRead
    reader = .lost
    error = reason
    return isBeingRead
  }

  /// The task has failed, or is cut off.
  ///
  /// - Returns: true when a reader is to be told.
  mutating func fail() -> Bool {
    guard isBeingRead else { return false }
    reader = .lost
    return true
  }
}
