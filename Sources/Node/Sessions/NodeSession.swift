// One session of the node: its blueprint, its tasks, its end.

internal import GRPC
internal import MNP
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import Sessions

/// A session, reachable from every loop.
///
/// A lock guards the table of tasks; it is taken once for a call, never for a byte.
final class NodeSession: Sendable {
  let id: SessionID
  private let state: NIOLockedValueBox<State>
  private let onTaskEnd: @Sendable () -> Void

  private struct State: Sendable {
    var machine = SessionMachine()
    var tasks: TaskTable<TaskHandle>
    var blueprint: SessionBlueprint?
    /// Calls that wait until nothing of the session runs.
    var closing: [EventLoopPromise<Void>] = []
    /// Why it is quit.
    var closingReason = ""
  }

  /// - Parameter onTaskEnd: called after each task's end, from the task's home loop.
  init(
    id: SessionID, limits: TaskTable<TaskHandle>.Limits, onTaskEnd: @escaping @Sendable () -> Void
  ) {
    self.id = id
    self.onTaskEnd = onTaskEnd
    state = NIOLockedValueBox(State(tasks: TaskTable(limits: limits)))
  }

  /// - Returns: false when the session was quit while it initialised.
  func becomeReady(_ blueprint: SessionBlueprint) -> Bool {
    state.withLockedValue { state in
      state.blueprint = blueprint
      state.tasks.forbid(blueprint.endedTasks, now: NIODeadline.now().monotonicNanoseconds)
      return state.machine.becameReady()
    }
  }

  var liveTasks: Int { state.withLockedValue { $0.tasks.liveCount } }

  enum TaskLookup {
    case found(TaskHandle)
    /// Never heard of, and it was not to be created.
    case unknown
    case refused(GRPCStatus)
  }

  /// Finds a task, or creates it on this loop, which becomes its home.
  ///
  /// - Parameter create: makes the task; nil only looks. Called with the lock held.
  func task(
    _ id: String,
    create: ((SessionBlueprint, @escaping () -> Void) throws(GRPCStatus) -> TaskHandle)?
  ) -> TaskLookup {
    var isNew = false
    let lookup: TaskLookup = state.withLockedValue { state in
      switch state.tasks.lookUp(id) {
      case .known(let handle):
        return .found(handle)
      case .expired:
        return .refused(
          GRPCStatus(
            .failedPrecondition,
            "session \(self.id), task \(id): the task has ended and its status is gone"))
      case .unknown:
        guard let create else { return .unknown }
        if let refusal = state.machine.refusal {
          return .refused(
            GRPCStatus(.failedPrecondition, "session \(self.id): \(refusal)"))
        }
        guard let blueprint = state.blueprint else { return .unknown }
        do throws(GRPCStatus) {
          let handle = try create(blueprint) { [weak self] in self?.taskEnded(id) }
          guard state.tasks.insert(handle, id: id) else {
            handle.mailbox.post(.release)
            return .refused(
              GRPCStatus(
                .resourceExhausted, "session \(self.id) has as many running tasks as it may have"))
          }
          isNew = true
          return .found(handle)
        } catch {
          return .refused(error)
        }
      }
    }
    if isNew, case .found(let handle) = lookup { handle.start() }
    return lookup
  }

  private func taskEnded(_ id: String) {
    state.withLockedValue { $0.tasks.ended(id, now: NIODeadline.now().monotonicNanoseconds) }
    onTaskEnd()
    closeIfEmpty()
  }

  /// Drops tasks whose status is too old.
  func expire() {
    let now = NIODeadline.now().monotonicNanoseconds
    let released = state.withLockedValue { $0.tasks.expire(now: now) }
    for handle in released { handle.mailbox.post(.release) }
  }

  /// Cancels every task. `promise` succeeds when nothing of the session runs any more.
  func quit(reason: String, promise: EventLoopPromise<Void>) {
    let handles: [TaskHandle] = state.withLockedValue { state in
      state.closing.append(promise)
      guard state.machine.quit() else { return [] }
      state.closingReason = reason
      return state.tasks.all
    }
    for handle in handles { handle.mailbox.post(.cancel(reason: reason)) }
    closeIfEmpty()
  }

  private func closeIfEmpty() {
    let (waiting, handles, reason) = state.withLockedValue {
      state -> ([EventLoopPromise<Void>], [TaskHandle], String) in
      guard state.tasks.liveCount == 0, !state.closing.isEmpty else { return ([], [], "") }
      state.machine.closed()
      defer { state.closing = [] }
      return (state.closing, state.tasks.all, state.closingReason)
    }
    guard !waiting.isEmpty else { return }
    // Ended tasks may still hold output that nobody pulled; and a pull of such a task may have come
    // while the last operators were being stopped.
    for handle in handles {
      handle.mailbox.post(.cancel(reason: reason))
      handle.mailbox.post(.release)
    }
    for promise in waiting { promise.succeed() }
  }
}

extension NIODeadline {
  /// Nanoseconds of the monotonic clock that deadlines count in.
  var monotonicNanoseconds: UInt64 {
    UInt64(clamping: (self - .uptimeNanoseconds(0)).nanoseconds)
  }
}
