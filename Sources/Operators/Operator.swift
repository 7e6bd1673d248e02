// What a task runs, as the task sees it: an operator, its delegate, and how it ended.

package import NIOCore

/// What a task runs: a process or a builtin.
///
/// Everything is called on, and calls back on, the task's home event loop. No result is delivered
/// from within one of these calls' callers' frames at `start()`; the other calls may call the
/// delegate back before they return, so a caller updates its own state first.
package protocol Operator: AnyObject {
  /// Who hears of what happens. Set before `start()`; held weakly by implementations.
  var delegate: (any OperatorDelegate)? { get set }

  /// Starts the operator, once. Results come by the delegate, never from within this call.
  func start()

  /// Hands bytes to an input port, in order. The task bounds them by the credit it grants: what
  /// was written and not yet reported by `operatorTook` is queued without a further bound.
  func write(_ bytes: ByteBuffer, input: Int)

  /// `done` arrived for this input: it ends well, after everything written before.
  func end(input: Int)

  /// Whether the output's reader can take more. False at first.
  func setReading(_ reading: Bool, output: Int)

  /// Ends the operator now: SIGTERM to the process group, SIGKILL after the grace.
  /// `operatorExited` follows once nothing of it is left. Further calls change nothing.
  func cancel()

  /// Looks whether nothing of the operator goes on until one of its ports does, and answers on the
  /// loop, from within the call or later. False where it cannot be told.
  func lookWhetherStill(_ answer: @escaping (Bool) -> Void)
}

/// What a task hears from its operator, on the task's home event loop.
package protocol OperatorDelegate: AnyObject {
  /// This many of the bytes written are in the operator's pipe or file, or were dropped after
  /// `operatorClosed`: their credit can be returned.
  func operatorTook(_ bytes: Int, input: Int)

  /// The operator reads no more of this input, which `end(input:)` did not end cleanly or not yet.
  /// `unread` of the bytes written so far were never read by it. Later writes are dropped and
  /// reported as taken; the task counts them. At most once for each input.
  func operatorClosed(input: Int, unread: Int)

  /// Bytes of an output, in order. Only while reading is on.
  func operatorWrote(_ bytes: ByteBuffer, output: Int)

  /// The operator has exited, its process group is gone, and nothing more of this output will
  /// come. Not an end by itself: what it means, the exit decides. At most once for each output,
  /// before or after `operatorExited`.
  func operatorDrained(output: Int)

  /// What the operator left at this output, after its exit, cannot be read to its end: the disk has
  /// failed. Nothing more comes of it, and no `operatorDrained`. At most once for each output.
  func operatorLost(output: Int, reason: String)

  /// One line of standard error, or of a standard output that is no port, without its newline.
  func operatorLogged(_ line: String)

  /// The leader is reaped and the rest of its group is gone. Exactly once.
  func operatorExited(_ exit: OperatorExit)
}

/// How an operator ended.
package struct OperatorExit: Sendable, Hashable {
  package enum Reason: Sendable, Hashable {
    /// Exit code 0, and nothing else went wrong.
    case success
    /// Exit code 1 to 255.
    case code(Int32)
    /// Killed by this signal.
    case signal(Int32)
    /// It could not start, or what it did cannot count as success whatever its exit code was:
    /// command not found, a named pipe never opened, a full disk.
    case failed(String)
  }

  package var reason: Reason

  /// The last lines of standard error, oldest first; at most 20.
  package var stderrTail: [String]

  package init(_ reason: Reason, stderrTail: [String] = []) {
    self.reason = reason
    self.stderrTail = stderrTail
  }

  package static let success = OperatorExit(.success)

  package static func code(_ code: Int32) -> OperatorExit { OperatorExit(.code(code)) }

  package static func signal(_ signal: Int32) -> OperatorExit { OperatorExit(.signal(signal)) }

  package static func failed(_ message: String) -> OperatorExit { OperatorExit(.failed(message)) }
}
