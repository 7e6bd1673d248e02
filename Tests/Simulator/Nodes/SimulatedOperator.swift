// A model of an operator: pipes of their true size around a program that takes its time.

/// What the process and its pipes do, as the task sees them through Operators.
final class SimulatedOperator {
  private struct Input {
    /// Behind a full pipe.
    var queue = ChunkQueue()
    var given: Int64 = 0
    var read: Int64 = 0
    var pipe = 0
    var endRequested = false
    /// The write end is closed: what is in the pipe is the last.
    var isEnded = false
    var isClosed = false
    var isFlushScheduled = false

    var isAtEnd: Bool { isEnded && pipe == 0 }
  }

  private struct Output {
    var pipe = 0
    var handed: Int64 = 0
    var isReading = false
    var isReadScheduled = false
    /// The operator is gone: what is in the pipe is the last.
    var isDraining = false
    var isDrained = false
  }

  private enum Phase {
    case waiting, starting, running, exited
  }

  private let node: SimulatedNode
  private let world: World
  private let program: Program
  private let settings: OperatorSettings
  private weak var task: SimulatedTask?
  private var phase = Phase.waiting
  private var inputs: [Input]
  private var outputs: [Output]
  private var isBusy = false
  private var isCancelled = false
  /// It reads and writes nothing until this time.
  private var stoppedUntil: Int64 = 0
  private var moved: Int64 = 0
  /// Of a program that writes by itself: what is still to be written.
  private var toWrite: Int64 = 0
  private static let largestStep = 64 << 10
  private static let largestRead = 64 << 10

  init(
    _ node: SimulatedNode, _ program: Program, _ settings: OperatorSettings, inputs: Int,
    outputs: Int, task: SimulatedTask
  ) {
    self.node = node
    self.program = program
    self.settings = settings
    self.task = task
    world = node.world
    self.inputs = Array(repeating: Input(), count: inputs)
    self.outputs = Array(repeating: Output(), count: outputs)
  }

  var isRunning: Bool { phase == .starting || phase == .running }

  /// Bytes in its pipes and before them.
  private(set) var held = 0

  private func hold(_ bytes: Int) {
    held += bytes
    node.hold(bytes)
  }

  func bytesRead(_ input: Int) -> Int64 { inputs[input].read }

  func queued(_ input: Int) -> Int { inputs[input].queue.bytes }

  // MARK: From the task

  func start() {
    guard case .waiting = phase else { return }
    phase = .starting
    node.later(settings.startTime) { [self] in
      guard case .starting = phase else { return }
      phase = .running
      if case .source(let bytes) = program { toWrite = bytes }
      for input in inputs.indices { flush(input) }
      step()
    }
  }

  func write(_ chunk: Chunk, input: Int) {
    world.require(
      chunk.offset == inputs[input].given,
      "byte \(chunk.offset) for an operator that has \(inputs[input].given)")
    inputs[input].given += Int64(chunk.count)
    inputs[input].queue.append(chunk)
    hold(chunk.count)
    scheduleFlush(input)
  }

  func end(_ input: Int) {
    inputs[input].endRequested = true
    scheduleFlush(input)
  }

  func setReading(_ reading: Bool, _ output: Int) {
    outputs[output].isReading = reading
    scheduleRead(output)
  }

  func cancel() {
    switch phase {
    case .waiting:
      phase = .exited
    case .starting, .running:
      guard !isCancelled else { return }
      isCancelled = true
      node.later(settings.stopTime) { [self] in exit("it was ended by signal 15") }
    case .exited:
      for output in outputs.indices where !outputs[output].isDrained {
        discard(output)
      }
    }
  }

  private func discard(_ output: Int) {
    hold(-outputs[output].pipe)
    outputs[output].pipe = 0
    drainIfEmpty(output)
  }

  // MARK: Faults

  func die() {
    guard isRunning else { return }
    exit("the operator exited with code 3")
  }

  func stop(until time: Int64) {
    stoppedUntil = time
    world.at(time) { [self] in step() }
  }

  // MARK: Pipes

  private func scheduleFlush(_ input: Int) {
    guard !inputs[input].isFlushScheduled else { return }
    inputs[input].isFlushScheduled = true
    node.later(0) { [self] in
      inputs[input].isFlushScheduled = false
      flush(input)
    }
  }

  private func flush(_ input: Int) {
    switch phase {
    case .waiting, .starting:
      return
    case .exited:
      drop(input)
    case .running:
      guard !inputs[input].isClosed else { return drop(input) }
      let room = settings.pipeCapacity - inputs[input].pipe
      var taken = 0
      while taken < room, let part = inputs[input].queue.take(room - taken) { taken += part.count }
      inputs[input].pipe += taken
      if inputs[input].queue.isEmpty, inputs[input].endRequested { inputs[input].isEnded = true }
      if taken > 0 { task?.operatorTook(taken, input: input) }
      step()
    }
  }

  private func drop(_ input: Int) {
    let bytes = inputs[input].queue.bytes
    inputs[input].queue.removeAll()
    hold(-bytes)
    if bytes > 0 { task?.operatorTook(bytes, input: input) }
  }

  private func scheduleRead(_ output: Int) {
    guard outputs[output].isReading, outputs[output].pipe > 0, !outputs[output].isReadScheduled,
      !settings.writesFiles || outputs[output].isDraining
    else { return }
    outputs[output].isReadScheduled = true
    node.later(1000) { [self] in
      outputs[output].isReadScheduled = false
      read(output)
    }
  }

  private func read(_ output: Int) {
    guard outputs[output].isReading, outputs[output].pipe > 0 else { return }
    let chunk = Chunk(
      offset: outputs[output].handed, count: min(outputs[output].pipe, Self.largestRead))
    outputs[output].pipe -= chunk.count
    hold(-chunk.count)
    outputs[output].handed = chunk.end
    task?.operatorWrote(chunk, output: output)
    drainIfEmpty(output)
    scheduleRead(output)
    step()
  }

  private func drainIfEmpty(_ output: Int) {
    guard outputs[output].isDraining, outputs[output].pipe == 0, !outputs[output].isDrained
    else { return }
    outputs[output].isDrained = true
    task?.operatorDrained(output: output)
  }

  // MARK: The program

  /// Begins the next piece of work, where there is one.
  private func step() {
    guard case .running = phase, !isBusy, !isCancelled, world.now >= stoppedUntil else { return }
    let room = outputs.map { settings.outputCapacity - $0.pipe }.min() ?? Self.largestStep
    if toWrite > 0 {
      guard room > 0 else { return }
      let count = Int(min(Int64(min(room, Self.largestStep)), toWrite))
      toWrite -= Int64(count)
      return work(count, writing: count)
    }
    if case .early(let limit) = program, moved >= limit { return exit(nil) }
    if let input = readable() {
      let writes = !isReducing
      var count = min(inputs[input].pipe, Self.largestStep, writes ? room : .max)
      if case .early(let limit) = program { count = Int(min(Int64(count), limit - moved)) }
      guard count > 0 else { return }
      inputs[input].pipe -= count
      inputs[input].read += Int64(count)
      hold(-count)
      scheduleFlush(input)
      return work(count, writing: writes ? count : 0)
    }
    guard inputs.allSatisfy(\.isAtEnd) else { return }
    if case .reduce(let bytes) = program, moved >= 0, bytes > 0, !hasReduced {
      hasReduced = true
      toWrite = bytes
      return step()
    }
    exit(nil)
  }

  private var hasReduced = false

  private var isReducing: Bool {
    if case .reduce = program { true } else { false }
  }

  private func readable() -> Int? {
    if case .concat = program {
      guard let current = inputs.firstIndex(where: { !$0.isAtEnd }) else { return nil }
      return inputs[current].pipe > 0 ? current : nil
    }
    guard inputs.count > 1 else { return inputs.first.flatMap { $0.pipe > 0 ? 0 : nil } }
    // Whichever is ready: not always the first.
    let start = world.dice.below(inputs.count)
    return (0..<inputs.count).map { ($0 + start) % inputs.count }.first { inputs[$0].pipe > 0 }
  }

  private func work(_ count: Int, writing: Int) {
    isBusy = true
    let time = settings.overhead + Int64(count) * 1_000_000_000 / settings.bytesPerSecond
    node.later(time) { [self] in
      isBusy = false
      guard case .running = phase, !isCancelled else { return }
      moved += Int64(count)
      if writing > 0 {
        for output in outputs.indices {
          outputs[output].pipe += writing
          hold(writing)
          if !settings.writesFiles {
            node.peaks.pipe = max(node.peaks.pipe, outputs[output].pipe)
          }
          world.require(
            outputs[output].pipe <= settings.outputCapacity, "more in a pipe than it can hold")
          scheduleRead(output)
        }
      }
      if let death = settings.diesAt, moved >= death { return die() }
      step()
    }
  }

  /// - Parameter failure: nil for code 0.
  private func exit(_ failure: String?) {
    guard isRunning else { return }
    phase = .exited
    for input in inputs.indices where !inputs[input].isAtEnd {
      inputs[input].isClosed = true
      task?.operatorClosed(input: input, unread: inputs[input].pipe + inputs[input].queue.bytes)
      hold(-inputs[input].pipe)
      inputs[input].pipe = 0
      drop(input)
    }
    let drainsFirst = world.dice.chance(1, of: 2)
    if !drainsFirst { task?.operatorExited(failure) }
    for output in outputs.indices {
      outputs[output].isDraining = true
      // What has failed has no readers any more, and its files are not sent.
      if failure != nil { discard(output) } else { drainIfEmpty(output) }
      scheduleRead(output)
    }
    if drainsFirst { task?.operatorExited(failure) }
  }
}
