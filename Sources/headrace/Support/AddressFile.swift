// The file that tells others where a node listens.

#if canImport(Glibc)
  internal import Glibc
#endif

/// Holds the node's URL while it listens: written whole, by rename, and removed at the end.
struct AddressFile {
  private let path: String

  /// - Throws: `UsageError` where the file cannot be written.
  init(path: String, url: String) throws(UsageError) {
    self.path = path
    let draft = "\(path).\(getpid()).tmp"
    guard let file = fopen(draft, "wxe") else {
      throw UsageError("cannot write the address file \(path): \(String(cString: strerror(errno)))")
    }
    let wasWritten = fputs(url + "\n", file) >= 0
    let wasClosed = fclose(file) == 0
    guard wasWritten, wasClosed, rename(draft, path) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(draft)
      throw UsageError("cannot write the address file \(path): \(reason)")
    }
  }

  func remove() {
    unlink(path)
  }
}
