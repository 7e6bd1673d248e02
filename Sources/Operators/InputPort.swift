// An input of a process operator: one face for pipes, named pipes and files.

internal import Glibc
internal import NIOCore

/// Leads from a port back to its operator, which owns it.
struct OwnerReference {
  weak var process: ProcessOperator?

  var delegate: (any OperatorDelegate)? { process?.delegate }
}

/// Confined to one event loop. The delegate is never called from within `write` or `end`.
final class InputPort {
  private enum Way {
    case pipe(PipeWriter)
    case file(FileWriter)
    /// The program does not know of it: everything is dropped.
    case none
  }

  private let owner: OwnerReference
  private let index: Int
  private let way: Way
  private var namedPipe: InputNamedPipe?
  /// Bytes that a port without a way has swallowed.
  private var swallowed = 0
  /// False for an input by file that is not whole yet.
  private(set) var isReady: Bool

  init(_ binding: PortBinding, index: Int, of process: ProcessOperator) {
    let owner = OwnerReference(process: process)
    self.owner = owner
    self.index = index
    isReady = binding.via != .file
    let took = { (bytes: Int) -> Void in owner.delegate?.operatorTook(bytes, input: index) }
    switch binding.via {
    case .stdin, .fd, .fifo, .stdout:
      way = .pipe(
        PipeWriter(
          eventLoop: process.eventLoop, budget: process.resources.budget,
          events: .init(
            took: took,
            closed: { owner.delegate?.operatorClosed(input: index, unread: $0) },
            finished: { owner.process?.inputs[index].namedPipe?.finish() })))
    case .file:
      way = .file(
        FileWriter(
          eventLoop: process.eventLoop, threadPool: process.resources.threadPool,
          events: .init(
            took: took,
            complete: { owner.process?.inputs[index].complete() },
            failed: { owner.process?.inputs[index].fail("cannot be stored in a file: \($0)") })))
    case .none:
      way = .none
    }
  }

  func write(_ bytes: ByteBuffer) {
    switch way {
    case .pipe(let writer): writer.write(bytes)
    case .file(let writer): writer.write(bytes)
    case .none:
      let count = bytes.readableBytes
      swallowed += count
      guard count > 0, let process = owner.process else { return }
      process.eventLoop.assumeIsolated().execute { [owner, index] in
        owner.delegate?.operatorTook(count, input: index)
      }
    }
  }

  func end() {
    switch way {
    case .pipe(let writer): writer.end()
    case .file(let writer): writer.end()
    case .none: break
    }
  }

  /// The pipe that the program reads, while it is open.
  var pipe: FileIdentity? {
    if case .pipe(let writer) = way { writer.pipe } else { nil }
  }

  /// The port's pipe is there.
  func attach(pipe: Descriptor) throws(SystemError) {
    if case .pipe(let writer) = way { try writer.attach(pipe) }
  }

  /// The port's file is there.
  func attach(file: Descriptor) {
    if case .file(let writer) = way { writer.attach(file) }
  }

  /// The program runs, and may open its named pipe.
  func lookForReader(path: String) {
    guard case .pipe(let writer) = way, let process = owner.process else { return }
    let failed = { [owner, index] (error: SystemError) -> Void in
      owner.process?.inputs[index].fail(error.description)
    }
    let pipe = InputNamedPipe(
      path: path, eventLoop: process.eventLoop,
      opened: { descriptor in
        do throws(SystemError) { try writer.attach(descriptor) } catch { failed(error) }
      }, failed: failed)
    namedPipe = pipe
    pipe.start()
  }

  /// Nothing of the operator is left.
  func operatorGone() {
    namedPipe?.finish()
    switch way {
    case .pipe(let writer): writer.operatorGone()
    case .file(let writer): writer.operatorGone()
    case .none:
      if swallowed > 0 { owner.delegate?.operatorClosed(input: index, unread: swallowed) }
    }
  }

  private func complete() {
    isReady = true
    owner.process?.launchWhenReady()
  }

  private func fail(_ message: String) {
    guard let process = owner.process else { return }
    process.fail(OperatorFailure("\(process.command.describeInput(index)): \(message)"))
  }
}
