// The life of one task, without bytes, processes or clocks: what happened goes in, what to do comes
// out.

/// One task of a session.
///
/// What an end means (docs/ends-and-failures.md) is decided here and nowhere else:
/// `done` leaves an output only after the operator has exited 0 and that output is drained; a push
/// that breaks off after its first byte fails the task; a failure reaches every neighbour at once.
///
/// A value without I/O: the owner calls one method for each thing that happened and performs the
/// returned actions in order. Methods for bytes return at once what to do with them and allocate
/// nothing. Not copyable, so that two owners cannot drive one task apart.
package struct TaskMachine: ~Copyable {
  private enum Phase: Equatable {
    case created
    case running
    /// The operator exited 0; outputs are still read, or forwards not yet answered.
    case delivering
    /// Failed, everybody is told; the operator is not gone yet.
    case stopping(TaskFailure)
    case finished
    case failed(TaskFailure)
  }

  private var phase = Phase.created
  private var inputs: [InputPort]
  private var outputs: [OutputPort]
  private let failsOnEarlyEnd: Bool
  /// Nobody may begin to read what is left: it goes as soon as nobody reads it.
  private var isReleased = false

  /// - Parameters:
  ///   - inputNames: a name for each input, nil where the session knows none.
  ///   - outputs: name of each output, and whether it has a destination.
  ///   - failsOnEarlyEnd: the operator file's `early_end: fail`.
  package init(
    inputNames: [String?], outputs: [(name: String?, isForwarded: Bool)], failsOnEarlyEnd: Bool
  ) {
    self.inputs = inputNames.enumerated().map { InputPort(label: PortLabel(.input, $0, name: $1)) }
    self.outputs = outputs.enumerated().map {
      OutputPort(label: PortLabel(.output, $0, name: $1.name), isForwarded: $1.isForwarded)
    }
    self.failsOnEarlyEnd = failsOnEarlyEnd
  }

  // MARK: Start and end

  /// Starts the operator and opens every forward, so that the tasks downstream warm up meanwhile.
  package mutating func start() -> [TaskAction] {
    guard case .created = phase else { return [] }
    phase = .running
    // The operator first: a forward that fails while it is opened cancels one that was started.
    var actions = [TaskAction.startOperator]
    for index in outputs.indices where outputs[index].isForwarded {
      _ = outputs[index].open()
      actions.append(.openForward(output: index))
    }
    return actions
  }

  /// The leader of the operator's process group is reaped and the rest of its group gone, or the
  /// builtin has ended.
  ///
  /// What it left unread must have been told before (``operatorClosed(input:unread:)``), since
  /// `early_end: fail` is judged here.
  ///
  /// - Parameter failure: nil when it exited 0.
  package mutating func operatorExited(_ failure: TaskFailure?) -> [TaskAction] {
    switch phase {
    case .created:
      // What was never started can fail, but not succeed.
      return failure.map { fail($0, operatorIsGone: true) } ?? []
    case .running:
      if let failure = failure ?? earlyEnd() {
        return fail(failure, operatorIsGone: true)
      }
      phase = .delivering
      for index in inputs.indices where !inputs[index].isClosedByOperator {
        inputs[index].closeByOperator(unread: 0)
      }
      var actions = [TaskAction]()
      for index in outputs.indices where outputs[index].finish() {
        actions.append(.finishOutput(index))
      }
      return actions + finishedIfAllIsDelivered()
    case .stopping(let failure):
      phase = .failed(failure)
      return [.ended]
    case .delivering, .finished, .failed:
      return []
    }
  }

  /// QuitSession, a drain that ran out, a deadline. Of a task that has finished it cuts off the
  /// pulls that came late and still read; what became of the task stays as it is.
  package mutating func cancel(_ failure: TaskFailure) -> [TaskAction] {
    guard phase == .finished else { return fail(failure, operatorIsGone: false) }
    return failOutputs(failure) + letGoIfUnread()
  }

  /// The task has ended, and its status has expired or its session is closed; or there was no room
  /// for it to begin with. What it holds goes, as soon as no pull reads it any more. A push that still sends goes on to its `done` and its
  /// answer: it needs nothing of the task but this machine.
  package mutating func release() -> [TaskAction] {
    guard phase == .finished || phase == .created, !isReleased else { return [] }
    isReleased = true
    return letGoIfUnread()
  }

  // MARK: Inputs

  /// A push names this task and port.
  ///
  /// - Parameters:
  ///   - awaiting: the pusher asked for the answer at the task's end (feature `await`).
  ///   - token: what the pusher will call itself should it come back (feature `resume`).
  package mutating func openPush(
    input index: Int, awaiting: Bool, token: String? = nil
  ) throws(TaskRefusal) {
    guard inputs.indices.contains(index) else {
      throw .outOfRange(.input, index, of: inputs.count)
    }
    if let failure { throw .failed(failure) }
    guard inputs[index].open(awaiting: awaiting, token: token) else {
      throw .taken("\(inputs[index].label) has, or had, a writer: one push writes a port, once")
    }
  }

  /// The connection of a push is lost, and not by the will of its sender. One that may come back is
  /// waited for; any other is lost with it.
  package mutating func pushInterrupted(input index: Int, reason: String) -> [TaskAction] {
    guard !hasFailed else { return [] }
    guard inputs[index].interrupt() else { return pushLost(input: index, reason: reason) }
    return [.awaitPusher(input: index)]
  }

  /// A pusher is there again and goes on from what has arrived, also where the loss of its connection was
  /// not noticed here: what the old one still delivers is the owner's to drop.
  ///
  /// - Parameters:
  ///   - base: the first byte that it still has. At 0 it may open the port: its first attempt may never
  ///     have come here.
  ///   - attempt: greater than that of every attempt before. One that comes late, on a connection that its
  ///     sender has given up, must not push the later one aside.
  /// - Returns: the payload bytes that have arrived, and what to do then.
  package mutating func continuePush(
    input index: Int, awaiting: Bool, token: String, base: Int64, attempt: Int
  ) throws(TaskRefusal) -> (received: Int64, actions: [TaskAction]) {
    guard inputs.indices.contains(index) else {
      throw .outOfRange(.input, index, of: inputs.count)
    }
    if let failure { throw .failed(failure) }
    let label = inputs[index].label
    switch inputs[index].continuation(token: token, attempt: attempt) {
    case .goesOn: break
    case .isAnswered: return (inputs[index].received, [.answerPush(input: index, nil)])
    case nil:
      guard base == 0, inputs[index].open(awaiting: awaiting, token: token, attempt: attempt)
      else {
        throw .taken("\(label) does not know the push that wants to go on at byte \(base)")
      }
    }
    return (inputs[index].received, [])
  }

  /// Inputs whose push has lost its connection and may come back.
  package var interruptedInputs: [PortLabel] { inputs.filter(\.isInterrupted).map(\.label) }

  /// - Returns: true when the operator is to get the bytes, false when they are counted and dropped.
  package mutating func pushReceived(_ bytes: Int, input index: Int) -> Bool {
    guard !hasFailed else { return false }
    return inputs[index].receive(bytes)
  }

  package mutating func pushReceivedMessages(_ count: Int, input index: Int) {
    guard !hasFailed else { return }
    inputs[index].receiveMessages(count)
  }

  /// `done` has arrived.
  package mutating func pushDone(input index: Int) -> [TaskAction] {
    guard !hasFailed, let awaiting = inputs[index].finish() else { return [] }
    var actions = [TaskAction]()
    if !inputs[index].isClosedByOperator { actions.append(.endInput(index)) }
    if !awaiting || phase == .finished {
      _ = inputs[index].answer(failed: false)
      actions.append(.answerPush(input: index, nil))
    }
    return actions
  }

  /// `done` has arrived, and what came before it is not what was sent: never an end. Of a task that
  /// has finished without it, its pusher alone is told.
  ///
  /// - Parameter difference: in words, with both sums.
  package mutating func pushCorrupted(input index: Int, difference: String) -> [TaskAction] {
    guard !hasFailed, inputs[index].corrupt(difference) else { return [] }
    let failure = TaskFailure(
      .input, difference, port: inputs[index].label, offset: inputs[index].received)
    guard phase == .finished else { return fail(failure, operatorIsGone: false) }
    _ = inputs[index].answer(failed: true)
    return [.answerPush(input: index, failure)]
  }

  /// The push was cancelled, reset, or its connection is gone, before it was answered.
  ///
  /// An awaiting push is the far end of a task upstream: that it goes away is that task's failure
  /// or its cancellation, and fails this one at any moment until it has ended, also before the
  /// first byte (an operator that exits 3 at once) and after `done` (the run was cancelled while
  /// its last operators still compute). Any other push may be repeated before its first byte.
  package mutating func pushLost(input index: Int, reason: String) -> [TaskAction] {
    let port = inputs[index]
    let what: String
    switch inputs[index].lose(reason) {
    case .harmless: return []
    case .cutShort:
      // The operator had all that it wanted: what breaks behind its success changes nothing.
      guard !operatorHasSucceeded else { return [] }
      what = "the push broke off before its end"
    case .awaiting:
      what = "the push broke off before its \(port.isDone ? "answer" : "end")"
    }
    return fail(
      TaskFailure(.input, "\(what): \(reason)", port: port.label, offset: port.received),
      operatorIsGone: false)
  }

  /// The operator reads no more of this input.
  ///
  /// - Parameter unread: bytes that it was given and did not read.
  package mutating func operatorClosed(input index: Int, unread: Int) {
    inputs[index].closeByOperator(unread: unread)
  }

  // MARK: Outputs

  /// A pull names this task and port.
  package mutating func openPull(output index: Int) throws(TaskRefusal) -> [TaskAction] {
    guard outputs.indices.contains(index) else {
      throw .outOfRange(.output, index, of: outputs.count)
    }
    if let failure { throw .failed(failure) }
    guard !outputs[index].isForwarded else {
      throw .forwarded(outputs[index].label)
    }
    guard !isReleased else {
      throw .taken("the task has ended and what \(outputs[index].label) had is kept no longer")
    }
    guard outputs[index].open() else {
      throw .taken("\(outputs[index].label) has, or had, a reader: one pull reads a port, once")
    }
    guard operatorHasSucceeded, outputs[index].finish() else { return [] }
    return [.finishOutput(index)]
  }

  /// Bytes of the operator were handed to the output's reader, as one message.
  package mutating func sent(_ bytes: Int, output index: Int) {
    outputs[index].send(bytes)
  }

  /// The operator has ended and everything it wrote here has been read.
  package mutating func drained(output index: Int) -> [TaskAction] {
    outputs[index].drain()
    guard operatorHasSucceeded, outputs[index].finish() else { return [] }
    return [.finishOutput(index)]
  }

  /// What the operator, which has exited 0, left at this output cannot be read whole.
  package mutating func outputLost(_ index: Int, reason: String) -> [TaskAction] {
    let failure = TaskFailure(
      .output, reason, port: outputs[index].label, offset: outputs[index].sent)
    guard phase == .finished else { return fail(failure, operatorIsGone: true) }
    // It has succeeded, and a pull came late: that alone fails.
    guard outputs[index].breakOff(reason) else { return [] }
    return [.failOutput(index, failure)] + letGoIfUnread()
  }

  /// The output's reader has all of it: the next node has answered the forward with OK, or the last
  /// byte of the pull, with its status, has left.
  package mutating func delivered(output index: Int) -> [TaskAction] {
    outputs[index].deliver()
    return finishedIfAllIsDelivered() + letGoIfUnread()
  }

  /// The pull was cancelled, or its connection is gone, before all of it had left.
  package mutating func pullLost(output index: Int, reason: String) -> [TaskAction] {
    let offset = outputs[index].sent
    guard outputs[index].lose(reason) else {
      // It may have been the last that kept a task whose operator has succeeded from its end.
      return finishedIfAllIsDelivered() + letGoIfUnread()
    }
    return fail(
      TaskFailure(
        .output, "the pull went away before the end: \(reason)", port: outputs[index].label,
        offset: offset),
      operatorIsGone: false) + letGoIfUnread()
  }

  /// The next node has refused the forward, or it broke.
  ///
  /// - Parameter reason: the status in words, with the destination.
  package mutating func forwardFailed(output index: Int, reason: String) -> [TaskAction] {
    let offset = outputs[index].sent
    guard outputs[index].lose(reason) else { return [] }
    return fail(
      TaskFailure(.forward, reason, port: outputs[index].label, offset: offset),
      operatorIsGone: false)
  }

  // MARK: What others ask

  /// Inputs that nobody has opened yet.
  package var unopenedInputs: [PortLabel] {
    inputs.filter { $0.writer == .none && !$0.isClosedByOperator }.map(\.label)
  }

  package var failure: TaskFailure? {
    switch phase {
    case .stopping(let failure), .failed(let failure): failure
    case .created, .running, .delivering, .finished: nil
    }
  }

  /// Nothing of the operator runs any more and the task's state is final.
  package var hasEnded: Bool {
    switch phase {
    case .finished, .failed: true
    case .created, .running, .delivering, .stopping: false
    }
  }

  package var status: TaskStatus {
    let state: TaskStatus.State =
      switch phase {
      case .created, .running, .delivering: .exists
      case .finished: .finished
      case .stopping(let failure), .failed(let failure): .failed(failure)
      }
    return TaskStatus(
      state: state,
      inputs: inputs.map {
        TaskStatus.Port(
          label: $0.label, messages: $0.messages, bytes: $0.received, unread: $0.unread,
          error: $0.error, isDone: $0.isDone)
      },
      outputs: outputs.map {
        TaskStatus.Port(
          label: $0.label, messages: $0.messages, bytes: $0.sent, unread: 0, error: $0.error,
          isDone: $0.reader == .delivered || $0.reader == .ended)
      })
  }

  // MARK: Inside

  private var hasFailed: Bool { failure != nil }

  private var operatorHasSucceeded: Bool { phase == .delivering || phase == .finished }

  private func earlyEnd() -> TaskFailure? {
    guard failsOnEarlyEnd, let input = inputs.first(where: { !$0.wasReadToItsEnd }) else {
      return nil
    }
    return TaskFailure(
      .operatorFailed,
      "the operator exited 0 before the end of its input, \(input.unread) bytes unread "
        + "(early_end: fail)",
      port: input.label, offset: input.received - input.unread, exitCode: 0)
  }

  private mutating func finishedIfAllIsDelivered() -> [TaskAction] {
    guard phase == .delivering, !outputs.contains(where: \.holdsTheTask) else { return [] }
    phase = .finished
    var actions = [TaskAction]()
    for index in inputs.indices where inputs[index].answer(failed: false) {
      actions.append(.answerPush(input: index, nil))
    }
    actions.append(.ended)
    return actions
  }

  /// Tells every reader.
  private mutating func failOutputs(_ failure: TaskFailure) -> [TaskAction] {
    var actions = [TaskAction]()
    for index in outputs.indices where outputs[index].fail() {
      actions.append(.failOutput(index, failure))
    }
    return actions
  }

  private func letGoIfUnread() -> [TaskAction] {
    isReleased && !outputs.contains(where: \.isBeingRead) ? [.letGo] : []
  }

  /// The first failure counts; what breaks after it is its consequence.
  private mutating func fail(_ failure: TaskFailure, operatorIsGone: Bool) -> [TaskAction] {
    let isGone: Bool
    switch phase {
    case .running: isGone = operatorIsGone
    // Before its start, and after its exit, there is no operator whose exit could be waited for.
    case .created, .delivering: isGone = true
    case .stopping, .finished, .failed: return []
    }
    phase = isGone ? .failed(failure) : .stopping(failure)
    var actions = failOutputs(failure)
    for index in inputs.indices where inputs[index].answer(failed: true) {
      actions.append(.answerPush(input: index, failure))
    }
    actions.append(.cancelOperator)
    if isGone { actions.append(.ended) }
    return actions
  }
}
