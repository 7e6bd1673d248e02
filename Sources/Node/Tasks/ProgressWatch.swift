// Whether anything still moves in a task, and whom it waits for when nothing does.

internal import NIOCore
internal import Sessions

/// Looks at a task's ports from time to time; for tasks whose progress is watched.
///
/// A value with an injected clock. What counts as progress is a byte that arrives, that the operator
/// takes or writes, or that a reader takes: any change of what the ports have moved or hold.
struct ProgressWatch {
  let limit: TimeAmount
  private var last: TaskSnapshot.Movement
  private var since: NIODeadline

  init(limit: TimeAmount, now: NIODeadline, _ snapshot: TaskSnapshot) {
    self.limit = limit
    last = snapshot.movement
    since = now
  }

  /// When to look again.
  var interval: TimeAmount { .nanoseconds(max(limit.nanoseconds / 4, 1_000_000)) }

  /// - Returns: the failure of a task in which nothing has moved for `limit`.
  mutating func look(_ snapshot: TaskSnapshot, now: NIODeadline) -> TaskFailure? {
    let movement = snapshot.movement
    guard movement == last else {
      last = movement
      since = now
      return nil
    }
    guard now - since >= limit else { return nil }
    let seconds = Double(limit.nanoseconds / 1_000_000) / 1000
    let (waited, port) = snapshot.waitsFor
    return TaskFailure(
      .timeout, "no byte has moved for \(seconds) s: it waits for \(waited)", port: port?.label,
      offset: port?.bytes)
  }
}

extension TaskSnapshot {
  struct Movement: Equatable {
    fileprivate var bytes: [Int64]
    fileprivate var ends: [Bool]
  }

  fileprivate var movement: Movement {
    let ports = status.inputs + status.outputs
    return Movement(
      bytes: ports.map(\.bytes) + heldAtInputs + heldAtOutputs, ends: ports.map(\.isDone))
  }

  /// Whom nothing moves for: readers first, since a full output holds up all that is before it.
  fileprivate var waitsFor: (String, TaskStatus.Port?) {
    for (port, held) in zip(status.outputs, heldAtOutputs) where held > 0 {
      return ("the reader of \(port.label), which takes nothing", port)
    }
    for (port, held) in zip(status.inputs, heldAtInputs) where held > 0 {
      return ("the operator, which does not read \(port.label)", port)
    }
    for port in status.inputs where !port.isDone {
      return ("the pusher of \(port.label), which sends nothing and no end", port)
    }
    for port in status.outputs where port.isDone {
      return ("the end of the task behind \(port.label)", port)
    }
    return ("the operator, which writes nothing and does not end", nil)
  }
}
