// A builtin as the operator of a task: runs its machine on the task's event loop.

package import NIOCore
package import OperatorFile
package import Operators

/// Runs a `BuiltinMachine` as an `Operator`. Everything happens on the event loop it was made for,
/// which also is its clock.
///
/// The delegate is called from within `write`, `end` and `setReading` where that gives the machine
/// something to do; never from within `start` and `cancel`, and never from within another call to
/// the delegate: what such a call tells the builtin is seen when it has returned.
package final class BuiltinOperator: Operator {
  /// After so many bytes or actions the event loop's other work has its turn.
  private static let bytesPerTurn = 1 << 20
  private static let actionsPerTurn = 1024

  package weak var delegate: (any OperatorDelegate)?

  private let eventLoop: any EventLoop
  private let outputs: Int
  private var machine: any BuiltinMachine
  private var state = State.idle
  private var isRunning = false
  private var isTurnScheduled = false
  private var timer: Scheduled<Void>?

  private enum State {
    /// Not started, or started and its first turn not come yet.
    case idle
    case running
    /// Finished or cancelled: nothing more is done but to report it.
    case ended
  }

  package init(machine: any BuiltinMachine, outputs: Int, on eventLoop: any EventLoop) {
    self.machine = machine
    self.outputs = outputs
    self.eventLoop = eventLoop
  }

  /// The operator for one task.
  ///
  /// - Throws: for a parameter or a number of ports that cannot be.
  package static func make(
    _ kind: BuiltinKind, parameters: [String: String], inputs: Int, outputs: Int,
    on eventLoop: any EventLoop
  ) throws(BuiltinError) -> BuiltinOperator {
    let machine = try kind.machine(parameters: parameters, inputs: inputs, outputs: outputs)
    return BuiltinOperator(machine: machine, outputs: outputs, on: eventLoop)
  }

  package func start() {
    self.eventLoop.preconditionInEventLoop()
    self.eventLoop.assumeIsolated().execute {
      guard self.state == .idle else { return }
      self.state = .running
      self.machine.tick(self.eventLoop.now)
      self.run()
    }
  }

  package func write(_ bytes: ByteBuffer, input: Int) {
    self.eventLoop.preconditionInEventLoop()
    guard self.state != .ended else { return }
    self.machine.write(bytes, input: input)
    self.run()
  }

  package func end(input: Int) {
    self.eventLoop.preconditionInEventLoop()
    guard self.state != .ended else { return }
    self.machine.end(input: input)
    self.run()
  }

  package func setReading(_ reading: Bool, output: Int) {
    self.eventLoop.preconditionInEventLoop()
    guard self.state != .ended else { return }
    self.machine.setReading(reading, output: output)
    if reading { self.run() }
  }

  /// A builtin that was cancelled ends as a process would, by SIGTERM.
  package func cancel() {
    self.eventLoop.preconditionInEventLoop()
    guard self.state != .ended else { return }
    self.state = .ended
    self.timer?.cancel()
    self.timer = nil
    self.eventLoop.assumeIsolated().execute { self.report(.signal(15)) }
  }

  /// A builtin without a timer acts only on what comes.
  package func lookWhetherStill(_ answer: @escaping (Bool) -> Void) {
    answer(self.state == .running && self.timer == nil && !self.isTurnScheduled)
  }

  private func run() {
    // A call from within the delegate only changes the machine: the loop below sees it.
    guard self.state == .running, !self.isRunning, !self.isTurnScheduled else { return }
    self.isRunning = true
    defer { self.isRunning = false }
    var bytesLeft = Self.bytesPerTurn
    var actionsLeft = Self.actionsPerTurn
    while self.state == .running, let delegate = self.delegate {
      guard bytesLeft > 0, actionsLeft > 0 else { return self.scheduleTurn() }
      guard let action = self.machine.next() else { return }
      actionsLeft -= 1
      switch action {
      case .emit(let bytes, let output):
        bytesLeft -= bytes.readableBytes
        delegate.operatorWrote(bytes, output: output)
      case .took(let bytes, let input):
        delegate.operatorTook(bytes, input: input)
      case .wake(let time):
        self.scheduleTick(time)
      case .finished:
        self.state = .ended
        self.report(.success)
      case .failed(let reason):
        self.state = .ended
        self.report(.failed(reason))
      }
    }
  }

  private func report(_ exit: OperatorExit) {
    // The machine may hold bytes that nobody will ask for.
    self.machine = Discard(inputs: 0)
    for output in 0..<self.outputs { self.delegate?.operatorDrained(output: output) }
    self.delegate?.operatorExited(exit)
  }

  private func scheduleTurn() {
    self.isTurnScheduled = true
    self.eventLoop.assumeIsolated().execute {
      self.isTurnScheduled = false
      self.run()
    }
  }

  private func scheduleTick(_ time: NIODeadline) {
    let now = self.eventLoop.now
    guard time > now else { return self.machine.tick(now) }
    self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: time) {
      self.timer = nil
      self.machine.tick(self.eventLoop.now)
      self.run()
    }
  }
}
