// A file that is pushed into a pipeline.

package import NIOCore

#if canImport(Glibc)
  internal import Glibc
#endif

/// Where a run's input comes from. Every method blocks: call it away from event loops, by one
/// thread at a time.
package final class InputFile {
  package let path: String
  /// Bytes of a regular file; -1 where that is not known.
  package let size: Int64
  package private(set) var bytes: Int64 = 0
  private let descriptor: Int32
  /// Where a read may wait for longer than a disk takes: a pipe, a terminal, a device.
  let interruption: Interruption?
  private let hash = SHA256()

  /// - Parameter path: `-` is standard input.
  package init(path: String) throws(FileFailure) {
    self.path = path
    descriptor = path == "-" ? dup(0) : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure("read", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileFailure("read", path) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw FileFailure("read", path, EISDIR) }
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    size = isRegular ? Int64(status.st_size) : -1
    interruption = isRegular ? nil : try Interruption()
  }

  deinit {
    close(descriptor)
  }

  /// Blocks until there are bytes. Fails with ECANCELED when it is interrupted.
  ///
  /// - Parameter limit: at most so many bytes; what is there is returned at once, so that a slow
  ///   source is passed on as it comes.
  /// - Returns: nothing at the end of the file.
  package func read(limit: Int) throws(FileFailure) -> ByteBuffer? {
    if let interruption, !interruption.wait(for: descriptor) {
      throw FileFailure("read", path, ECANCELED)
    }
    var buffer = ByteBufferAllocator().buffer(capacity: limit)
    var code: Int32 = 0
    let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: limit) { bytes in
      while true {
        let count = Glibc.read(descriptor, bytes.baseAddress, limit)
        if count >= 0 { return count }
        if errno != EINTR {
          code = errno
          return 0
        }
      }
    }
    guard code == 0 else { throw FileFailure("read", path, code) }
    guard count > 0 else { return nil }
    buffer.withUnsafeReadableBytes { hash.update($0) }
    bytes += Int64(count)
    return buffer
  }

  /// SHA-256 of all bytes so far, in hexadecimal.
  package var digest: String { hash.hexadecimal }
}
