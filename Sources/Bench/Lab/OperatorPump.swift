// Bytes through a program's pipes as a node moves them, with nothing else of a node.

package import NIOCore
package import Operators
internal import Pipeline

#if canImport(Glibc)
  internal import Glibc
#endif

/// What `generate`, a program and `discard` would be in one node: writes slabs from memory to the
/// program's standard input and drops what comes out of its standard output, all on one loop.
package final class OperatorPump: OperatorDelegate {
  /// What went in and came out.
  package struct Moved: Sendable {
    package var bytes: Int
    package var read: Int
  }

  /// As much as waits in a window that has grown: the program never waits for us.
  private static let window = 1 << 20

  private let slab: ByteBuffer
  private let program: ProcessOperator
  private let promise: EventLoopPromise<Moved>
  /// Bytes that have not been written yet.
  private var left: Int
  private var written = 0
  private var untaken = 0
  private var read = 0
  private var isDrained = false
  private var exit: OperatorExit?
  private var hasEnded = false

  private init(
    _ command: [String], slab: ByteBuffer, most: Int, on eventLoop: any EventLoop,
    _ promise: EventLoopPromise<Moved>
  ) {
    self.slab = slab
    self.promise = promise
    left = most
    program = ProcessOperator(
      command: OperatorCommand(
        command: command, environment: Self.environment, workingDirectory: "/",
        inputs: [PortBinding(via: .stdin)], outputs: [PortBinding(via: .stdout)]),
      eventLoop: eventLoop)
    program.delegate = self
  }

  /// Until `most` bytes have gone in, or `time` is over; then until the program has ended.
  ///
  /// - Parameter eventLoop: one of `MultiThreadedEventLoopGroup`.
  /// - Throws: where the program does not end well.
  package static func run(
    _ command: [String], slab: ByteBuffer, most: Int = .max, for time: TimeAmount? = nil,
    on eventLoop: any EventLoop
  ) async throws -> Moved {
    try await eventLoop.flatSubmit {
      let promise = eventLoop.makePromise(of: Moved.self)
      let pump = OperatorPump(command, slab: slab, most: most, on: eventLoop, promise)
      pump.program.start()
      pump.program.setReading(true, output: 0)
      if let time { eventLoop.assumeIsolated().scheduleTask(in: time) { pump.stop() } }
      pump.fill()
      // The program holds its delegate weakly.
      promise.futureResult.assumeIsolated().whenComplete { _ in withExtendedLifetime(pump) {} }
      return promise.futureResult
    }.get()
  }

  private func fill() {
    while left > 0, untaken < Self.window {
      let count = min(left, slab.readableBytes)
      left -= count
      written += count
      untaken += count
      program.write(slab.getSlice(at: slab.readerIndex, length: count) ?? slab, input: 0)
    }
    if left == 0, !hasEnded {
      hasEnded = true
      program.end(input: 0)
    }
  }

  private func stop() {
    left = 0
    fill()
  }

  private func finishIfOver() {
    guard isDrained, let exit else { return }
    if exit == .success {
      promise.succeed(Moved(bytes: written, read: read))
    } else {
      promise.fail(RunFailure(.operatorFailed, "\(program.command.command[0]): \(exit.reason)"))
    }
  }

  package func operatorTook(_ bytes: Int, input: Int) {
    untaken -= bytes
    fill()
  }

  package func operatorWrote(_ bytes: ByteBuffer, output: Int) { read += bytes.readableBytes }

  package func operatorDrained(output: Int) {
    isDrained = true
    finishIfOver()
  }

  package func operatorExited(_ exit: OperatorExit) {
    self.exit = exit
    // A program that did not start has no output to drain.
    if exit != .success { isDrained = true }
    finishIfOver()
  }

  package func operatorClosed(input: Int, unread: Int) { stop() }

  package func operatorLost(output: Int, reason: String) {
    promise.fail(RunFailure(.operatorFailed, reason))
  }

  package func operatorLogged(_ line: String) {}

  private static var environment: [String: String] {
    ["PATH": getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"]
  }
}
