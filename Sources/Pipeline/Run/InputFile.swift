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
  /// Bytes read, since the beginning or the last `rewind`.
  package private(set) var bytes: Int64 = 0
  private let descriptor: Int32
  /// Where a regular file was when it was opened: standard input may be in the middle of one.
  private let start: Int
  /// Where a read may wait for longer than a disk takes: a pipe, a terminal, a device.
  private(set) var interruption: Interruption?
  private var hash = SHA256()
  /// All that was read of what cannot be read twice.
  private let spool: Spool?
  /// What cannot be read twice has come to its end, which may not be there a second time.
  private var hasEnded = false

  /// Whether a file can be read again from its beginning. What is not there is told when it is opened.
  ///
  /// - Parameter path: `-` is standard input.
  package static func canBeReadTwice(_ path: String) -> Bool {
    var status = stat()
    let result = path == "-" ? fstat(0, &status) : stat(path, &status)
    return result != 0 || status.st_mode & S_IFMT == S_IFREG
  }

  /// - Parameters:
  ///   - path: `-` is standard input.
  ///   - spoolFolder: where what cannot be read twice is kept; nil keeps nothing.
  package init(path: String, spoolFolder: String? = nil) throws(FileFailure) {
    self.path = path
    descriptor = path == "-" ? dup(0) : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure("read", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileFailure("read", path) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw FileFailure("read", path, EISDIR) }
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    size = isRegular ? Int64(status.st_size) : -1
    start = isRegular ? lseek(descriptor, 0, SEEK_CUR) : 0
    interruption = isRegular ? nil : try Interruption()
    if let spoolFolder, !isRegular { spool = try Spool(in: spoolFolder) } else { spool = nil }
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
    let buffer: ByteBuffer?
    if let spool, bytes < spool.size {
      buffer = try spool.read(limit: limit, at: bytes)
    } else {
      buffer = hasEnded ? nil : try readOn(limit: limit)
    }
    guard let buffer else { return nil }
    buffer.withUnsafeReadableBytes { hash.update($0) }
    bytes += Int64(buffer.readableBytes)
    return buffer
  }

  /// Reads on from the file itself.
  private func readOn(limit: Int) throws(FileFailure) -> ByteBuffer? {
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
    guard count > 0 else {
      hasEnded = spool != nil
      return nil
    }
    try spool?.append(buffer)
    return buffer
  }

  /// The next read begins at the beginning, with what the spool holds where there is one.
  ///
  /// Fails with ESPIPE for what cannot be read twice and was not kept.
  func rewind() throws(FileFailure) {
    if interruption == nil {
      guard lseek(descriptor, start, SEEK_SET) >= 0 else { throw FileFailure("read", path) }
    } else {
      guard spool != nil else { throw FileFailure("read", path, ESPIPE) }
      interruption = try Interruption()
    }
    bytes = 0
    hash = SHA256()
  }

  /// SHA-256 of all bytes so far, in hexadecimal.
  package var digest: String { hash.hexadecimal }
}
