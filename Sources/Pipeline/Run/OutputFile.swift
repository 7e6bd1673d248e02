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

  /// A read that waited was told to stop.
  var isInterruption: Bool { errnoCode == ECANCELED }

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
/// (`-`, /dev/stdout) are written directly. A symbolic link stays: the file that it leads to is
/// replaced, and keeps its mode.
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
  /// Where the path leads to, through symbolic links.
  private let target: String
  private var place: Place
  private let descriptor: Int32
  private let ownsDescriptor: Bool
  private var hash = SHA256()

  /// - Parameter path: the target; `-` is standard output.
  /// - Throws: ``FileFailure`` where it cannot be written, before any data has moved.
  package init(path: String) throws(FileFailure) {
    self.path = path
    if let inherited = Self.inheritedDescriptor(path) {
      (target, place, descriptor, ownsDescriptor) = (path, .direct, inherited, false)
      return
    }
    guard !path.isEmpty else { throw FileFailure("write", "''", ENOENT) }
    ownsDescriptor = true
    target = Self.target(of: path)
    var status = stat()
    let exists = stat(target, &status) == 0
    if exists, status.st_mode & S_IFMT != S_IFREG {
      guard status.st_mode & S_IFMT != S_IFDIR else { throw FileFailure("write", path, EISDIR) }
      descriptor = open(target, O_WRONLY | O_CLOEXEC)
      place = .direct
    } else {
      // What must not be written must not be replaced either.
      guard !exists || access(target, W_OK) == 0 else { throw FileFailure("write", path) }
      let folder = Self.folder(of: target)
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
    if exists, status.st_mode & S_IFMT == S_IFREG { fchmod(descriptor, status.st_mode & 0o7777) }
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

  /// Whether bytes have gone where they cannot be taken back from.
  var isIrrevocable: Bool {
    if case .direct = place { bytes > 0 } else { false }
  }

  /// Drops what was written, to begin again.
  func restart() throws(FileFailure) {
    precondition(!isIrrevocable, "what was sent cannot be taken back")
    guard bytes > 0 else { return }
    guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
      throw FileFailure("write", path)
    }
    bytes = 0
    hash = SHA256()
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
    guard Glibc.rename(draft, target) == 0 else { throw FileFailure("publish", path) }
    place = .direct
    close()
  }

  private func close() {
    if case .closed = place { return }
    place = .closed
    if ownsDescriptor { Glibc.close(descriptor) }
  }

  /// A descriptor that the program was started with: `-`, /dev/stdout and their like. To open such a
  /// path would begin again at the file's start; to replace it would take it from everybody.
  private static func inheritedDescriptor(_ path: String) -> Int32? {
    switch path {
    case "-", "/dev/stdout": return 1
    case "/dev/stderr": return 2
    default:
      for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) {
        return Int32(path.dropFirst(folder.count))
      }
      return nil
    }
  }

  /// Follows symbolic links, also to what is not there yet.
  private static func target(of path: String) -> String {
    var target = path
    // As many as the kernel follows.
    for _ in 0..<40 {
      var link = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(target, &link, link.count)
      guard count > 0 else { break }
      let text = String(decoding: link.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
      target = text.hasPrefix("/") ? text : "\(folder(of: target))/\(text)"
    }
    return target
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func draftName(in folder: String) -> String {
    "\(folder)/.headrace-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
  }
}
