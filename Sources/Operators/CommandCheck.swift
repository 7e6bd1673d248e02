// Looks for a command before any task needs it.

internal import Glibc

extension OperatorCommand {
  /// What already says that the command cannot run: so that a session's init fails, and not its first
  /// task. What is found here may be gone when a task starts, which then says so itself.
  package var problem: String? {
    do throws(OperatorFailure) { try validate() } catch { return error.message }
    guard access(workingDirectory, X_OK) == 0 else {
      return "cannot enter the working directory \(workingDirectory): \(SystemError.text(errno))"
    }
    let request = ChildRequest(
      command: command, environment: environment, workingDirectory: workingDirectory,
      descriptors: [])
    let isThere = request.candidates.contains { candidate in
      access(candidate.hasPrefix("/") ? candidate : "\(workingDirectory)/\(candidate)", X_OK) == 0
    }
    return isThere ? nil : "command not found: \(command[0])"
  }
}
