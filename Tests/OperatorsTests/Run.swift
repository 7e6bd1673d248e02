// Runs one operator as a task would, and waits for what a test wants to see.

import Glibc
import NIOCore
import NIOPosix
import Operators
import Testing

/// What the delegate heard. Confined to the loop.
final class Recorder: OperatorDelegate {
  var took: [Int: Int] = [:]
  var unread: [Int: Int] = [:]
  var output: [Int: [UInt8]] = [:]
  var outputBytes: [Int: Int] = [:]
  var drained: Set<Int> = []
  var lines: [String] = []
  var exit: OperatorExit?
  var mistakes: [String] = []
  /// Keeps only the count of what is written, for large outputs.
  var keepsOutput = true
  var reading: Set<Int> = []
  /// True while the test calls the operator: the delegate must not be called then.
  var calling = false

  private var waiters: [(condition: (Recorder) -> Bool, promise: EventLoopPromise<Void>)] = []

  func wait(_ promise: EventLoopPromise<Void>, _ condition: @escaping (Recorder) -> Bool) {
    waiters.append((condition, promise))
    changed()
  }

  private func changed() {
    if calling { mistakes.append("called from within a call") }
    waiters.removeAll { waiter in
      guard waiter.condition(self) else { return false }
      waiter.promise.succeed(())
      return true
    }
  }

  func operatorTook(_ bytes: Int, input: Int) {
    took[input, default: 0] += bytes
    changed()
  }

  func operatorClosed(input: Int, unread: Int) {
    if self.unread[input] != nil { mistakes.append("input \(input) closed twice") }
    self.unread[input] = unread
    changed()
  }

  func operatorWrote(_ bytes: ByteBuffer, output: Int) {
    if !reading.contains(output) { mistakes.append("output \(output) wrote while reading is off") }
    if drained.contains(output) { mistakes.append("output \(output) wrote after it drained") }
    if keepsOutput { self.output[output, default: []] += bytes.readableBytesView }
    outputBytes[output, default: 0] += bytes.readableBytes
    changed()
  }

  func operatorDrained(output: Int) {
    if !drained.insert(output).inserted { mistakes.append("output \(output) drained twice") }
    changed()
  }

  func operatorLost(output: Int, reason: String) {
    mistakes.append("output \(output) lost: \(reason)")
    changed()
  }

  func operatorLogged(_ line: String) {
    lines.append(line)
    changed()
  }

  func operatorExited(_ exit: OperatorExit) {
    if self.exit != nil { mistakes.append("exited twice") }
    self.exit = exit
    changed()
  }
}

/// An operator with its recorder, used from a test.
///
/// `@unchecked`: everything of it but the loop is only touched on the loop.
final class Run: @unchecked Sendable {
  static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
  static let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"]

  /// As the tests were started: where a version manager finds its interpreters.
  static let inheritedEnvironment: [String: String] = ["PATH", "HOME", "PYENV_ROOT"].reduce(
    into: [:]
  ) { $0[$1] = getenv($1).map { String(cString: $0) } }

  let eventLoop: any EventLoop
  let recorder = Recorder()
  private var process: ProcessOperator?
  private weak var forgotten: ProcessOperator?

  init(
    _ command: [String], inputs: [PortBinding] = [], outputs: [PortBinding] = [],
    environment: [String: String] = Run.environment, workingDirectory: String = "/",
    grace: TimeAmount = .seconds(60), resources: OperatorResources = .shared
  ) {
    eventLoop = Self.group.next()
    let process = ProcessOperator(
      command: OperatorCommand(
        command: command, environment: environment, workingDirectory: workingDirectory,
        inputs: inputs, outputs: outputs, grace: grace),
      eventLoop: eventLoop, resources: resources)
    process.delegate = recorder
    self.process = process
  }

  /// A shell script.
  convenience init(
    sh script: String, inputs: [PortBinding] = [], outputs: [PortBinding] = [],
    grace: TimeAmount = .seconds(60), resources: OperatorResources = .shared
  ) {
    self.init(
      ["sh", "-c", script], inputs: inputs, outputs: outputs, grace: grace, resources: resources)
  }

  private func call(_ body: @escaping @Sendable (ProcessOperator, Recorder) -> Void) async throws {
    try await eventLoop.submit { [self] in
      guard let process else { return }
      recorder.calling = true
      body(process, recorder)
      recorder.calling = false
    }.get()
  }

  /// Starts it, with all outputs being read unless told otherwise.
  @discardableResult
  func start(reading: Bool = true) async throws -> Run {
    try await call { process, recorder in
      process.start()
      guard reading else { return }
      for output in 0..<8 where output < process.outputCount {
        recorder.reading.insert(output)
        process.setReading(true, output: output)
      }
    }
    return self
  }

  func write(_ text: String, input: Int = 0) async throws {
    try await write(ByteBuffer(string: text), input: input)
  }

  func write(_ bytes: ByteBuffer, input: Int = 0) async throws {
    try await call { process, _ in process.write(bytes, input: input) }
  }

  func end(input: Int = 0) async throws {
    try await call { process, _ in process.end(input: input) }
  }

  func setReading(_ reading: Bool, output: Int = 0) async throws {
    try await call { process, recorder in
      if reading { recorder.reading.insert(output) } else { recorder.reading.remove(output) }
      process.setReading(reading, output: output)
    }
  }

  func cancel() async throws { try await call { process, _ in process.cancel() } }

  /// Lets go of the operator, as a task that is forgotten does.
  func forget() async throws {
    try await eventLoop.submit {
      self.forgotten = self.process
      self.process = nil
    }.get()
  }

  /// Whether the forgotten operator is really gone.
  func isFreed() async throws -> Bool {
    try await eventLoop.submit { self.forgotten == nil }.get()
  }

  func keepOnlyCounts() async throws {
    try await eventLoop.submit { self.recorder.keepsOutput = false }.get()
  }

  /// Waits until the recorder has seen something.
  func wait(until condition: @escaping @Sendable (Recorder) -> Bool) async throws {
    let promise = eventLoop.makePromise(of: Void.self)
    eventLoop.execute { self.recorder.wait(promise, condition) }
    try await promise.futureResult.get()
  }

  /// Looks at the recorder.
  func see<Value: Sendable>(_ look: @escaping @Sendable (Recorder) -> Value) async throws -> Value {
    try await eventLoop.submit { look(self.recorder) }.get()
  }

  /// Waits for its exit and for all outputs to drain, and checks that the delegate was used well.
  @discardableResult
  func exit(drained outputs: Int? = nil) async throws -> OperatorExit {
    let count = try await eventLoop.submit { self.process?.outputCount ?? 0 }.get()
    try await wait { $0.exit != nil && $0.drained.count == outputs ?? count }
    #expect(try await see { $0.mistakes } == [])
    return try await see { $0.exit } ?? .failed("no exit")
  }

  func text(output: Int = 0) async throws -> String {
    try await see { String(decoding: $0.output[output] ?? [], as: UTF8.self) }
  }
}

extension ProcessOperator {
  var outputCount: Int { command.outputs.count }
}

extension PortBinding {
  static let stdin = PortBinding(via: .stdin)
  static let stdout = PortBinding(via: .stdout)
  static let fd = PortBinding(via: .fd)
  static let fifo = PortBinding(via: .fifo)
  static let file = PortBinding(via: .file)
  static let none = PortBinding(via: .none)
}
