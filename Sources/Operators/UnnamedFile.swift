// A file for what must wait on a disk: without a name from the beginning, so that nothing stays behind.

internal import Glibc

package enum UnnamedFile {
  /// Makes and opens an empty file for reading and writing. Blocks.
  ///
  /// - Parameter what: for the error: "a spill file".
  /// - Returns: its descriptor, which is the caller's to close.
  package static func open(in folder: String, _ what: String) throws(SystemError) -> Int32 {
    // O_TMPFILE, whose macro Swift does not import: __O_TMPFILE | O_DIRECTORY.
    let unnamed = Glibc.open(folder, O_RDWR | O_CLOEXEC | 0o20_000_000 | O_DIRECTORY, 0o600)
    guard unnamed < 0 else { return unnamed }
    // A file system without that: named for as long as it takes to take the name away.
    let random = String(UInt64.random(in: .min ... .max), radix: 36)
    let path = "\(folder)/headrace-\(getpid())-\(random)"
    let named = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard named >= 0 else { throw SystemError("cannot make \(what) in \(folder)", errno: errno) }
    unlink(path)
    return named
  }
}
