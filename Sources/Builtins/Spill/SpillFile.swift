// The file of a spill: without a name from the beginning, so that nothing of it can stay behind.

internal import CSpawn
internal import Glibc
internal import NIOCore
internal import Operators

/// An open file that only this process knows. Every method blocks: call it from a thread pool, at most
/// one reader and one writer at a time, each in a part of its own.
final class SpillFile: Sendable {
  private let folder: String
  private let descriptor: Int32

  /// Makes the file in `folder`, or by default in `$TMPDIR`, or in /tmp.
  init(in folder: String?) throws(SystemError) {
    let temporary = getenv("TMPDIR").map { String(cString: $0) }
    self.folder = folder ?? temporary.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    self.descriptor = try UnnamedFile.open(in: self.folder, "a spill file")
  }

  deinit {
    close(self.descriptor)
  }

  /// Writes all of it at this offset; at 0 the file holds nothing that counts, and is emptied first.
  func write(_ batch: [ByteBuffer], at offset: Int64) throws(SystemError) {
    if offset == 0 { ftruncate(self.descriptor, 0) }
    var offset = offset
    for buffer in batch {
      let code = buffer.withUnsafeReadableBytes { bytes -> Int32 in
        var rest = bytes[...]
        while !rest.isEmpty {
          let count = pwrite(
            self.descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count,
            Int(offset))
          if count < 0 {
            if errno == EINTR { continue }
            return errno
          }
          rest = rest.dropFirst(count)
          offset += Int64(count)
        }
        return 0
      }
      guard code == 0 else {
        throw SystemError("cannot write the spill file in \(self.folder)", errno: code)
      }
    }
  }

  /// Reads a part that was written, and gives its room back to the disk.
  ///
  /// - Returns: its bytes, and whether the file system could take the room.
  func take(_ part: Range<Int64>) throws(SystemError) -> (bytes: ByteBuffer, isFreed: Bool) {
    var buffer = ByteBufferAllocator().buffer(capacity: part.count)
    while buffer.readableBytes < part.count {
      let rest = part.count - buffer.readableBytes
      let offset = part.lowerBound + Int64(buffer.readableBytes)
      var code: Int32 = 0
      let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: rest) { room in
        let count = pread(self.descriptor, room.baseAddress, rest, Int(offset))
        // A file that ends too early was cut by somebody else.
        code = count < 0 ? errno : count == 0 ? EIO : 0
        return max(count, 0)
      }
      guard count > 0 || code == EINTR else {
        throw SystemError("cannot read the spill file in \(self.folder)", errno: code)
      }
    }
    let result = headrace_free_room(self.descriptor, part.lowerBound, Int64(part.count))
    return (buffer, result == 0)
  }
}
