// What came from a source that cannot be read twice, kept so that it can.

internal import NIOCore
internal import Operators

#if canImport(Glibc)
  internal import Glibc
#endif

/// A file without a name that holds all of a source so far: gone with the run, however that ends. Every
/// method blocks: one thread at a time.
final class Spool {
  private let folder: String
  private let descriptor: Int32
  private(set) var size: Int64 = 0

  init(in folder: String) throws(FileFailure) {
    self.folder = folder
    do throws(SystemError) {
      descriptor = try UnnamedFile.open(in: folder, "a spool")
    } catch {
      throw FileFailure("make a spool in", folder, error.errno)
    }
  }

  deinit {
    close(descriptor)
  }

  func append(_ bytes: ByteBuffer) throws(FileFailure) {
    let code = bytes.withUnsafeReadableBytes { bytes -> Int32 in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = pwrite(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, Int(size))
        if count < 0 {
          if errno == EINTR { continue }
          return errno
        }
        rest = rest.dropFirst(count)
        size += Int64(count)
      }
      return 0
    }
    guard code == 0 else { throw FileFailure("write the spool in", folder, code) }
  }

  /// - Returns: at most `limit` bytes from `offset` on, of which there are some.
  func read(limit: Int, at offset: Int64) throws(FileFailure) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: limit)
    var code: Int32 = 0
    let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: limit) { room in
      while true {
        let count = pread(descriptor, room.baseAddress, limit, Int(offset))
        if count >= 0 { return count }
        if errno != EINTR {
          code = errno
          return 0
        }
      }
    }
    guard count > 0 else { throw FileFailure("read the spool in", folder, code == 0 ? EIO : code) }
    return buffer
  }
}
