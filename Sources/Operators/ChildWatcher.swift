// Hears of the end of every child that we started, on one thread for all of them.

internal import CSpawn
internal import Glibc
internal import NIOConcurrencyHelpers

/// Starts children and reaps them.
///
/// One thread waits on all pidfds with epoll: a pidfd belongs to one child, so no other code's
/// children are touched, as a SIGCHLD handler or a general wait would, and no thread is spent for
/// each child. Where the kernel gives no pidfd (before 5.3, or in some sandboxes) the same thread
/// looks at those children every 10 ms.
package final class ChildWatcher: Sendable {
  package static let shared = ChildWatcher()

  private struct Entry {
    var pidfd: Int32
    var onEnd: @Sendable (ChildEnd) -> Void
  }

  private struct State {
    var children: [Int32: Entry] = [:]
    /// Children without a pidfd, which have to be looked at.
    var unpollable: Set<Int32> = []
    var poller: Int32 = -1
    var wakeUp: Descriptor?
  }

  private let state = NIOLockedValueBox(State())
  /// Held from before a child exists until it is in the table, so that an orphan reaper can tell a
  /// child of ours from an orphan. Not `state`'s lock: executing may take long.
  private let spawning = NIOLock()
  private static let wakeUpKey: Int32 = -1

  private let usesPidfds: Bool

  /// `usesPidfds: false` is for testing what happens on kernels that have none.
  package init(usesPidfds: Bool = true) { self.usesPidfds = usesPidfds }

  /// Starts a child. `onEnd` is called once, on the watcher's thread, after the leader has exited,
  /// the rest of its group has got SIGTERM, and the leader is reaped. Blocks until it has executed.
  package func spawn(
    _ request: ChildRequest, keeper: Keeper, onEnd: @escaping @Sendable (ChildEnd) -> Void
  ) throws(OperatorFailure) -> Int32 {
    do throws(SystemError) { try startThread() } catch { throw OperatorFailure(error) }
    spawning.lock()
    defer { spawning.unlock() }
    var child = try request.spawn(keeper: keeper)
    if !usesPidfds, child.pidfd >= 0 {
      close(child.pidfd)
      child.pidfd = -1
    }
    return watch(child, onEnd)
  }

  private func watch(_ child: SpawnedChild, _ onEnd: @escaping @Sendable (ChildEnd) -> Void)
    -> Int32
  {
    state.withLockedValue { state in
      state.children[child.pid] = Entry(pidfd: child.pidfd, onEnd: onEnd)
      let watched =
        child.pidfd >= 0 && headrace_poller_add(state.poller, child.pidfd, child.pid) == 0
      guard !watched else { return }
      state.unpollable.insert(child.pid)
      wake(state)
    }
    return child.pid
  }

  /// Signals the group of a child that has not been reaped: until then its number is its own.
  /// False when it has been; then its group has got SIGTERM already.
  @discardableResult
  package func signal(group: Int32, _ signal: Int32) -> Bool {
    state.withLockedValue { state in
      guard state.children[group] != nil else { return false }
      _ = headrace_signal_group(group, signal)
      // A stopped program cannot end until it goes on.
      if signal == SIGTERM { _ = headrace_signal_group(group, SIGCONT) }
      return true
    }
  }

  /// Whether the ended child is one of ours, in which case its end has been reported.
  func finish(_ pid: Int32) -> Bool {
    var code: Int32 = 0
    var signal: Int32 = 0
    let ended: (Entry, ChildEnd)? = state.withLockedValue { state in
      guard let entry = state.children[pid] else { return nil }
      let ended = headrace_child_state(pid, 0, &code, &signal)
      guard ended != 0 else { return nil }
      if ended > 0 {
        // While the leader is a zombie its group's number cannot be anyone else's.
        _ = headrace_signal_group(pid, SIGTERM)
        _ = headrace_signal_group(pid, SIGCONT)
        _ = headrace_child_state(pid, 1, &code, &signal)
      }
      let end = ended < 0 ? ChildEnd.lost : signal != 0 ? .signaled(signal) : .exited(code)
      state.children[pid] = nil
      state.unpollable.remove(pid)
      if entry.pidfd >= 0 {
        _ = headrace_poller_remove(state.poller, entry.pidfd)
        close(entry.pidfd)
      }
      return (entry, end)
    }
    guard let (entry, end) = ended else { return false }
    entry.onEnd(end)
    return true
  }

  /// Whether the child is in the table; waits for one that is being started just now.
  func knows(_ pid: Int32) -> Bool {
    spawning.withLock { state.withLockedValue { $0.children[pid] != nil } }
  }

  private func wake(_ state: State) {
    guard let wakeUp = state.wakeUp else { return }
    var byte: UInt8 = 0
    _ = write(wakeUp.number, &byte, 1)
  }

  private func startThread() throws(SystemError) {
    let failure: SystemError? = state.withLockedValue { state in
      guard state.poller < 0 else { return nil }
      do throws(SystemError) {
        let ends = try PipeEnds()
        let poller = headrace_poller_create()
        guard poller >= 0 else { throw SystemError("cannot watch children", errno: -poller) }
        _ = headrace_poller_add(poller, ends.readEnd.number, Self.wakeUpKey)
        ends.writeEnd.setNonBlocking()
        headrace_expect_children()
        let readEnd = ends.readEnd.release()
        let started = startDetachedThread { [self] in watch(poller: poller, wakeUp: readEnd) }
        guard started == 0 else {
          close(poller)
          close(readEnd)
          throw SystemError("cannot start a thread", errno: started)
        }
        state.poller = poller
        state.wakeUp = ends.writeEnd
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  private func watch(poller: Int32, wakeUp: Int32) {
    var keys = [Int32](repeating: 0, count: 64)
    while true {
      let unpollable = state.withLockedValue { Array($0.unpollable) }
      let count = headrace_poller_wait(
        poller, &keys, Int32(keys.count), unpollable.isEmpty ? -1 : 10)
      for key in keys.prefix(Int(max(count, 0))) {
        if key == Self.wakeUpKey {
          var byte: UInt8 = 0
          _ = read(wakeUp, &byte, 1)
        } else {
          _ = finish(key)
        }
      }
      for pid in unpollable { _ = finish(pid) }
    }
  }
}
