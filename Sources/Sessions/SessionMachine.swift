// The life of one session: from Init to its end.

/// What a session may do at the moment. A value without I/O.
package struct SessionMachine: Equatable, Sendable {
  package enum State: Equatable, Sendable {
    case initializing
    case ready
    /// Init failed; the id is free again once this has been told.
    case failed(String)
    /// QuitSession or the node's own end: tasks are being cancelled.
    case quitting
    case closed
  }

  package private(set) var state = State.initializing

  package init() {}

  /// - Returns: false when the session was quit meanwhile, so that Init ends with SS_FAILED.
  package mutating func becameReady() -> Bool {
    guard case .initializing = state else { return false }
    state = .ready
    return true
  }

  package mutating func failed(_ reason: String) {
    guard case .initializing = state else { return }
    state = .failed(reason)
  }

  /// - Returns: true when this call is the one that ends it; later ones wait for the same end.
  package mutating func quit() -> Bool {
    switch state {
    case .initializing, .ready:
      state = .quitting
      return true
    case .failed, .quitting, .closed:
      return false
    }
  }

  package mutating func closed() {
    state = .closed
  }

  /// Why a task cannot be created now; nil when it can.
  package var refusal: String? {
    switch state {
    case .ready: nil
    case .initializing: "the session is not ready yet"
    case .failed(let reason): "the session's init failed: \(reason)"
    case .quitting, .closed: "the session has been quit"
    }
  }
}
