// Why a task failed: what every neighbour, and whoever asks, is told.

/// The cause of a task's failure, before it is put into words for one port.
///
/// The machine knows ports and offsets, not the names of node, session and task: ``Place`` adds them
/// when the failure leaves the node.
package struct TaskFailure: Error, Equatable, Sendable {
  /// What went wrong, in the order in which an engine should look for the root of a failure: an
  /// operator's own end explains the broken streams around it.
  package enum Kind: String, Equatable, Sendable {
    /// The operator ended with another code than 0, by a signal, or against its own definition.
    case operatorFailed
    /// The operator could not be started.
    case start
    /// A push broke off before `done`.
    case input
    /// A pull went away before the end.
    case output
    /// The next node refused a forward, or it broke.
    case forward
    /// Somebody asked for the end: QuitSession, a drain that ran out, Ctrl-C.
    case cancelled
    /// A limit of the node.
    case limit
    /// A deadline passed; the message names what was waited for.
    case timeout
  }

  package var kind: Kind
  /// What happened, in words, without the place.
  package var message: String
  /// The port on which it was seen, where there is one.
  package var port: PortLabel?
  /// Bytes that had moved on that port.
  package var offset: Int64?
  /// The operator's exit code, where it ended by itself.
  package var exitCode: Int32?
  /// The signal that ended the operator.
  package var signal: Int32?
  /// The last lines of the operator's standard error, oldest first.
  package var standardErrorTail: [String]

  package init(
    _ kind: Kind, _ message: String, port: PortLabel? = nil, offset: Int64? = nil,
    exitCode: Int32? = nil, signal: Int32? = nil, standardErrorTail: [String] = []
  ) {
    self.kind = kind
    self.message = message
    self.port = port
    self.offset = offset
    self.exitCode = exitCode
    self.signal = signal
    self.standardErrorTail = standardErrorTail
  }
}

/// A port as errors name it: direction, number on the wire and, where the session knows one, name.
package struct PortLabel: Equatable, Sendable, CustomStringConvertible {
  package enum Direction: String, Equatable, Sendable {
    case input, output
  }

  package var direction: Direction
  package var number: Int
  package var name: String?

  package init(_ direction: Direction, _ number: Int, name: String? = nil) {
    self.direction = direction
    self.number = number
    self.name = name
  }

  package var description: String {
    let base = "\(direction.rawValue) \(number)"
    return name.map { "\(base) (\($0))" } ?? base
  }
}

/// Where a task runs, in the words that an error begins with.
package struct Place: Equatable, Sendable {
  package var node: String
  package var session: String
  package var task: String

  package init(node: String, session: String, task: String) {
    self.node = node
    self.session = session
    self.task = task
  }

  /// The failure as one text: node, session, task, port, byte offset, cause, standard error.
  ///
  /// - Parameters:
  ///   - port: the port whose peer is told; the failure's own port is preferred, since that is
  ///     where it was seen.
  ///   - offset: bytes that had moved on `port`.
  package func describe(_ failure: TaskFailure, port: PortLabel? = nil, offset: Int64? = nil)
    -> String
  {
    var text = "node \(node), session \(session), task \(task)"
    if let label = failure.port ?? port {
      text += ", \(label)"
      if let bytes = failure.port != nil ? failure.offset : offset { text += " at byte \(bytes)" }
    }
    text += ": \(failure.message)"
    if !failure.standardErrorTail.isEmpty {
      text += "; standard error ends with:\n  "
      text += failure.standardErrorTail.joined(separator: "\n  ")
    }
    return text
  }
}
