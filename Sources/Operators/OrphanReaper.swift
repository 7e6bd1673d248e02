// Takes away the zombies that a node inherits as PID 1 or as a sub-reaper.

internal import CSpawn
internal import Glibc
internal import Synchronization

/// Operators leave orphans: grandchildren whose parent has exited. They are handed to PID 1 or to the
/// nearest sub-reaper, and stay zombies, members of their process group, until that one reaps them.
///
/// Every child of this process that `ChildWatcher` did not start counts as an orphan. So this is for
/// the node's own executable, not for a process in which other code waits for children too.
package enum OrphanReaper {
  private static let started = Atomic<Bool>(false)

  /// Starts reaping when this process is one that gets orphans; with `becomeSubreaper` it makes
  /// itself one first. Returns whether it reaps. Never ends; further calls change nothing.
  @discardableResult
  package static func start(becomeSubreaper: Bool = false) -> Bool {
    if becomeSubreaper { _ = headrace_subreaper(1) }
    guard headrace_subreaper(0) == 1 else { return false }
    guard started.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    else { return true }
    return startDetachedThread(run) == 0
  }

  @Sendable private static func run() {
    let watcher = ChildWatcher.shared
    while true {
      let pid = headrace_any_ended_child()
      if pid < 0 {
        // No children, so no descendants who could become ours: the keeper is one while it lives.
        _ = poll(nil, 0, 1000)
      } else if !watcher.finish(pid), !watcher.knows(pid) {
        var code: Int32 = 0
        var signal: Int32 = 0
        _ = headrace_child_state(pid, 1, &code, &signal)
      }
    }
  }
}
