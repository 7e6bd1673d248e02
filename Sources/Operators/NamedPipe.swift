// Named pipes, as they really are: opened by the program when it likes, or never.

internal import Glibc
internal import NIOCore

/// A named pipe for an output: opened by us before the program starts.
struct OutputNamedPipe: Sendable {
  let path: String
  let readEnd: Descriptor
  /// Held until the operator is gone, so that several opens concatenate.
  let spare: Descriptor
  let token: OpenWatch.Token

  /// Blocks.
  init(path: String) throws(SystemError) {
    self.path = path
    try makeNamedPipe(path)
    // Non-blocking opens: reading succeeds without a writer, and writing then has a reader.
    readEnd = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
    spare = try Descriptor.open(path, O_WRONLY | O_NONBLOCK)
    token = OpenWatch.shared.watch(path)
  }
}

/// A named pipe for an input: it cannot be opened before the program opens it, so that is tried on a
/// timer while the operator lives. Confined to one event loop.
final class InputNamedPipe {
  private let path: String
  private let eventLoop: any EventLoop
  private let opened: (Descriptor) -> Void
  private let failed: (SystemError) -> Void
  private var timer: Scheduled<Void>?
  private var finished = false
  private let since = NIODeadline.now()

  private static let longestPause = TimeAmount.milliseconds(100)

  /// `opened` gets the write end once; closing it before the program has opened the other end would
  /// lose what was written and hang the reader.
  init(
    path: String, eventLoop: any EventLoop, opened: @escaping (Descriptor) -> Void,
    failed: @escaping (SystemError) -> Void
  ) {
    self.path = path
    self.eventLoop = eventLoop
    self.opened = opened
    self.failed = failed
  }

  /// The program runs.
  func start() { attempt() }

  /// The pipe is closed for good, or nothing of the operator is left. Without its path, a program
  /// that opens it a second time gets an error instead of waiting for ever.
  func finish() {
    guard !finished else { return }
    finished = true
    timer?.cancel()
    timer = nil
    unlink(path)
  }

  private func attempt() {
    guard !finished else { return }
    do throws(SystemError) {
      let descriptor = try Descriptor.open(path, O_WRONLY | O_NONBLOCK)
      opened(descriptor)
    } catch {
      switch error.errno {
      case ENXIO, EINTR:
        // The program waits at most an eighth longer than it has taken to get there.
        let waited = NIODeadline.now() - since
        let pause = min(
          max(.milliseconds(1), .nanoseconds(waited.nanoseconds / 8)), Self.longestPause)
        timer = eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in
          self?.attempt()
        }
      case ENOENT:
        // The program has removed it: it will not be opened any more.
        break
      default:
        failed(error)
      }
    }
  }
}

/// Makes a named pipe that only this user may open.
func makeNamedPipe(_ path: String) throws(SystemError) {
  guard mkfifo(path, 0o600) == 0 else {
    throw SystemError("cannot make the named pipe \(path)", errno: errno)
  }
}
