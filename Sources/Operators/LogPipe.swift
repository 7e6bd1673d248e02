// Standard error, and a standard output that is no port: read line by line into the log.

internal import NIOCore

/// Confined to one event loop. Always read, so that logging never stops a program.
final class LogPipe {
  private var splitter = LineSplitter()
  private var pipe: PipeReader?
  private(set) var isDrained = false

  /// A line comes, all the sooner in small reads; 1000 tasks at rest shall not hold 64 MiB.
  private static let bufferSize = 8 * 1024

  init(
    _ ends: PipeEnds, process: ProcessOperator, line: @escaping (String) -> Void,
    drained: @escaping () -> Void
  ) throws(SystemError) {
    pipe = try PipeReader(
      readEnd: ends.readEnd, spare: ends.writeEnd, eventLoop: process.eventLoop,
      budget: process.resources.budget, reads: Self.bufferSize...Self.bufferSize,
      events: .init(
        read: { [weak self] in self?.splitter.feed($0, line) },
        drained: { [weak self] in
          guard let self else { return }
          self.splitter.finish(line)
          self.isDrained = true
          drained()
        }))
    pipe?.setReading(true)
  }

  /// Nothing of the operator is left: what is in the pipe now is the last.
  func operatorGone() { pipe?.operatorGone() }
}

extension ProcessOperator {
  func makePorts() {
    inputs = command.inputs.enumerated().map { InputPort($1, index: $0, of: self) }
    outputs = command.outputs.enumerated().map { OutputPort($1, index: $0, of: self) }
  }

  /// Reads a pipe into the log, and keeps its last lines for the exit's report.
  func openLog(_ ends: PipeEnds, keepsTail: Bool) throws(SystemError) {
    let pipe = try LogPipe(
      ends, process: self,
      line: { [weak self] line in
        if keepsTail { self?.tail.append(line) }
        self?.log(line)
      },
      drained: { [weak self] in self?.finishWhenSettled() })
    logs.append(pipe)
  }

  func log(_ line: String) { delegate?.operatorLogged(line) }
}
