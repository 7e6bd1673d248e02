// What a task's machine asks of the node, and what it refuses.

/// One thing for the node to do, in the order in which the machine returns them.
///
/// To perform one may make something else happen, and so nest its actions between these: the machine
/// has already moved on when it returns, so the first failure still wins and nothing is said twice.
package enum TaskAction: Equatable, Sendable {
  case startOperator
  /// Nothing of the operator may stay: end its process group and release what it holds. It may not
  /// have been started, or be gone already.
  case cancelOperator
  /// Open the push to the next node.
  case openForward(output: Int)
  /// The input has its `done`: the operator gets the end of file after what was written. A push
  /// that is faster than the start brings it before ``startOperator``.
  case endInput(Int)
  /// Answer the push: nil is OK.
  case answerPush(input: Int, TaskFailure?)
  /// The push has lost its connection and may come back: `pushLost` follows when it has not in time.
  case awaitPusher(input: Int)
  /// Send `done`: the operator has succeeded and this output is drained.
  case finishOutput(Int)
  /// Tell the reader: a pull is answered with the failure, a forward is broken off.
  case failOutput(Int, TaskFailure)
  /// The task is over and nothing of its operator runs: its status starts to age. Said once.
  case ended
  /// Nobody will read what the ended operator left: release it. It may come twice.
  case letGo
}

/// Why a push or a pull cannot be attached. The machine is as it was.
package enum TaskRefusal: Error, Equatable, Sendable {
  /// INVALID_ARGUMENT.
  case noSuchPort(String)
  /// FAILED_PRECONDITION: a second writer or reader, or a forwarded output.
  case taken(String)
  /// The task has failed before; the caller gets the same failure.
  case failed(TaskFailure)

  package static func outOfRange(
    _ direction: PortLabel.Direction, _ index: Int, of count: Int
  ) -> TaskRefusal {
    .noSuchPort(
      "there is no \(direction.rawValue) \(index): the session has \(count) "
        + "\(direction.rawValue)\(count == 1 ? "" : "s")")
  }

  package static func forwarded(_ output: PortLabel) -> TaskRefusal {
    .taken("\(output) has a destination: the node itself forwards it")
  }
}
