// Errors of system calls, and the failures that they mean to an operator.

internal import Glibc

/// A system call that failed.
package struct SystemError: Error, CustomStringConvertible, Hashable {
  /// What was tried, in words that fit before a colon: "cannot make a pipe".
  package var what: String
  package var errno: Int32

  package init(_ what: String, errno: Int32) {
    self.what = what
    self.errno = errno
  }

  package var description: String { "\(what): \(Self.text(errno))" }

  /// The error in words, with the limit that is meant where the C library's words hide it.
  package static func text(_ errno: Int32) -> String {
    let text = String(cString: strerror(errno))
    switch errno {
    case EMFILE: return "\(text) (this node's limit of open files, ulimit -n)"
    case ENFILE: return "\(text) (this machine's limit)"
    default: return text
    }
  }
}

/// Why an operator cannot start or cannot count as successful, for `OperatorExit.failed`.
package struct OperatorFailure: Error, CustomStringConvertible, Hashable {
  package var message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}

extension OperatorFailure {
  init(_ error: SystemError) { self.init(error.description) }
}
