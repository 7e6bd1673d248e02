// One running task: performs what the real machine decides.

internal import Sessions

/// Node's TaskRun, line by line, over the simulated calls and operator.
final class SimulatedTask: Checked, CustomStringConvertible {
  let id: String
  let blueprint: Blueprint
  private let node: SimulatedNode
  private let world: World
  private let onEnd: () -> Void
  private var machine: TaskMachine
  private(set) var `operator`: SimulatedOperator?
  private var inputs: [InputEnd]
  private var outputs: [OutputEnd]
  private var openDeadline: SimulatedTimer?
  private(set) var endedAt: Int64?
  var isTouched = false

  private struct InputEnd {
    var pusher: PushServer?
    var credit = InputCredit()
  }

  private struct OutputEnd {
    enum Reader {
      case none
      case pull(PullServer)
      case forward(Forward)
    }

    var reader = Reader.none
    var pace = OutputPace()
    var isDelivered = false
  }

  init(_ node: SimulatedNode, _ blueprint: Blueprint, id: String, onEnd: @escaping () -> Void) {
    self.node = node
    self.blueprint = blueprint
    self.id = id
    self.onEnd = onEnd
    world = node.world
    machine = TaskMachine(
      inputNames: Array(repeating: nil, count: blueprint.inputs),
      outputs: blueprint.destinations.map { (nil, $0 != nil) }, failsOnEarlyEnd: false)
    inputs = Array(repeating: InputEnd(), count: blueprint.inputs)
    outputs = blueprint.destinations.map { destination in
      OutputEnd(
        reader: destination.map { .forward(Forward(node, to: $0, task: id)) } ?? .none)
    }
    `operator` = SimulatedOperator(
      node, blueprint.program, blueprint.settings, inputs: blueprint.inputs,
      outputs: blueprint.destinations.count, task: self)
    if blueprint.inputs > 0 { scheduleOpenDeadline() }
  }

  var description: String { "task \(id) on \(node)" }
  var hasEnded: Bool { machine.hasEnded }
  var isOnLostNode: Bool { node.isGone }
  var isFinished: Bool { machine.hasEnded && machine.failure == nil }
  var failure: TaskFailure? { machine.failure }
  var received: Int64 { machine.status.inputs.reduce(0) { $0 + $1.bytes } }

  /// A reader takes what is left.
  var isRead: Bool {
    outputs.contains {
      if case .pull = $0.reader { !$0.isDelivered } else { false }
    }
  }
  var held: Int { `operator`?.held ?? 0 }

  func start() {
    world.tell("\(self): created")
    perform(machine.start())
  }

  func cancel(_ reason: String) {
    perform(machine.cancel(TaskFailure(.cancelled, reason)))
  }

  func release() {
    perform(machine.release())
  }

  private func scheduleOpenDeadline() {
    openDeadline?.cancel()
    openDeadline = SimulatedTimer(on: node, after: node.limits.inputDeadline) { [weak self] in
      guard let self, let port = machine.unopenedInputs.first else { return }
      perform(machine.cancel(TaskFailure(.timeout, "nobody pushed to it", port: port, offset: 0)))
    }
  }

  private func letGo() {
    if world.mutation != .forgetsTimer { openDeadline?.cancel() }
    `operator`?.cancel()
    `operator` = nil
  }

  // MARK: Pushes

  func openPush(_ input: Int, from pusher: PushServer, awaiting: Bool) {
    do throws(TaskRefusal) {
      try machine.openPush(input: input, awaiting: awaiting)
      world.tell("\(self): input \(input) is opened\(awaiting ? ", awaiting" : "")")
      inputs[input].pusher = pusher
    } catch {
      pusher.replied(CallStatus(error))
    }
  }

  /// A refused push may have sent more before it heard of that.
  private func isCurrent(_ pusher: PushServer, _ input: Int) -> Bool {
    inputs.indices.contains(input) && inputs[input].pusher === pusher
  }

  func pushed(_ chunk: Chunk, input: Int, from pusher: PushServer) {
    guard isCurrent(pusher, input) else { return }
    world.touch(self)
    if machine.pushReceived(chunk.count, input: input), let target = `operator` {
      inputs[input].credit.gave(chunk.count)
      target.write(chunk, input: input)
    } else {
      pusher.credit(chunk.count)
    }
    machine.pushReceivedMessages(1, input: input)
  }

  func pushDone(_ input: Int, from pusher: PushServer) {
    guard isCurrent(pusher, input) else { return }
    world.tell("\(self): done at input \(input)")
    perform(machine.pushDone(input: input))
  }

  func pushLost(_ input: Int, from pusher: PushServer, awaiting: Bool, _ reason: String) {
    guard isCurrent(pusher, input) else { return }
    world.tell("\(self): the push to input \(input) is lost: \(reason)")
    inputs[input].pusher = nil
    perform(machine.pushLost(input: input, reason: reason))
    world.require(
      !awaiting || machine.hasEnded || machine.failure != nil,
      "\(self) goes on, and the task before it has failed or is lost")
    if !machine.hasEnded, !machine.unopenedInputs.isEmpty { scheduleOpenDeadline() }
  }

  // MARK: Pulls

  func openPull(_ output: Int, by puller: PullServer) {
    do throws(TaskRefusal) {
      let actions = try machine.openPull(output: output)
      world.tell("\(self): output \(output) is pulled")
      outputs[output].reader = .pull(puller)
      perform(actions)
      `operator`?.setReading(true, output)
    } catch {
      puller.fail(CallStatus(error))
    }
  }

  private func isCurrent(_ puller: PullServer, _ output: Int) -> Bool {
    guard outputs.indices.contains(output), case .pull(let current) = outputs[output].reader
    else { return false }
    return current === puller
  }

  func pullTook(_ bytes: Int, output: Int, by puller: PullServer) {
    guard isCurrent(puller, output) else { return }
    world.touch(self)
    if outputs[output].pace.took(bytes) { `operator`?.setReading(true, output) }
  }

  func pullDelivered(_ output: Int, by puller: PullServer) {
    guard isCurrent(puller, output) else { return }
    outputs[output].isDelivered = true
    perform(machine.delivered(output: output))
  }

  func pullLost(_ output: Int, by puller: PullServer, _ reason: String) {
    guard isCurrent(puller, output) else { return }
    world.tell("\(self): the pull of output \(output) is lost: \(reason)")
    outputs[output] = OutputEnd()
    `operator`?.setReading(false, output)
    perform(machine.pullLost(output: output, reason: reason))
  }

  private func pause(_ output: Int) {
    if world.mutation == .ignoresFullQueue { return }
    outputs[output].pace.pause()
    `operator`?.setReading(false, output)
  }

  // MARK: Acting

  private func perform(_ actions: [TaskAction]) {
    world.touch(self)
    for action in actions { perform(action) }
  }

  private func perform(_ action: TaskAction) {
    switch action {
    case .startOperator:
      world.census.started(self, world)
      `operator`?.start()
    case .cancelOperator:
      `operator`?.cancel()
    case .openForward(let output):
      openForward(output)
    case .endInput(let input):
      requireWhole(input)
      `operator`?.end(input)
    case .answerPush(let input, let failure):
      inputs[input].pusher?.replied(failure.map { .failed($0.message) } ?? .ok)
      inputs[input].pusher = nil
    case .awaitPusher(let input):
      // Pushes of the model do not come back, and do not say that they will.
      world.require(false, "\(self) waits for the push of input \(input) to come back")
    case .finishOutput(let output):
      world.tell("\(self): output \(output) is whole")
      switch outputs[output].reader {
      case .pull(let puller): puller.done()
      case .forward(let forward): forward.finish()
      case .none: break
      }
    case .failOutput(let output, let failure):
      switch outputs[output].reader {
      case .pull(let puller): puller.fail(.failed(failure.message))
      case .forward(let forward): forward.fail(failure.message)
      case .none: break
      }
      outputs[output].reader = .none
    case .ended:
      ended()
    case .letGo:
      letGo()
    }
  }

  private func ended() {
    world.require(endedAt == nil, "\(self) ended twice")
    endedAt = world.now
    world.require(`operator`?.isRunning != true, "\(self) has ended, and its operator runs")
    if world.mutation != .forgetsTimer { openDeadline?.cancel() }
    if let failure = machine.failure {
      world.tell("\(self): failed: \(failure.message)")
      letGo()
    } else {
      world.tell("\(self): finished")
      requireFinished()
    }
    if world.mutation != .keepsTask || world.dice.chance(3, of: 4) { onEnd() }
  }

  private func openForward(_ output: Int) {
    guard case .forward(let forward) = outputs[output].reader else { return }
    forward.open { [weak self] event in
      guard let self else { return }
      switch event {
      case .writable:
        outputs[output].pace.goOn()
        `operator`?.setReading(true, output)
      case .answered:
        world.census.requireFinished(forward.destination, task: id, world)
        perform(machine.delivered(output: output))
      case .failed(let reason):
        world.tell("\(self): the forward to \(forward.destination) failed: \(reason)")
        if world.mutation == .swallowsForwardFailure { return }
        perform(machine.forwardFailed(output: output, reason: reason))
      }
    }
  }

  // MARK: From the operator

  func operatorTook(_ bytes: Int, input: Int) {
    world.touch(self)
    let credit = inputs[input].credit.took(bytes)
    inputs[input].pusher?.credit(credit)
  }

  func operatorClosed(input: Int, unread: Int) {
    machine.operatorClosed(input: input, unread: unread)
  }

  func operatorWrote(_ chunk: Chunk, output: Int) {
    world.touch(self)
    switch outputs[output].reader {
    case .none:
      break
    case .pull(let puller):
      machine.sent(chunk.count, output: output)
      outputs[output].pace.sent(chunk.count)
      puller.send(chunk)
      if outputs[output].pace.isAhead(crosses: !puller.isOnHomeLoop) { pause(output) }
    case .forward(let forward):
      machine.sent(chunk.count, output: output)
      if !forward.send(chunk) { pause(output) }
    }
  }

  func operatorDrained(output: Int) {
    perform(machine.drained(output: output))
  }

  func operatorExited(_ failure: String?) {
    perform(machine.operatorExited(failure.map { TaskFailure(.operatorFailed, $0) }))
  }

  // MARK: Invariants

  func untaken(of pusher: PushServer) -> Int {
    guard isCurrent(pusher, pusher.input) else { return 0 }
    return inputs[pusher.input].credit.untaken
  }

  /// An end is an end: it comes after the last byte that the sources have.
  private func requireWhole(_ input: Int) {
    let bytes = machine.status.inputs[input].bytes
    world.require(
      bytes == blueprint.expectedInputs[input],
      "\(self): input \(input) ends after \(bytes) of \(blueprint.expectedInputs[input]) bytes")
  }

  private func requireFinished() {
    let status = machine.status
    for (index, port) in status.inputs.enumerated() {
      let read = `operator`?.bytesRead(index) ?? 0
      world.require(
        port.bytes == read + port.unread,
        "\(self): of \(port.bytes) bytes of \(port.label) \(read) were read, and \(port.unread) not"
      )
      guard blueprint.program.readsAll else { continue }
      world.require(port.isDone, "\(self) finished before the end of \(port.label)")
      requireWhole(index)
    }
    for (port, destination) in zip(status.outputs, blueprint.destinations) {
      guard let destination else { continue }
      world.require(
        port.bytes == blueprint.expectedOutput,
        "\(self) finished with \(port.bytes) of \(blueprint.expectedOutput) bytes forwarded")
      world.census.requireFinished(destination, task: id, world)
    }
  }

  func check() {
    for (index, end) in outputs.enumerated() {
      world.require(
        end.pace.outstanding >= 0
          && end.pace.outstanding <= OutputPace.crossingWindow + DataSender.largestWrite,
        "\(self): \(end.pace.outstanding) bytes on their way from output \(index)")
    }
    for (index, end) in inputs.enumerated() {
      guard let target = `operator` else { continue }
      world.require(
        end.credit.untaken == target.queued(index),
        "\(self): \(end.credit.untaken) bytes of input \(index) not taken, and \(target.queued(index)) there"
      )
    }
  }
}

extension CallStatus {
  init(_ refusal: TaskRefusal) {
    self =
      switch refusal {
      case .noSuchPort(let text), .taken(let text): .refused(text)
      case .failed(let failure): .failed(failure.message)
      }
  }
}
