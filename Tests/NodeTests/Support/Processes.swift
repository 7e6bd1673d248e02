// What the operators' processes leave behind.

import Glibc

/// Whether a process of this number runs. One that has ended and that nobody has reaped does not.
func isRunning(_ pid: Int) -> Bool {
  guard let file = fopen("/proc/\(pid)/stat", "r") else { return false }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 512)
  let count = fread(&bytes, 1, bytes.count, file)
  let text = String(decoding: bytes.prefix(count), as: UTF8.self)
  // The program's name, in brackets, may hold blanks and brackets.
  guard let state = text.split(separator: ")").last?.split(separator: " ").first else {
    return false
  }
  return state != "Z" && state != "X"
}
