// File descriptors that are closed exactly once, whoever lets go of them last.

internal import CSpawn
internal import Glibc
internal import Synchronization

/// An open file descriptor, closed by `close()` or with its last reference.
///
/// It may be handed from a thread pool to an event loop. Using it while another thread closes it is
/// the caller's mistake: each has one user at a time.
final class Descriptor: Sendable {
  private let raw: Atomic<Int32>

  init(owning number: Int32) { raw = Atomic(number) }

  deinit { close() }

  /// The number, or -1 once it is closed or released.
  var number: Int32 { raw.load(ordering: .acquiring) }

  func close() {
    let number = release()
    if number >= 0 { _ = Glibc.close(number) }
  }

  /// Hands the descriptor over: closing it is then the caller's duty.
  func release() -> Int32 { raw.exchange(-1, ordering: .acquiringAndReleasing) }

  /// A second descriptor of the same open file.
  func duplicate() throws(SystemError) -> Descriptor {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw SystemError("cannot duplicate a descriptor", errno: errno) }
    return Descriptor(owning: copy)
  }

  /// How many bytes are in the pipe, unread. Either end may be asked.
  var unreadBytes: Int {
    var count: Int32 = 0
    return ioctl(number, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
  }

  func setNonBlocking() {
    let flags = fcntl(number, F_GETFL)
    _ = fcntl(number, F_SETFL, flags | O_NONBLOCK)
  }

  static func open(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemError)
    -> Descriptor
  {
    let number = Glibc.open(path, flags | O_CLOEXEC, mode)
    guard number >= 0 else { throw SystemError("cannot open \(path)", errno: errno) }
    return Descriptor(owning: number)
  }
}

/// Both ends of a new pipe; close-on-exec, blocking.
struct PipeEnds: Sendable {
  let readEnd: Descriptor
  let writeEnd: Descriptor

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    let result = headrace_pipe(&ends)
    guard result == 0 else { throw SystemError("cannot make a pipe", errno: -result) }
    readEnd = Descriptor(owning: ends[0])
    writeEnd = Descriptor(owning: ends[1])
  }
}

/// Which file a path or a descriptor stands for.
struct FileIdentity: Hashable, Sendable {
  var device: UInt64
  var inode: UInt64
  var isRegular: Bool

  init?(of descriptor: Descriptor) {
    var status = stat()
    guard fstat(descriptor.number, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    isRegular = status.st_mode & S_IFMT == S_IFREG
  }
}
