// spill as the operator of a task: does on a thread pool what its queue wants of the file.

package import NIOCore
package import NIOPosix
package import Operators

/// One input to one output, with a file between them for what the reader does not take yet. Confined to
/// the event loop it was made for.
///
/// The delegate is called from within `write`, `end` and `setReading` where that gives it something to
/// do; never from within `start` and `cancel`, and never from within another call to the delegate.
package final class SpillOperator: Operator {
  /// After so many bytes the event loop's other work has its turn.
  private static let bytesPerTurn = 1 << 20

  package weak var delegate: (any OperatorDelegate)?

  private let settings: SpillSettings
  private let eventLoop: any EventLoop
  private let threadPool: NIOThreadPool
  private var queue: SpillQueue
  /// Made when the first byte has to wait in it.
  private var file: SpillFile?
  private var state = State.idle
  private var isRunning = false
  private var isTurnScheduled = false
  /// Reads and writes of the file that are on their way.
  private var accesses = 0

  private enum State {
    /// Not started, or started and its first turn not come yet.
    case idle
    case running
    /// Failed or cancelled: the exit is reported as soon as nobody uses the file.
    case ending(OperatorExit)
    case ended
  }

  /// - Throws: for a parameter that cannot be.
  package init(
    parameters: [String: String], on eventLoop: any EventLoop, threadPool: NIOThreadPool
  ) throws(BuiltinError) {
    self.settings = try SpillSettings(parameters)
    self.eventLoop = eventLoop
    self.threadPool = threadPool
    self.queue = SpillQueue(limit: Int64(self.settings.limit))
  }

  package func start() {
    self.eventLoop.preconditionInEventLoop()
    self.eventLoop.assumeIsolated().execute {
      guard case .idle = self.state else { return }
      self.state = .running
      self.run()
    }
  }

  package func write(_ bytes: ByteBuffer, input: Int) {
    self.eventLoop.preconditionInEventLoop()
    self.queue.write(bytes)
    self.run()
  }

  package func end(input: Int) {
    self.eventLoop.preconditionInEventLoop()
    self.queue.end()
    self.run()
  }

  package func setReading(_ reading: Bool, output: Int) {
    self.eventLoop.preconditionInEventLoop()
    self.queue.setReading(reading)
    if reading { self.run() }
  }

  /// Ends as a process would, by SIGTERM.
  package func cancel() {
    self.eventLoop.preconditionInEventLoop()
    self.end(.signal(15))
  }

  package func lookWhetherStill(_ answer: @escaping (Bool) -> Void) {
    guard case .running = self.state else { return answer(false) }
    answer(self.accesses == 0 && !self.isTurnScheduled)
  }

  private func run() {
    // A call from within the delegate only changes the queue: the loop below sees it.
    guard case .running = self.state, !self.isRunning, !self.isTurnScheduled else { return }
    self.isRunning = true
    defer { self.isRunning = false }
    var bytesLeft = Self.bytesPerTurn
    while case .running = self.state, let delegate = self.delegate {
      guard bytesLeft > 0 else { return self.scheduleTurn() }
      guard let action = self.queue.next() else { return }
      switch action {
      case .emit(let bytes):
        bytesLeft -= bytes.readableBytes
        delegate.operatorWrote(bytes, output: 0)
      case .took(let bytes):
        delegate.operatorTook(bytes, input: 0)
      case .store(let batch, let offset):
        self.store(batch, at: offset)
      case .load(let part):
        self.load(part)
      case .sayFull:
        delegate.operatorLogged(
          "the spill file is full (\(self.settings.limitText)): the writer waits for the reader")
      case .finished:
        self.sayWhatWaited()
        self.end(.success)
      }
    }
  }

  private func store(_ batch: [ByteBuffer], at offset: Int64) {
    let (known, folder) = (self.file, self.settings.folder)
    self.access {
      let file = try known ?? SpillFile(in: folder)
      try file.write(batch, at: offset)
      return file
    } then: { file in
      self.file = file
      self.queue.stored()
    }
  }

  private func load(_ part: Range<Int64>) {
    guard let file = self.file else { return }
    self.access {
      try file.take(part)
    } then: { result in
      self.queue.loaded(result.bytes, isFreed: result.isFreed)
    }
  }

  /// Blocks on a thread of the pool, then goes on here.
  private func access<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value, then: @escaping (Value) -> Void
  ) {
    self.accesses += 1
    self.threadPool.runIfActive(eventLoop: self.eventLoop, body).assumeIsolated().whenComplete {
      result in
      self.accesses -= 1
      switch result {
      case .success(let value): then(value)
      case .failure(let error): self.end(.failed("\(error)"))
      }
      if case .ending = self.state { self.reportWhenQuiet() }
      self.run()
    }
  }

  private func sayWhatWaited() {
    guard self.queue.spilled > 0 else { return }
    self.delegate?.operatorLogged(
      "\(self.queue.spilled) bytes waited on disk, at most \(self.queue.peak) at once")
  }

  // MARK: The end

  private func end(_ exit: OperatorExit) {
    switch self.state {
    case .idle, .running: self.state = .ending(exit)
    case .ending, .ended: return
    }
    self.eventLoop.assumeIsolated().execute { self.reportWhenQuiet() }
  }

  private func reportWhenQuiet() {
    guard case .ending(let exit) = self.state, self.accesses == 0 else { return }
    self.state = .ended
    self.file = nil
    self.queue = SpillQueue(limit: 0)
    self.delegate?.operatorDrained(output: 0)
    self.delegate?.operatorExited(exit)
  }

  private func scheduleTurn() {
    self.isTurnScheduled = true
    self.eventLoop.assumeIsolated().execute {
      self.isTurnScheduled = false
      self.run()
    }
  }
}
