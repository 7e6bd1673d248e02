// What tests look at outside of the process: files, processes, descriptors.

import Glibc
import Testing

/// A file whose existence a script waits for.
final class Mark: Sendable {
  let path = temporaryPath()

  deinit { unlink(path) }

  /// Shell code that waits until it is set.
  var wait: String { "while [ ! -e \(path) ]; do sleep 0.01; done" }

  var isSet: Bool { access(path, F_OK) == 0 }

  func set() { close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)) }
}

/// A path that nothing has yet.
func temporaryPath() -> String {
  "/tmp/headrace-test-\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
}

func exists(_ path: String) -> Bool {
  var status = stat()
  return lstat(path, &status) == 0
}

/// Waits for something outside of this process; a minute is far more than it can take.
func eventually(
  _ what: String = "the condition", _ condition: () async throws -> Bool
) async throws {
  for _ in 0..<6000 {
    if try await condition() { return }
    try await _Concurrency.Task.sleep(for: .milliseconds(10))
  }
  Issue.record("waited a minute for \(what)")
}

/// Whether a process runs; a zombie does not.
func isAlive(_ pid: Int32) -> Bool {
  guard let text = read("/proc/\(pid)/stat") else { return false }
  // pid (name) state: the name may hold anything.
  guard let bracket = text.lastIndex(of: ")") else { return false }
  let state = text[text.index(after: bracket)...].first { $0 != " " }
  return state != "Z" && state != "X"
}

func read(_ path: String) -> String? {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: 64 * 1024)
  let count = read(file, &bytes, bytes.count)
  return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
}

func entries(of folder: String) -> [String] {
  guard let handle = opendir(folder) else { return [] }
  defer { closedir(handle) }
  var names: [String] = []
  while let entry = readdir(handle) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names
}
