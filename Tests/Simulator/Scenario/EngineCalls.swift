// What the engine does for one task: pushes its sources, pulls its sinks, and tries again what may be
// tried again.

internal import Transport

/// How a call of the engine stands.
enum EngineState: Equatable {
  case waiting, running, succeeded
  case failed(String)

  var isOver: Bool {
    switch self {
    case .waiting, .running: false
    case .succeeded, .failed: true
    }
  }
}

/// What may be tried again, and when.
struct Retries {
  private(set) var attempts = 0
  static let limit = 40

  /// - Returns: nanoseconds to wait; nil when it is final.
  mutating func next(_ status: CallStatus, moved: Bool) -> Int64? {
    attempts += 1
    guard attempts <= Self.limit else { return nil }
    let delay = Int64(min(attempts * attempts * 5, 3000)) * 1_000_000
    switch status {
    case .ok, .failed: return nil
    // It was refused before anything of it counted.
    case .exhausted: return delay
    case .unavailable, .cancelled: return moved ? nil : delay
    // The node may not know yet that the attempt before is gone.
    case .refused: return attempts > 1 && !moved ? delay : nil
    }
  }
}

/// One input that the engine pushes to.
final class EnginePush: PushOwner {
  let end: Pipeline.End
  private let engine: Engine
  private let run: EngineRun
  private let isAwaiting: Bool
  private let pause: Int64
  private var push: Push?
  private var retries = Retries()
  private var written: Int64 = 0
  private(set) var state = EngineState.waiting

  init(_ engine: Engine, _ run: EngineRun, _ end: Pipeline.End) {
    self.engine = engine
    self.run = run
    self.end = end
    isAwaiting = engine.world.dice.chance(1, of: 3)
    pause = engine.world.dice.chance(1, of: 4) ? Int64(engine.world.dice.below(2_000_000)) : 0
  }

  var destination: Destination {
    Destination(node: end.node, session: run.pipeline.session, input: end.port)
  }
  var isAccepted: Bool { push?.isAccepted == true }

  func start() {
    guard !state.isOver else { return }
    state = .running
    written = 0
    let push = Push(
      from: engine, to: engine.node(end.node), destination, task: run.id, awaiting: isAwaiting,
      owner: self)
    self.push = push
    write()
  }

  private func write() {
    guard let push else { return }
    while push.isWritable {
      guard written < end.bytes else { return push.done() }
      let count = Int(min(end.bytes - written, Int64(engine.world.dice.order(of: 1...65_536))))
      push.write(Chunk(offset: written, count: count))
      written += Int64(count)
      if pause > 0 {
        return engine.later(pause) { [weak self] in
          if self?.push === push { self?.write() }
        }
      }
    }
  }

  func pushBecameWritable() {
    if pause == 0 {
      write()
    } else if let push {
      engine.later(pause) { [weak self] in
        if self?.push === push { self?.write() }
      }
    }
  }

  func pushEnded(_ status: CallStatus) {
    push = nil
    engine.world.tell("engine: push to \(destination): \(status)")
    if status.isOK {
      state = .succeeded
    } else if let delay = retries.next(status, moved: written > 0) {
      state = .waiting
      engine.later(delay) { [self] in start() }
    } else {
      state = .failed("\(status)")
      run.failed()
    }
  }

  /// A fault: the engine breaks it off.
  func cancel() {
    push?.cancel()
  }
}

/// One output that the engine pulls.
final class EnginePull: PullOwner {
  let end: Pipeline.End
  private let engine: Engine
  private let run: EngineRun
  private let bytesPerSecond: Int64
  private var pull: Pull?
  private var retries = Retries()
  private var received: Int64 = 0
  private var unread: [Int] = []
  private var isReading = false
  private var stoppedUntil: Int64 = 0
  private(set) var state = EngineState.waiting
  /// When the first byte came, and the end.
  private(set) var firstAt: Int64?
  private(set) var endedAt: Int64?

  init(_ engine: Engine, _ run: EngineRun, _ end: Pipeline.End) {
    self.engine = engine
    self.run = run
    self.end = end
    bytesPerSecond =
      engine.readRate ?? Int64(engine.world.dice.order(of: 20_000_000...2_000_000_000))
  }

  var isAccepted: Bool { pull?.isAccepted == true }

  func start() {
    guard !state.isOver else { return }
    state = .running
    received = 0
    unread = []
    pull = Pull(
      from: engine, to: engine.node(end.node), session: run.pipeline.session, task: run.id,
      output: end.port, owner: self)
  }

  func pullReceived(_ chunk: Chunk) {
    received += Int64(chunk.count)
    if firstAt == nil { firstAt = engine.world.now }
    unread.append(chunk.count)
    read()
  }

  private func read() {
    guard !isReading, let count = unread.first else { return }
    isReading = true
    let time = 1000 + Int64(count) * 1_000_000_000 / bytesPerSecond
    engine.later(max(time, stoppedUntil - engine.world.now)) { [self] in
      isReading = false
      if unread.first == count {
        unread.removeFirst()
        pull?.took(count)
      }
      read()
    }
  }

  func stop(until time: Int64) {
    stoppedUntil = time
  }

  func cancel() {
    pull?.cancel()
  }

  func pullEnded(_ status: CallStatus, done: Bool) {
    let world = engine.world
    endedAt = world.now
    pull = nil
    unread = []
    world.tell(
      "engine: pull from node \(end.node), output \(end.port): \(status), \(received) bytes")
    if status.isOK {
      world.require(done, "a pull ended well without done")
      world.require(
        received == end.bytes,
        "a pull of task \(run.id) from node \(end.node) ended well after \(received) of \(end.bytes) bytes"
      )
      state = .succeeded
    } else if let delay = retries.next(status, moved: received > 0) {
      state = .waiting
      engine.later(delay) { [self] in start() }
    } else {
      state = .failed("\(status)")
      // Nobody will ever read this output: its task could wait for that for ever.
      run.quit()
    }
  }
}
