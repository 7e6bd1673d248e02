// How much memory this process may use: what its control groups and the machine say.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

enum MemoryLimit {
  /// The smallest limit that holds for this process, in bytes.
  static func current() -> Int {
    self.smallest(machine: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))) { path in
      self.read(path)
    }
  }

  /// A limit on any group above ours holds for us too. Version 2 keeps them in memory.max, version
  /// 1 in memory.limit_in_bytes, with a huge number for none. In a container the group's path is
  /// often that of the host, and only the root of the mount is ours: so the root counts as well.
  static func smallest(machine: Int, read: (String) -> String?) -> Int {
    var limit = machine > 0 ? machine : Int.max
    for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isVersion2 = parts[0] == "0" && parts[1].isEmpty
      guard isVersion2 || parts[1].split(separator: ",").contains("memory") else { continue }
      let mount = isVersion2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
      let file = isVersion2 ? "memory.max" : "memory.limit_in_bytes"
      var group = parts[2].split(separator: "/")
      while true {
        let folder = group.map { "/" + $0 }.joined()
        if let text = read("\(mount)\(folder)/\(file)"),
          let bytes = Int(text.prefix { $0 != "\n" }), bytes > 0
        {
          limit = min(limit, bytes)
        }
        if group.popLast() == nil { break }
      }
    }
    return limit
  }

  private static func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { buffer in
      #if canImport(Glibc)
        Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      #elseif canImport(Musl)
        Musl.read(descriptor, buffer.baseAddress, buffer.count)
      #endif
    }
    return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }
}
