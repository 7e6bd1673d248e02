// Ends a read that waits, from another thread.

#if canImport(Glibc)
  internal import Glibc
#endif

/// A descriptor that becomes readable once it is told to: a read that waits for a person or another
/// program polls it too. Thread-safe.
final class Interruption: Sendable {
  private let readEnd: Int32
  private let writeEnd: Int32

  init() throws(FileFailure) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw FileFailure("make", "a pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  func interrupt() {
    var byte: UInt8 = 0
    _ = write(writeEnd, &byte, 1)
  }

  /// Blocks until a read of `descriptor` would not.
  ///
  /// - Returns: false when it was interrupted instead.
  func wait(for descriptor: Int32) -> Bool {
    var polled = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
    ]
    // What poll itself cannot say, the read will.
    while poll(&polled, 2, -1) < 0, errno == EINTR {}
    return polled[1].revents == 0
  }
}
