// A file that appears whole or not at all.

package import NIOCore

#if canImport(Glibc)
  internal import Glibc
#endif

/// Why a file cannot be read or written.
package struct FileFailure: Error, Equatable, CustomStringConvertible {
  package var path: String
  package var action: String
  package var errnoCode: Int32

  package var description: String {
    "cannot \(action) \(path): \(String(cString: strerror(errnoCode)))"
  }

  init(_ action: String, _ path: String, _ code: Int32 = errno) {
    self.action = action
    self.path = path
    errnoCode = code
  }
}

/// Where a run's output goes.
///
/// A regular file is written without a name (`O_TMPFILE`) and gets its name by ``publish()``: until
/// then nothing can be seen of it, and a process that is killed leaves nothing behind. On a file
/// system without that it is a hidden file beside the target. Pipes, devices and standard output
/// (`-`) are written directly.
///
/// Every method blocks on the disk: call it away from event loops, by one thread at a time.
package final class OutputFile {
  private enum Place {
    /// Standard output, a pipe or a device.
    case direct
    /// No name yet.
    case unnamed(folder: String)
    /// A hidden draft beside the target.
    case draft(String)
    case closed
  }

  package let path: String
  package private(set) var bytes: Int64 = 0
  private var place: Place
  private let descriptor: Int32
  private let ownsDescriptor: Bool
  private let hash = SHA256()

  /// - Parameter path: the target; `-` is standard output.
  /// - Throws: ``FileFailure`` where it cannot be written, before any data has moved.
  package init(path: String) throws(FileFailure) {
    self.path = path
    guard path != "-" else {
      (place, descriptor, ownsDescriptor) = (.direct, 1, false)
      return
    }
    ownsDescriptor = true
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      guard status.st_mode & S_IFMT != S_IFDIR else { throw FileFailure("write", path, EISDIR) }
      descriptor = open(path, O_WRONLY | O_CLOEXEC)
      place = .direct
    } else {
      let folder = Self.folder(of: path)
      // O_TMPFILE, whose macro Swift does not import: __O_TMPFILE | O_DIRECTORY.
      let unnamed = open(folder, O_WRONLY | O_CLOEXEC | 0o20_000_000 | O_DIRECTORY, 0o666)
      if unnamed >= 0 {
        (descriptor, place) = (unnamed, .unnamed(folder: folder))
      } else {
        let draft = Self.draftName(in: folder)
        descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        place = .draft(draft)
      }
    }
    guard descriptor >= 0 else { throw FileFailure("write", path) }
  }

  deinit {
    discard()
  }

  package func write(_ buffer: ByteBuffer) throws(FileFailure) {
    let code = buffer.withUnsafeReadableBytes { bytes -> Int32 in
      hash.update(bytes)
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Glibc.write(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0 {
          if errno == EINTR { continue }
          return errno
        }
        rest = rest.dropFirst(count)
      }
      return 0
    }
    guard code == 0 else {
      throw FileFailure("write", path == "-" ? "to standard output" : path, code)
    }
    bytes += Int64(buffer.readableBytes)
  }

  /// Gives the file its name, over a former file of that name. Nothing to do for what is direct.
  package func publish() throws(FileFailure) {
    switch place {
    case .direct:
      close()
    case .unnamed(let folder):
      // linkat cannot replace a file: a hidden name first, then rename.
      let draft = Self.draftName(in: folder)
      guard linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, draft, AT_SYMLINK_FOLLOW) == 0
      else { throw FileFailure("publish", path) }
      place = .draft(draft)
      try rename(draft)
    case .draft(let draft):
      try rename(draft)
    case .closed:
      break
    }
  }

  /// Drops what was written, unless it is published.
  package func discard() {
    if case .draft(let draft) = place { unlink(draft) }
    close()
  }

  /// SHA-256 of all bytes so far, in hexadecimal.
  package var digest: String { hash.hexadecimal }

  private func rename(_ draft: String) throws(FileFailure) {
    guard Glibc.rename(draft, path) == 0 else { throw FileFailure("publish", path) }
    place = .direct
    close()
  }

  private func close() {
    if case .closed = place { return }
    place = .closed
    if ownsDescriptor { Glibc.close(descriptor) }
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func draftName(in folder: String) -> String {
    "\(folder)/.headrace-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
  }
}
