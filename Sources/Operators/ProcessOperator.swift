// An operator that is a program: its life from the first call to the last event.

internal import CSpawn
internal import Glibc
package import NIOCore
internal import NIOPosix

/// Runs a command in a process group of its own. Confined to its event loop.
///
/// Its life: prepare (folder, named pipes), receive inputs by file, launch, run, see the group to its
/// end, check and open outputs by file, remove the folder, report the exit; files that are open are
/// sent from there, whoever reads them, and whenever. What blocks happens on the thread pool. It keeps itself alive from `start()` until it has reported its exit.
///
/// The delegate is never called from within one of `Operator`'s calls. After `operatorExited` outputs
/// that are not drained can still be read; `cancel()`, or letting go of the operator, drops them.
package final class ProcessOperator: Operator {
  package weak var delegate: (any OperatorDelegate)?

  enum Phase {
    case idle
    case preparing
    /// Inputs by file are not whole yet.
    case receiving(Preparation)
    case launching(Preparation)
    case running(Preparation, group: Int32)
    /// The leader has exited.
    case ending(Preparation, ChildEnd)
    /// Nothing of the group is left; a look at its outputs, and the logs' ends, are still to come.
    case settling(Preparation, ChildEnd?)
    case removing
    case over
  }

  package let command: OperatorCommand
  let eventLoop: any EventLoop
  let resources: OperatorResources

  var phase = Phase.idle
  var inputs: [InputPort] = []
  var outputs: [OutputPort] = []
  var logs: [LogPipe] = []
  var tail = Tail()
  /// Why this cannot count as a success; the first reason stays.
  var failure: OperatorFailure?
  var cancelled = false
  /// When the group is killed, once that is settled.
  var killAt: NIODeadline?
  private var kill: Scheduled<Void>?
  /// The leader's end, when it was reported before the launch was.
  private var earlyEnd: ChildEnd?
  private var keepAlive: ProcessOperator?

  /// `eventLoop` must be a loop of `MultiThreadedEventLoopGroup`: pipes are NIO channels.
  package init(
    command: OperatorCommand, eventLoop: any EventLoop, resources: OperatorResources = .shared
  ) {
    self.command = command
    self.eventLoop = eventLoop
    self.resources = resources
    makePorts()
  }

  deinit { for output in outputs { output.discard() } }

  // MARK: Operator

  package func start() {
    eventLoop.preconditionInEventLoop()
    guard case .idle = phase else { return }
    keepAlive = self
    phase = .preparing
    let command = self.command
    let resources = self.resources
    resources.threadPool.runIfActive(eventLoop: eventLoop) {
      try command.validate()
      return try Preparation(command, resources: resources)
    }.assumeIsolated().whenComplete { result in
      switch result {
      case .success(let preparation): self.prepared(preparation)
      case .failure(let error): self.failedToStart(error, nil)
      }
    }
  }

  package func write(_ bytes: ByteBuffer, input: Int) { inputs[input].write(bytes) }

  package func end(input: Int) { inputs[input].end() }

  package func setReading(_ reading: Bool, output: Int) { outputs[output].setReading(reading) }

  package func cancel() {
    eventLoop.preconditionInEventLoop()
    if case .over = phase {
      eventLoop.assumeIsolated().execute { for output in self.outputs { output.discard() } }
      return
    }
    guard !cancelled else { return }
    cancelled = true
    // On a clean stack, like every call of the delegate's.
    eventLoop.assumeIsolated().execute { self.cancelNow() }
  }

  package func lookWhetherStill(_ answer: @escaping (Bool) -> Void) {
    switch phase {
    case .receiving:
      // It waits for inputs by file to be whole, and for nothing else.
      answer(true)
    case .running(_, let group):
      let pipes = inputs.compactMap(\.pipe) + outputs.compactMap(\.openPipe)
      resources.threadPool.runIfActive(eventLoop: eventLoop) {
        let ports = pipes.map { headrace_file_id(device: $0.device, inode: $0.inode) }
        return headrace_stands_still(group, ports, Int32(ports.count)) == 1
      }.assumeIsolated().whenComplete { answer((try? $0.get()) ?? false) }
    default:
      answer(false)
    }
  }

  // MARK: Start

  private func prepared(_ preparation: Preparation) {
    guard !cancelled else { return failedToStart(Self.cancelledEarly, preparation) }
    phase = .receiving(preparation)
    do {
      for (index, pipe) in preparation.outputPipes {
        try outputs[index].open(readEnd: pipe.readEnd, spare: pipe.spare)
      }
    } catch {
      return failedToStart(error, preparation)
    }
    for (index, file) in preparation.inputFiles { inputs[index].attach(file: file) }
    launchWhenReady()
  }

  func launchWhenReady() {
    guard case .receiving(let preparation) = phase, inputs.allSatisfy(\.isReady) else { return }
    phase = .launching(preparation)
    let command = self.command
    let resources = self.resources
    let eventLoop = self.eventLoop
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    resources.threadPool.runIfActive(eventLoop: eventLoop) {
      try Launch(command, preparation: preparation, resources: resources) { end in
        eventLoop.execute { bound.value.leaderEnded(end) }
      }
    }.assumeIsolated().whenComplete { result in
      switch result {
      case .success(let launch): self.launched(launch, preparation)
      case .failure(let error): self.failedToStart(error, preparation)
      }
    }
  }

  private func launched(_ launch: Launch, _ preparation: Preparation) {
    phase = .running(preparation, group: launch.group)
    do throws(SystemError) {
      // First the log: what goes wrong with the others may be explained there.
      try openLog(launch.standardError, keepsTail: true)
      if let log = launch.log { try openLog(log, keepsTail: false) }
      for (index, pipe) in launch.outputs {
        try outputs[index].open(readEnd: pipe.readEnd, spare: pipe.writeEnd)
      }
      for (index, pipe) in launch.inputs { try inputs[index].attach(pipe: pipe) }
      for (index, path) in preparation.inputPaths { inputs[index].lookForReader(path: path) }
    } catch {
      fail(OperatorFailure(error))
    }
    if let earlyEnd { return leaderEnded(earlyEnd) }
    if cancelled || failure != nil { cancelNow() }
  }

  private static let cancelledEarly = OperatorFailure("cancelled before the program started")

  /// Nothing runs, and nothing will.
  private func failedToStart(_ error: any Error, _ preparation: Preparation?) {
    if failure == nil {
      failure = error as? OperatorFailure ?? OperatorFailure("cannot start: \(error)")
    }
    groupGone(preparation, nil)
  }

  /// Something went wrong that its exit code will not say: ends the program.
  func fail(_ failure: OperatorFailure) {
    if self.failure == nil { self.failure = failure }
    cancelNow()
  }

  // MARK: End

  private func cancelNow() {
    switch phase {
    case .idle:
      // start() has not been called and may never be.
      break
    case .preparing, .launching:
      // Looked at when that is done.
      break
    case .receiving(let preparation):
      failedToStart(failure ?? Self.cancelledEarly, preparation)
    case .running(_, let group):
      guard killAt == nil else { return }
      killAt = .now() + command.grace
      resources.watcher.signal(group: group, SIGTERM)
      kill = eventLoop.assumeIsolated().scheduleTask(in: command.grace) {
        guard case .running = self.phase else { return }
        self.resources.watcher.signal(group: group, SIGKILL)
      }
    case .settling(_, let end):
      if end == .exited(0), failure == nil {
        failure = OperatorFailure("cancelled before its outputs were sent")
      }
      for output in outputs { output.discard() }
    case .ending, .removing, .over:
      break
    }
  }

  private func leaderEnded(_ end: ChildEnd) {
    guard case .running(let preparation, let group) = phase else {
      earlyEnd = end
      return
    }
    phase = .ending(preparation, end)
    // It would hold all that the task had until the grace is over.
    kill?.cancel()
    let ending = GroupEnding(
      group: group, killAt: min(killAt ?? .distantFuture, .now() + command.grace),
      eventLoop: eventLoop, threadPool: resources.threadPool
    ) {
      self.resources.keeper.unregister(group: group)
      self.groupGone(preparation, end)
    }
    ending.start()
  }

  private func groupGone(_ preparation: Preparation?, _ end: ChildEnd?) {
    for input in inputs { input.operatorGone() }
    for log in logs { log.operatorGone() }
    guard let preparation else { return remove(nil) }
    phase = .settling(preparation, end)
    guard end == .exited(0), failure == nil else {
      for output in outputs { output.operatorGone() }
      return finishWhenSettled()
    }
    judgeOutputs(preparation)
  }

  /// The program says that it succeeded: looks at what it left where outputs were to be.
  private func judgeOutputs(_ preparation: Preparation) {
    let questions = outputs.indices.compactMap { outputs[$0].question(preparation) }
    guard !questions.isEmpty else { return judged([:]) }
    resources.threadPool.runIfActive(eventLoop: eventLoop) {
      questions.reduce(into: [Int: OutputVerdict]()) { $0[$1.index] = $1.answer() }
    }.assumeIsolated().whenComplete { result in
      switch result {
      case .success(let verdicts): self.judged(verdicts)
      case .failure(let error):
        self.failure = OperatorFailure("cannot look at its outputs: \(error)")
        self.judged([:])
      }
    }
  }

  private func judged(_ verdicts: [Int: OutputVerdict]) {
    for (index, verdict) in verdicts.sorted(by: { $0.key < $1.key }) {
      switch verdict {
      case .pipe: break
      case .file(_, let replaced):
        guard replaced else { break }
        let name = command.describeOutput(index)
        log("\(name): the program put a file where the named pipe was; the file is sent")
      case .failed(let message):
        if failure == nil { failure = OperatorFailure(message) }
      }
    }
    if cancelled, failure == nil, !verdicts.isEmpty {
      failure = OperatorFailure("cancelled before its outputs were sent")
    }
    for (index, output) in outputs.enumerated() {
      if failure == nil, case .file(let file, _)? = verdicts[index] {
        output.send(file)
      } else {
        output.operatorGone()
      }
    }
    finishWhenSettled()
  }

  /// Called whenever something of the end has come about.
  func finishWhenSettled() {
    guard case .settling(let preparation, let end) = phase, logs.allSatisfy(\.isDrained)
    else { return }
    remove(preparation, end)
  }

  private func remove(_ preparation: Preparation?, _ end: ChildEnd? = nil) {
    phase = .removing
    guard let preparation, preparation.folder != nil else { return exit(end, removal: nil) }
    resources.threadPool.runIfActive(eventLoop: eventLoop) { preparation.remove() }
      .assumeIsolated().whenComplete { self.exit(end, removal: try? $0.get()) }
  }

  private func exit(_ end: ChildEnd?, removal: SystemError?) {
    if let removal { log(removal.description) }
    phase = .over
    // Where it never started, its outputs never will have anything.
    for output in outputs { output.operatorGone() }
    let reason: OperatorExit.Reason =
      switch (failure, end) {
      case (let failure?, _): .failed(failure.message)
      case (nil, .exited(0)?): .success
      case (nil, .exited(let code)?): .code(code)
      case (nil, .signaled(let signal)?): .signal(signal)
      case (nil, .lost?): .failed("how it ended is not known: something else waited for it")
      case (nil, nil): .failed("it did not start")
      }
    delegate?.operatorExited(OperatorExit(reason, stderrTail: tail.lines))
    keepAlive = nil
  }
}
