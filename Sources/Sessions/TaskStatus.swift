// A task as QueryTask tells it.

/// What is known of a task at one moment.
package struct TaskStatus: Equatable, Sendable {
  package enum State: Equatable, Sendable {
    case exists
    case finished
    case failed(TaskFailure)
  }

  package struct Port: Equatable, Sendable {
    package var label: PortLabel
    package var messages: Int32
    /// Payload bytes that have arrived, or that were handed on.
    package var bytes: Int64
    /// Of an input: bytes that the operator left unread when it exited 0.
    package var unread: Int64
    package var error: String?
    /// `done` has arrived, or was handed on.
    package var isDone: Bool
  }

  package var state: State
  package var inputs: [Port]
  package var outputs: [Port]
}
