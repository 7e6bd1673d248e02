// Waits for the rest of a process group after its leader has exited, and kills it after the grace.

internal import CSpawn
internal import Glibc
internal import NIOCore
internal import NIOPosix

/// Sees a process group to its end. Confined to one event loop.
///
/// The leader is reaped and the group has got SIGTERM. A group has no descriptor to wait on, so the
/// kernel is asked, first at once, then ever more rarely: as a rule nothing is left at the first
/// question. The number cannot be another group's while a member lives; between its end and the next
/// question, at most 50 ms, a whole round of process numbers would have to be used up.
final class GroupEnding {
  private let group: Int32
  private let eventLoop: any EventLoop
  private let threadPool: NIOThreadPool
  private let killAt: NIODeadline
  private let gone: () -> Void
  private var killed = false
  private var pause = TimeAmount.milliseconds(1)
  private var questions = 0

  private static let longestPause = TimeAmount.milliseconds(50)

  init(
    group: Int32, killAt: NIODeadline, eventLoop: any EventLoop, threadPool: NIOThreadPool,
    gone: @escaping () -> Void
  ) {
    self.group = group
    self.killAt = killAt
    self.eventLoop = eventLoop
    self.threadPool = threadPool
    self.gone = gone
  }

  func start() { ask() }

  private func ask() {
    guard headrace_signal_group(group, 0) != -ESRCH else { return gone() }
    if !killed, NIODeadline.now() >= killAt {
      killed = true
      _ = headrace_signal_group(group, SIGKILL)
    }
    questions += 1
    if questions % 8 == 0 { askForTheLiving() } else { askLater() }
  }

  private func askLater() {
    // Not past the moment of the kill.
    let untilKill = killed ? Self.longestPause : killAt - .now()
    let next = max(.milliseconds(1), min(pause, untilKill))
    eventLoop.assumeIsolated().scheduleTask(in: next) { self.ask() }
    pause = min(pause + pause, Self.longestPause)
  }

  /// Zombies are members too, and stay for ever where PID 1 reaps nobody.
  private func askForTheLiving() {
    threadPool.runIfActive(eventLoop: eventLoop) { [group] in headrace_group_alive(group) }
      .assumeIsolated().whenComplete { result in
        if case .success(0) = result { self.gone() } else { self.askLater() }
      }
  }
}
