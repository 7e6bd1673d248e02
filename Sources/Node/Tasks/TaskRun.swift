// One running task: performs what its machine decides, on the task's home loop.

internal import Client
internal import GRPC
internal import Logging
internal import MNP
internal import NIOCore
internal import Operators
internal import Sessions

/// A task, its operator and the far ends of its ports.
///
/// The home loop is that of the connection that created the task; operator pipes and forwards live
/// there too. Calls on other loops reach it through ``TaskHandle``'s mailbox. The machine decides,
/// this class does: it holds no state that the machine could hold.
final class TaskRun {
  private let loop: any EventLoop
  private let place: Place
  private let logger: Logger
  private let onEnd: () -> Void
  private var machine: TaskMachine
  private var `operator`: (any Operator)?
  private var inputs: [InputEnd]
  private var outputs: [OutputEnd]
  private let inputDeadline: TimeAmount
  private let resumeTime: TimeAmount
  private let secrets: Secrets
  private var openDeadline: Scheduled<Void>?
  private var progress: ProgressWatch?
  private var progressCheck: Scheduled<Void>?

  /// The near end of an input: which push feeds it.
  private struct InputEnd {
    var pusher: Pusher?
    var credit = InputCredit()
    /// Of what has arrived, where the pusher says at its end what it has sent.
    var checksum: RunningChecksum?
    /// Runs while the pusher's connection is lost.
    var absence: Scheduled<Void>?
    /// How the connection of a push that may come back was lost.
    var loss = ""
  }

  /// The near end of an output: who takes what the operator writes.
  private struct OutputEnd {
    enum Reader {
      case none
      case pull(Puller)
      case forward(Forwarder)
    }

    var reader = Reader.none
    var pace = OutputPace()
  }

  struct Settings {
    var place: Place
    var blueprint: SessionBlueprint
    /// How long inputs may stay unopened.
    var inputDeadline: TimeAmount
    /// How long nothing may move; nil: for ever.
    var progressDeadline: TimeAmount?
    /// How long a push may be without a connection.
    var resumeTime: TimeAmount
    var logger: Logger
  }

  init(
    _ settings: Settings, loop: any EventLoop, operator: any Operator,
    forwarders: [Int: Forwarder], onEnd: @escaping () -> Void
  ) {
    self.loop = loop
    self.place = settings.place
    self.onEnd = onEnd
    self.operator = `operator`
    let ports = settings.blueprint
    machine = TaskMachine(
      inputNames: ports.inputs.map(\.name),
      outputs: ports.outputs.map { ($0.name, $0.destination != nil) },
      failsOnEarlyEnd: ports.failsOnEarlyEnd)
    inputs = ports.inputs.map { _ in InputEnd() }
    outputs = ports.outputs.indices.map { index in
      OutputEnd(reader: forwarders[index].map { .forward($0) } ?? .none)
    }
    var logger = settings.logger
    logger[metadataKey: "session"] = "\(settings.place.session)"
    logger[metadataKey: "task"] = "\(settings.place.task)"
    self.logger = logger
    inputDeadline = settings.inputDeadline
    resumeTime = settings.resumeTime
    secrets = ports.secrets
    `operator`.delegate = self
    if !inputs.isEmpty { scheduleOpenDeadline() }
    if let limit = settings.progressDeadline {
      progress = ProgressWatch(limit: limit, now: loop.now, snapshot)
      scheduleProgressCheck()
    }
  }

  func start() {
    logger.debug("task created")
    perform(machine.start())
  }

  func receive(_ message: TaskMessage) {
    switch message {
    case .push(let input, let pusher, let event): push(event, input: input, from: pusher)
    case .pull(let output, let puller, let event): pull(event, output: output, by: puller)
    case .query(let look, let answer): query(look: look, answer)
    case .cancel(let reason): perform(machine.cancel(TaskFailure(.cancelled, reason)))
    case .release: perform(machine.release())
    }
  }

  private func query(look: Bool, _ answer: @escaping (TaskSnapshot) -> Void) {
    guard look, let target = `operator` else { return answer(snapshot) }
    target.lookWhetherStill { [self] isStill in
      var found = snapshot
      found.isStill = isStill
      answer(found)
    }
  }

  private var snapshot: TaskSnapshot {
    TaskSnapshot(
      status: machine.status, place: place, heldAtInputs: inputs.map { Int64($0.credit.untaken) },
      // A forward's queue is the transport's; that it is full is all that is known here.
      heldAtOutputs: outputs.map { Int64(max($0.pace.outstanding, $0.pace.isPaused ? 1 : 0)) },
      checksums: inputs.map { $0.checksum?.sum })
  }

  private func scheduleOpenDeadline() {
    openDeadline?.cancel()
    openDeadline = loop.assumeIsolated().scheduleTask(in: inputDeadline) { [weak self] in
      guard let self, let port = machine.unopenedInputs.first else { return }
      let seconds = Double(inputDeadline.nanoseconds / 1_000_000) / 1000
      let waited = "nobody pushed to it within \(seconds) s"
      perform(machine.cancel(TaskFailure(.timeout, waited, port: port, offset: 0)))
    }
  }

  private func scheduleProgressCheck() {
    guard let progress else { return }
    progressCheck = loop.assumeIsolated().scheduleTask(in: progress.interval) { [weak self] in
      guard let self, !machine.hasEnded else { return }
      if let failure = self.progress?.look(snapshot, now: loop.now) {
        perform(machine.cancel(failure))
      } else {
        scheduleProgressCheck()
      }
    }
  }

  private func letGo() {
    openDeadline?.cancel()
    progressCheck?.cancel()
    for input in inputs.indices { inputs[input].absence?.cancel() }
    `operator`?.cancel()
    `operator` = nil
  }

  // MARK: Pushes

  private func push(_ event: PushEvent, input: Int, from pusher: Pusher) {
    if case .open(let header, let features, let resume) = event {
      do throws(TaskRefusal) {
        if let resume, let base = resume.base {
          try goOn(input, from: pusher, features, header, resume, base: base)
        } else {
          try machine.openPush(
            input: input, awaiting: features.contains(.await), token: resume?.token)
          inputs[input].pusher = pusher
          inputs[input].checksum = features.contains(.crc) ? RunningChecksum(of: header) : nil
        }
      } catch {
        pusher.post(.answer(error.grpcStatus(at: place)))
      }
      return
    }
    // A refused push may have sent more before it heard of that.
    guard inputs.indices.contains(input), inputs[input].pusher === pusher else { return }
    switch event {
    case .open: break
    case .bytes(let bytes):
      inputs[input].checksum?.add(bytes)
      if machine.pushReceived(bytes.readableBytes, input: input), let target = `operator` {
        inputs[input].credit.gave(bytes.readableBytes)
        target.write(bytes, input: input)
      } else {
        pusher.post(.credit(bytes.readableBytes))
      }
    case .messages(let count):
      machine.pushReceivedMessages(count, input: input)
    case .done(let sent):
      if let difference = inputs[input].checksum?.sum.difference(from: sent) {
        perform(machine.pushCorrupted(input: input, difference: difference))
      } else {
        perform(machine.pushDone(input: input))
      }
    case .interrupted(let reason):
      inputs[input].pusher = nil
      inputs[input].loss = reason
      perform(machine.pushInterrupted(input: input, reason: reason))
    case .lost(let reason):
      inputs[input].pusher = nil
      perform(machine.pushLost(input: input, reason: reason))
      // A push that went away before its first byte may be repeated, but not for ever.
      if !machine.hasEnded, !machine.unopenedInputs.isEmpty { scheduleOpenDeadline() }
    }
  }

  /// A push is back, on another connection: its old one, should it still be there, counts no more.
  private func goOn(
    _ input: Int, from pusher: Pusher, _ features: Features, _ header: PushHeader,
    _ resume: ResumeRequest, base: Int64
  ) throws(TaskRefusal) {
    let (received, actions) = try machine.continuePush(
      input: input, awaiting: features.contains(.await), token: resume.token, base: base,
      attempt: resume.attempt)
    inputs[input].absence?.cancel()
    inputs[input].absence = nil
    inputs[input].pusher?.post(
      .answer(GRPCStatus(.aborted, "the push goes on over another connection")))
    inputs[input].pusher = pusher
    inputs[input].credit.changedConnection()
    if received == 0, features.contains(.crc) {
      inputs[input].checksum = RunningChecksum(of: header)
    }
    logger.notice("the push to input \(input) is back and goes on at byte \(received)")
    pusher.post(.resumed(from: received))
    perform(actions)
  }

  /// Its connection is lost, and it may come back.
  private func awaitPusher(_ input: Int) {
    let seconds = Double(resumeTime.nanoseconds / 1_000_000) / 1000
    logger.notice(
      "the push to input \(input) lost its connection; it has \(seconds) s to come back")
    inputs[input].absence?.cancel()
    inputs[input].absence = loop.assumeIsolated().scheduleTask(in: resumeTime) { [weak self] in
      guard let self else { return }
      let absence = "and its sender was not back within \(seconds) s (--resume-time)"
      perform(machine.pushLost(input: input, reason: "\(inputs[input].loss), \(absence)"))
    }
  }

  // MARK: Pulls

  private func pull(_ event: PullEvent, output: Int, by puller: Puller) {
    if case .open = event {
      do throws(TaskRefusal) {
        let actions = try machine.openPull(output: output)
        outputs[output].reader = .pull(puller)
        perform(actions)
        `operator`?.setReading(true, output: output)
      } catch {
        puller.post(.fail(error.grpcStatus(at: place)))
      }
      return
    }
    guard outputs.indices.contains(output), case .pull(let current) = outputs[output].reader,
      current === puller
    else { return }
    switch event {
    case .open: break
    case .credit(let bytes):
      if outputs[output].pace.took(bytes) { `operator`?.setReading(true, output: output) }
    case .delivered:
      perform(machine.delivered(output: output))
    case .lost(let reason):
      outputs[output] = OutputEnd()
      `operator`?.setReading(false, output: output)
      perform(machine.pullLost(output: output, reason: reason))
    }
  }

  private func pause(_ output: Int) {
    outputs[output].pace.pause()
    `operator`?.setReading(false, output: output)
  }

  // MARK: Acting

  private func perform(_ actions: [TaskAction]) {
    for action in actions { perform(action) }
  }

  private func perform(_ action: TaskAction) {
    switch action {
    case .startOperator:
      `operator`?.start()
    case .cancelOperator:
      `operator`?.cancel()
    case .openForward(let output):
      openForward(output)
    case .endInput(let input):
      `operator`?.end(input: input)
    case .answerPush(let input, let failure):
      inputs[input].pusher?.post(.answer(failure.map { told(of: $0, input: input) } ?? .ok))
      inputs[input].pusher = nil
    case .awaitPusher(let input):
      awaitPusher(input)
    case .finishOutput(let output):
      switch outputs[output].reader {
      case .pull(let puller): puller.post(.done)
      case .forward(let forwarder): forwarder.finish()
      case .none: break
      }
    case .failOutput(let output, let failure):
      switch outputs[output].reader {
      case .pull(let puller): puller.post(.fail(told(of: failure, output: output)))
      case .forward(let forwarder): forwarder.fail(failure.wireFailure(at: place))
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
    openDeadline?.cancel()
    progressCheck?.cancel()
    if let failure = machine.failure {
      logger.error("task failed: \(place.describe(failure))")
      // What undelivered outputs hold is of no use to anybody.
      letGo()
    } else {
      logger.debug("task finished")
    }
    onEnd()
  }

  private func openForward(_ output: Int) {
    guard case .forward(let forwarder) = outputs[output].reader else { return }
    forwarder.open { [weak self] event in
      guard let self else { return }
      switch event {
      case .writable:
        outputs[output].pace.goOn()
        `operator`?.setReading(true, output: output)
      case .answered:
        perform(machine.delivered(output: output))
      case .failed(let reason):
        perform(machine.forwardFailed(output: output, reason: reason))
      }
    }
  }

  // MARK: Words

  private func told(of failure: TaskFailure, input: Int) -> GRPCStatus {
    let port = machine.status.inputs[input]
    return failure.grpcStatus(at: place, port: port.label, offset: port.bytes)
  }

  private func told(of failure: TaskFailure, output: Int) -> GRPCStatus {
    let port = machine.status.outputs[output]
    return failure.grpcStatus(at: place, port: port.label, offset: port.bytes)
  }
}

extension TaskRun: OperatorDelegate {
  func operatorTook(_ bytes: Int, input: Int) {
    let credit = inputs[input].credit.took(bytes)
    if credit > 0 { inputs[input].pusher?.post(.credit(credit)) }
  }

  func operatorClosed(input: Int, unread: Int) {
    machine.operatorClosed(input: input, unread: unread)
  }

  func operatorWrote(_ bytes: ByteBuffer, output: Int) {
    let count = bytes.readableBytes
    switch outputs[output].reader {
    case .none:
      // The reader has just gone, and the task with it.
      break
    case .pull(let puller):
      machine.sent(count, output: output)
      outputs[output].pace.sent(count)
      // A pull on this loop gives its credit before `post` returns, unless its queue is full.
      puller.post(.bytes(bytes))
      if outputs[output].pace.isAhead(crosses: !puller.isOnCurrentLoop) { pause(output) }
    case .forward(let forwarder):
      machine.sent(count, output: output)
      if !forwarder.send(bytes) { pause(output) }
    }
  }

  func operatorDrained(output: Int) {
    perform(machine.drained(output: output))
  }

  func operatorLost(output: Int, reason: String) {
    perform(machine.outputLost(output, reason: reason))
  }

  func operatorLogged(_ line: String) {
    logger.notice("\(secrets.hidden(in: line))", metadata: ["stream": "stderr"])
  }

  func operatorExited(_ exit: OperatorExit) {
    let exit = secrets.hidden(in: exit)
    logger.debug("operator ended: \(exit.reason)")
    perform(machine.operatorExited(exit.failure))
  }
}
