// One input of a task: who writes it, how far it is, and what the operator left unread.

/// The state of an input port. At most one push writes it, once.
struct InputPort {
  enum Writer: Equatable {
    /// No push yet, or one that went away before its first byte and did not await the task's end:
    /// another may come.
    case none
    /// A push is open. `awaiting` pushers are answered when the task has ended.
    case open(awaiting: Bool)
    /// `done` has arrived; an awaiting pusher may still wait for its answer.
    case done(unanswered: Bool)
    /// The push broke off, or was answered with the task's failure.
    case lost
  }

  let label: PortLabel
  private(set) var writer = Writer.none
  /// What the pusher calls itself, if it may come back after the loss of its connection.
  private(set) var token: String?
  /// Its connection is lost, and it may come back.
  private(set) var isInterrupted = false
  /// The latest attempt to come back.
  private var attempt = 0
  /// Payload bytes that have arrived.
  private(set) var received: Int64 = 0
  /// Messages that have arrived.
  private(set) var messages: Int32 = 0
  /// Bytes that arrived and that the operator never read.
  private(set) var unread: Int64 = 0
  /// The operator reads no more of it: what still comes is counted and dropped.
  private(set) var isClosedByOperator = false
  private(set) var error: String?

  init(label: PortLabel) {
    self.label = label
  }

  /// The operator saw all of it: `done` has arrived and no byte was left.
  var wasReadToItsEnd: Bool {
    guard case .done = writer else { return false }
    return unread == 0
  }

  var isDone: Bool {
    if case .done = writer { return true }
    return false
  }

  mutating func open(awaiting: Bool, token: String? = nil, attempt: Int = 0) -> Bool {
    guard case .none = writer else { return false }
    writer = .open(awaiting: awaiting)
    self.token = token
    self.attempt = attempt
    return true
  }

  /// The pusher's connection is lost.
  ///
  /// - Returns: false where it has no reason to come back, or cannot.
  mutating func interrupt() -> Bool {
    guard token != nil else { return false }
    switch writer {
    case .open, .done(unanswered: true): isInterrupted = true
    case .none, .done(unanswered: false), .lost: return false
    }
    return true
  }

  enum Continuation {
    /// It writes on, or waits on for its answer.
    case goesOn
    /// The port has all of it, and said so to a connection that is gone.
    case isAnswered
  }

  /// A pusher is there again, on another connection.
  ///
  /// - Returns: nil where it is not the one that wrote here, or was given up, or has come once more since.
  mutating func continuation(token: String, attempt: Int) -> Continuation? {
    guard self.token == token, attempt > self.attempt else { return nil }
    self.attempt = attempt
    isInterrupted = false
    switch writer {
    case .open, .done(unanswered: true): return .goesOn
    case .done(unanswered: false): return .isAnswered
    case .none, .lost: return nil
    }
  }

  /// - Returns: true when the operator is to get the bytes, false when they are dropped.
  mutating func receive(_ bytes: Int) -> Bool {
    guard case .open = writer else { return false }
    received += Int64(bytes)
    guard isClosedByOperator else { return true }
    unread += Int64(bytes)
    return false
  }

  mutating func receiveMessages(_ count: Int) {
    guard case .open = writer else { return }
    // The wire's counter has 32 bits; a port of small records passes it, and stays at its end.
    messages = Int32(clamping: Int(messages) + count)
  }

  /// - Returns: whether the pusher waits for the task's end (true) or is answered now (false).
  mutating func finish() -> Bool? {
    guard case .open(let awaiting) = writer else { return nil }
    writer = .done(unanswered: awaiting)
    return awaiting
  }

  /// What has arrived is not what was sent. The pusher is still to be answered.
  ///
  /// - Returns: false where nobody writes.
  mutating func corrupt(_ difference: String) -> Bool {
    guard case .open = writer else { return false }
    error = difference
    return true
  }

  enum Loss {
    /// The push had its answer already, or it may be repeated.
    case harmless
    /// Bytes of it have moved, and its end has not.
    case cutShort
    /// An awaiting push: behind it is a task of the same run, which has failed or is cancelled.
    case awaiting
  }

  /// The push went away before it was answered.
  mutating func lose(_ reason: String) -> Loss {
    isInterrupted = false
    switch writer {
    case .open(awaiting: false) where received == 0:
      writer = .none
      messages = 0
      return .harmless
    case .open(let awaiting):
      writer = .lost
      error = reason
      return awaiting ? .awaiting : .cutShort
    case .done(unanswered: true):
      // The end has arrived and stays so; it is the answer that nobody waits for any more.
      writer = .done(unanswered: false)
      error = reason
      return .awaiting
    case .none, .done(unanswered: false), .lost:
      return .harmless
    }
  }

  mutating func closeByOperator(unread bytes: Int) {
    isClosedByOperator = true
    unread += Int64(bytes)
  }

  /// The task has ended.
  ///
  /// - Returns: true when a pusher is still to be answered with that.
  mutating func answer(failed: Bool) -> Bool {
    switch writer {
    case .open:
      // After a success the pusher goes on to its `done`: the rest is counted and dropped.
      guard failed else { return false }
      isInterrupted = false
      writer = .lost
      return true
    case .done(unanswered: true):
      writer = .done(unanswered: false)
      isInterrupted = false
      return true
    case .none, .done(unanswered: false), .lost:
      return false
    }
  }
}
