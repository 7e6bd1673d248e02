// Reads a small text file: the only touch of the disk in this module.

#if canImport(Musl)
  private import Musl
#else
  private import Glibc
#endif

package enum TextFile {
  /// What people write by hand is far smaller; more is a data file named by mistake.
  package static let limit = 1 << 20

  /// The whole text of `path` (`-` is standard input), as people write it by hand.
  ///
  /// - Throws: with the reason, located at the file as a whole.
  package static func read(_ path: String) throws(FileErrors) -> String {
    try read(path, limit: limit)
  }

  /// The same for files that may be larger: of at most `limit` bytes.
  ///
  /// - Throws: with the reason, located at the file as a whole.
  package static func read(
    _ path: String, limit: Int
  ) throws(FileErrors) -> String {
    func failure(_ reason: String) -> FileErrors {
      FileErrors([Diagnostic(reason, at: SourceLocation(file: path))])
    }
    func systemFailure() -> FileErrors {
      failure("cannot be read: \(String(cString: strerror(errno)))")
    }
    let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemFailure() }
    defer { if path != "-" { close(descriptor) } }

    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = chunk.withUnsafeMutableBytes { buffer in
        #if canImport(Musl)
          Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
          Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw systemFailure() }
      if count == 0 { break }
      bytes += chunk[..<count]
      guard bytes.count <= limit else { throw failure("is larger than \(limit) bytes") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw failure("is not UTF-8 text")
    }
    return text
  }

  /// The path without `.` and `..` steps, absolute. `..` is taken by name, not through links, as a
  /// shell shows it.
  package static func absolute(_ path: String, in folder: String? = nil) -> String {
    var start = ""
    if !path.hasPrefix("/") { start = folder.map { absolute($0) } ?? currentFolder() }
    var steps: [Substring] = []
    for step in (start + "/" + path).split(separator: "/") where step != "." {
      if step == ".." { _ = steps.popLast() } else { steps.append(step) }
    }
    return "/" + steps.joined(separator: "/")
  }

  /// The folder that a file is in, absolute; for standard input the current one.
  package static func folder(of path: String) -> String {
    path == "-" ? currentFolder() : absolute(path + "/..")
  }

  private static func currentFolder() -> String {
    guard let buffer = getcwd(nil, 0) else { return "/" }
    defer { free(buffer) }
    return String(cString: buffer)
  }
}
