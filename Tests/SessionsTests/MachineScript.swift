// The events of a task as values, so that tables and random runs can drive a machine with them, and
// what came of each as one short line.

@testable import Sessions

/// Everything that can happen to a task with one input (0), an output that is pulled (0) and one
/// that is forwarded (1).
enum Event: String, CaseIterable {
  case start, exit0, exit3, cancel, release
  case push, pushAwaiting, bytes, message, done, corrupt, pushLost, closed
  case pushToken, interrupted, back, backAtStart, backAsAnother
  case pull, sent, drained, delivered, pullLost
  case sentForward, drainedForward, answered, refused
  case pushNowhere, pullNowhere, pullForwarded
}

/// A machine under a script, with what it does in short words.
///
/// The line is `actions -> status`. In the status, each port has its bytes, then `-n` for unread
/// bytes, `!` when its end has come or gone, `x` when it has an error.
struct Script: ~Copyable {
  var machine: TaskMachine
  private var attempts = 0

  init(failsOnEarlyEnd: Bool = false) {
    machine = TaskMachine(
      inputNames: ["years"], outputs: [(name: "map", isForwarded: false), (nil, true)],
      failsOnEarlyEnd: failsOnEarlyEnd)
  }

  init(_ events: [Event]) {
    self.init()
    for event in events { _ = apply(event) }
  }

  /// - Returns: the actions, or the refusal, in words; `-` when nothing is to be done.
  mutating func apply(_ event: Event) -> String {
    do throws(TaskRefusal) {
      return try words(for: event)
    } catch {
      return switch error {
      case .noSuchPort: "refused as no port"
      case .taken: "refused as taken"
      case .failed(let failure): "refused by \(failure.kind.rawValue)"
      }
    }
  }

  private mutating func back(_ token: String, base: Int64) throws(TaskRefusal) -> String {
    attempts += 1
    let (received, actions) = try machine.continuePush(
      input: 0, awaiting: true, token: token, base: base, attempt: attempts)
    return (["from \(received)"] + (actions.isEmpty ? [] : [words(actions)])).joined(
      separator: ", ")
  }

  private mutating func words(for event: Event) throws(TaskRefusal) -> String {
    switch event {
    case .start: return words(machine.start())
    case .exit0: return words(machine.operatorExited(nil))
    case .exit3: return words(machine.operatorExited(TaskFailure(.operatorFailed, "code 3")))
    case .cancel: return words(machine.cancel(TaskFailure(.cancelled, "quit")))
    case .release: return words(machine.release())
    case .push:
      try machine.openPush(input: 0, awaiting: false)
      return "-"
    case .pushAwaiting:
      try machine.openPush(input: 0, awaiting: true)
      return "-"
    case .pushToken:
      try machine.openPush(input: 0, awaiting: true, token: "a")
      return "-"
    case .interrupted: return words(machine.pushInterrupted(input: 0, reason: "reset"))
    case .back: return try back("a", base: 3)
    case .backAtStart: return try back("a", base: 0)
    case .backAsAnother: return try back("b", base: 3)
    case .pushNowhere:
      try machine.openPush(input: 1, awaiting: false)
      return "-"
    case .bytes: return machine.pushReceived(5, input: 0) ? "deliver" : "drop"
    case .message:
      machine.pushReceivedMessages(1, input: 0)
      return "-"
    case .done: return words(machine.pushDone(input: 0))
    case .corrupt: return words(machine.pushCorrupted(input: 0, difference: "other bytes"))
    case .pushLost: return words(machine.pushLost(input: 0, reason: "reset"))
    case .closed:
      machine.operatorClosed(input: 0, unread: 2)
      return "-"
    case .pull: return words(try machine.openPull(output: 0))
    case .pullForwarded: return words(try machine.openPull(output: 1))
    case .pullNowhere: return words(try machine.openPull(output: -1))
    case .sent:
      machine.sent(7, output: 0)
      return "-"
    case .sentForward:
      machine.sent(9, output: 1)
      return "-"
    case .drained: return words(machine.drained(output: 0))
    case .drainedForward: return words(machine.drained(output: 1))
    case .pullLost: return words(machine.pullLost(output: 0, reason: "gone"))
    case .delivered: return words(machine.delivered(output: 0))
    case .answered: return words(machine.delivered(output: 1))
    case .refused: return words(machine.forwardFailed(output: 1, reason: "no session"))
    }
  }

  private func words(_ actions: [TaskAction]) -> String {
    actions.isEmpty ? "-" : actions.map(\.words).joined(separator: ", ")
  }

  var status: String {
    let status = machine.status
    let state =
      switch status.state {
      case .exists: "exists"
      case .finished: "finished"
      case .failed(let failure): "failed by \(failure.kind.rawValue)"
      }
    let ports = zip(["in", "out", "fwd"], status.inputs + status.outputs).map { name, port in
      "\(name) \(port.bytes)" + (port.unread > 0 ? "-\(port.unread)" : "")
        + (port.isDone ? "!" : "") + (port.error != nil ? "x" : "")
    }
    return "\(state) " + ports.joined(separator: " ") + (machine.hasEnded ? " ended" : "")
  }
}

extension TaskAction {
  var words: String {
    switch self {
    case .startOperator: "start"
    case .cancelOperator: "cancel"
    case .openForward(let output): "forward \(output)"
    case .endInput(let input): "end \(input)"
    case .answerPush(let input, nil): "ok \(input)"
    case .answerPush(let input, .some): "fail push \(input)"
    case .awaitPusher(let input): "await \(input)"
    case .finishOutput(let output): "done \(output)"
    case .failOutput(let output, _): "fail output \(output)"
    case .ended: "ended"
    case .letGo: "let go"
    }
  }
}
