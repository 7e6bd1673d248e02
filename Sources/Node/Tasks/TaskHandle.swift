// A task as the rest of the node holds it: an address on its home loop.

internal import NIOCore

/// Reaches a task from any loop.
final class TaskHandle: Sendable {
  private let run: NIOLoopBound<TaskRun>
  let mailbox: Mailbox<TaskMessage>

  /// On the task's home loop.
  init(_ run: TaskRun, home: any EventLoop) {
    self.run = NIOLoopBound(run, eventLoop: home)
    mailbox = Mailbox(on: home) { [run] in run.receive($0) }
  }

  /// On the home loop, once, right after it was made known.
  func start() {
    run.value.start()
  }
}
