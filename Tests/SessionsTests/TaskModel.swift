// A model of one task's machine: whoever drives it says only what a real node could say, in any
// order; the actions are performed on the model, which alone knows what the status must be. Whole
// networks are the simulator's (Tests/Simulator).

import Testing

@testable import Sessions

/// The calls around a task and its operator, as the model sees them.
final class TaskModel {
  struct Push {
    enum State { case none, open, waiting, over }
    var state = State.none
    var isAwaiting = false
    /// Under which it may come back after the loss of its connection.
    var token: String?
    var attempts = 0
    var isInterrupted = false
    /// It was answered, and may ask again.
    var isAnswered = false
    var isDone = false
    /// What arrived was not what was sent.
    var isCorrupt = false
    var received = 0
    var unread = 0
    var isClosedByOperator = false
  }

  struct Reader {
    enum State { case none, open, ended, over }
    let isForwarded: Bool
    var state = State.none
    var sent = 0
    var isDrained = false
    var isAnswered = false

    var isReading: Bool { state == .open || state == .ended }
  }

  var machine: TaskMachine
  let failsOnEarlyEnd: Bool
  var pushes: [Push]
  var readers: [Reader]
  var isStarted = false
  var isCancelled = false
  /// Whether the operator succeeded; nil as long as it has not exited.
  var exit: Bool?
  var hasFailed = false
  var hasFinished = false
  /// Late pulls were cut off, by a cancellation after the end.
  var isCutOff = false
  var isReleased = false
  var isLetGo = false
  var endings = 0
  /// What was said so far: a failure of the test prints it.
  private(set) var story: [String] = []
  private(set) var complaint: String?

  init(inputs: Int, forwards: [Bool], failsOnEarlyEnd: Bool) {
    self.failsOnEarlyEnd = failsOnEarlyEnd
    pushes = Array(repeating: Push(), count: inputs)
    readers = forwards.map { Reader(isForwarded: $0) }
    machine = TaskMachine(
      inputNames: Array(repeating: nil, count: inputs), outputs: forwards.map { (nil, $0) },
      failsOnEarlyEnd: failsOnEarlyEnd)
  }

  var isOver: Bool { hasFailed || hasFinished }

  func require(_ condition: Bool, _ what: String) {
    if !condition, complaint == nil {
      complaint = "\(what) after: \(story.joined(separator: "; "))"
    }
  }

  /// Says one thing to the machine and performs what it answers.
  func say(_ what: String, _ event: (inout TaskMachine) throws(TaskRefusal) -> [TaskAction])
    throws(TaskRefusal)
  {
    story.append(what)
    perform(try event(&machine))
    settle()
  }

  // MARK: The actions, each with its conditions

  private func perform(_ actions: [TaskAction]) {
    require(actions.firstIndex(of: .ended) ?? actions.count - 1 == actions.count - 1, "ended last")
    for action in actions {
      story.append("-> \(action.words)")
      require(endings == 0 || isAllowedAfterTheEnd(action), "\(action.words) after the end")
      perform(action)
    }
  }

  private func isAllowedAfterTheEnd(_ action: TaskAction) -> Bool {
    switch action {
    case .finishOutput, .answerPush(_, nil): !hasFailed
    // A push that goes on to its `done` behind a task that has finished.
    case .awaitPusher: !hasFailed
    case .answerPush(let input, .some): !hasFailed && pushes[input].isCorrupt
    case .failOutput: isCutOff
    case .letGo: isReleased
    default: false
    }
  }

  private func perform(_ action: TaskAction) {
    switch action {
    case .startOperator:
      require(!isStarted, "started once")
      isStarted = true
    case .cancelOperator:
      require(!isCancelled && hasFailed, "cancelled once, by a failure")
      isCancelled = true
    case .openForward(let output):
      require(readers[output].isForwarded && readers[output].state == .none, "forward opened once")
      readers[output].state = .open
    case .endInput(let input):
      require(pushes[input].isDone && !pushes[input].isClosedByOperator, "end of a whole input")
    case .answerPush(let input, nil):
      require(pushes[input].isDone, "OK after done alone")
      require(!pushes[input].isAwaiting || machine.hasEnded, "an awaiting push waits for the end")
      require(
        pushes[input].state != .over || pushes[input].token != nil,
        "a push answered once, and again when it is back")
      require(!hasFailed, "no OK from a failed task")
      pushes[input].state = .over
      pushes[input].isAnswered = true
    case .answerPush(let input, .some(let failure)):
      require([.open, .waiting].contains(pushes[input].state), "a push answered once")
      require(
        machine.failure == failure || (hasFinished && pushes[input].isCorrupt),
        "the failure is the task's, or that of a push that a finished task did not need")
      pushes[input].state = .over
    case .awaitPusher(let input):
      require(
        pushes[input].token != nil && [.open, .waiting].contains(pushes[input].state),
        "a push that may come back, and has a reason to")
      pushes[input].isInterrupted = true
    case .finishOutput(let output):
      require(exit == true && readers[output].isDrained, "done after success and drained")
      require(readers[output].state == .open && !hasFailed, "done once, to an open reader")
      readers[output].state = .ended
    case .failOutput(let output, let failure):
      require(readers[output].isReading, "a reader told once")
      require(machine.failure == (isCutOff ? nil : failure), "the task's failure")
      readers[output].state = .over
    case .letGo:
      require(isReleased && !readers.contains(where: \.isReading), "let go when nobody reads")
      isLetGo = true
    case .ended:
      endings += 1
      require(endings == 1, "ended once")
      require(!isStarted || exit != nil, "ended when nothing runs")
    }
  }

  /// The model's own verdict against the machine's.
  private func settle() {
    let holds = readers.contains {
      $0.isForwarded ? !$0.isAnswered : $0.isReading
    }
    if !isOver, exit == true, !holds { hasFinished = true }
    let state = machine.status.state
    if case .failed = state { require(hasFailed, "failed without a cause") }
    if state == .finished { require(hasFinished, "finished too early") }
    if state == .exists { require(!isOver, "the end was not seen") }
    require(machine.hasEnded == (endings == 1), "hasEnded is what was said")
    let mustHaveEnded = hasFinished || (hasFailed && (!isStarted || exit != nil))
    require(machine.hasEnded == mustHaveEnded, "ended at its time")
    if isReleased, hasFinished {
      require(isLetGo == !readers.contains(where: \.isReading), "let go as soon as nobody reads")
    }
    if hasFailed {
      require(
        !pushes.contains { [.open, .waiting].contains($0.state) }
          && !readers.contains(where: \.isReading),
        "a failure reaches every neighbour at once")
    }
    for (port, push) in zip(machine.status.inputs, pushes) {
      require(port.bytes == push.received && port.isDone == push.isDone, "what an input counts")
    }
    for (port, reader) in zip(machine.status.outputs, readers) {
      require(port.bytes == reader.sent, "what an output counts")
    }
  }
}
