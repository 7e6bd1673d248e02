// An output of a process operator: one face for pipes, named pipes and files.

internal import Glibc
internal import NIOCore

/// Confined to one event loop. The delegate is never called from within `setReading`.
final class OutputPort {
  private let owner: OwnerReference
  private let index: Int
  private let binding: PortBinding
  private var reading = false
  private var pipe: PipeReader?
  private var file: FileReader?
  private var drained = false

  init(_ binding: PortBinding, index: Int, of process: ProcessOperator) {
    self.binding = binding
    self.index = index
    owner = OwnerReference(process: process)
  }

  /// The pipe that the program writes to, while it is open.
  var openPipe: FileIdentity? { pipe?.identity }

  func setReading(_ reading: Bool) {
    self.reading = reading
    pipe?.setReading(reading)
    file?.setReading(reading)
  }

  /// The output's pipe is there.
  func open(readEnd: Descriptor, spare: Descriptor) throws(SystemError) {
    guard let process = owner.process else { return }
    let pipe = try PipeReader(
      readEnd: readEnd, spare: spare, eventLoop: process.eventLoop,
      budget: process.resources.budget,
      events: .init(
        read: { [owner, index] in owner.delegate?.operatorWrote($0, output: index) },
        drained: { [weak self] in
          // A pipe that a file stands in for is only put away.
          if self?.file == nil { self?.drain() }
        }))
    self.pipe = pipe
    pipe.setReading(reading)
  }

  /// What has to be looked at before this output counts, when its program has exited 0.
  func question(_ preparation: Preparation) -> OutputQuestion? {
    guard let path = preparation.outputPaths[index], let process = owner.process else { return nil }
    return OutputQuestion(
      index: index, name: process.command.describeOutput(index), path: path,
      pipe: preparation.outputPipes[index],
      moved: pipe.map { $0.total > 0 || $0.waiting > 0 } ?? false)
  }

  /// Nothing of the operator is left: the rest of its pipe is all that comes.
  func operatorGone() {
    if let pipe { pipe.operatorGone() } else if file == nil { drain() }
  }

  /// Sends a file, in the place of a pipe if there is one.
  func send(_ descriptor: Descriptor) {
    guard let process = owner.process else { return }
    let file = FileReader(
      file: descriptor, eventLoop: process.eventLoop, threadPool: process.resources.threadPool,
      events: .init(
        read: { [owner, index] in owner.delegate?.operatorWrote($0, output: index) },
        finished: { [weak self] in self?.sent($0) }))
    self.file = file
    pipe?.discard()
    pipe = nil
    file.setReading(reading)
    file.start()
  }

  /// Drops what has not been read.
  func discard() {
    pipe?.discard()
    file?.discard()
  }

  private func sent(_ error: SystemError?) {
    if let error {
      owner.delegate?.operatorLost(output: index, reason: "its file was not read whole: \(error)")
    } else {
      drain()
    }
  }

  private func drain() {
    guard !drained else { return }
    drained = true
    owner.delegate?.operatorDrained(output: index)
  }
}

/// What is to be found out about an output by named pipe or file, off the loop.
struct OutputQuestion: Sendable {
  var index: Int
  var name: String
  var path: String
  var pipe: OutputNamedPipe?
  /// Whether bytes have come through the named pipe.
  var moved: Bool

  /// Blocks.
  func answer() -> OutputVerdict {
    if let pipe { return .ofPipe(pipe, moved: moved, described: name) }
    return .ofFile(path: path, described: name)
  }
}
