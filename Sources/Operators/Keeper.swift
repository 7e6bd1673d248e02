// The keeper, seen from the node: whom to kill and what to remove should the node die.

internal import CSpawn
internal import Glibc
internal import NIOConcurrencyHelpers

/// A small process that outlives this one by a moment: when this process ends, however it ends, the
/// keeper kills every registered process group and removes every registered folder.
///
/// Start it early (`_ = Keeper.shared`): it is a copy of this process as it is then. A program that
/// leaves its process group by setsid is outside its reach.
package final class Keeper: Sendable {
  /// This process's keeper; the first use starts it.
  package static let shared = Keeper()

  private struct State {
    /// The write end, which nobody else may have; -1 once it is closed or when it never started.
    var lifeline: Int32
    var pid: Int32
  }

  private let state: NIOLockedValueBox<State>

  /// Starts another keeper. One that could not be started refuses every registration.
  package init() {
    var pid: Int32 = -1
    let lifeline = headrace_keeper_start(&pid)
    state = NIOLockedValueBox(State(lifeline: lifeline, pid: pid))
  }

  /// The keeper's process, or -1 when it could not be started.
  package var pid: Int32 { state.withLockedValue { $0.pid } }

  /// For the spawned child, which registers its own group before it executes.
  var lifeline: Int32 { state.withLockedValue { $0.lifeline } }

  /// A group to kill. Programs that `Child.spawn` starts are registered already.
  package func register(group: Int32) throws(SystemError) {
    try tell(HEADRACE_ADD_GROUP, group: group)
  }

  /// The group is gone. Only then: until it is, the keeper must know it.
  package func unregister(group: Int32) { try? tell(HEADRACE_REMOVE_GROUP, group: group) }

  /// A folder to remove with all that is in it; register it before it is made. At most 64, with an
  /// absolute path of at most 1024 bytes.
  package func register(folder: String) throws(SystemError) {
    try tell(HEADRACE_ADD_FOLDER, folder: folder)
  }

  package func unregister(folder: String) { try? tell(HEADRACE_REMOVE_FOLDER, folder: folder) }

  /// Ends the keeper as the end of this process would, and waits until it is done. Blocks.
  package func shutDown() {
    let pid = state.withLockedValue { state in
      if state.lifeline >= 0 { close(state.lifeline) }
      state.lifeline = -1
      return state.pid
    }
    guard pid > 0 else { return }
    // ECHILD: an orphan reaper was faster.
    while waitpid(pid, nil, 0) < 0 && errno == EINTR {}
  }

  private func tell(_ kind: Int, group: Int32 = 0, folder: String? = nil) throws(SystemError) {
    // Under the lock, so that the descriptor cannot be closed, and its number given to another
    // file, in the meantime. The keeper reads at once; a message is below PIPE_BUF.
    let result = state.withLockedValue { state in
      state.lifeline < 0
        ? -EPIPE : headrace_keeper_tell(state.lifeline, Int32(kind), group, folder)
    }
    guard result == 0 else {
      throw SystemError("the keeper process cannot be told", errno: -result)
    }
  }
}
