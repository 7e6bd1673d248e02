// The machine that a bench ran on, as it describes itself.

internal import Pipeline

#if canImport(Glibc)
  internal import Glibc
#endif

package struct Machine: Equatable, Sendable {
  package var cpu: String
  package var cores: Int
  package var kernel: String
  /// Bytes.
  package var memory: Int

  package init(cpu: String, cores: Int, kernel: String, memory: Int) {
    self.cpu = cpu
    self.cores = cores
    self.kernel = kernel
    self.memory = memory
  }

  package var description: String {
    let gigabytes = BenchReport.fixed(Double(memory) / 1e9, places: 1)
    return "\(cpu), \(cores) \(cores == 1 ? "core" : "cores"), \(kernel), \(gigabytes) GB of memory"
  }

  /// This one.
  static func current() -> Machine {
    let information = ProcFile.fields("/proc/cpuinfo")
    // Not every architecture has a name for its model here.
    let cpu = information["model name"] ?? information["CPU part"].map { "CPU part \($0)" }
    var system = utsname()
    uname(&system)
    let release = withUnsafeBytes(of: system.release) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    let architecture = withUnsafeBytes(of: system.machine) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    let kilobytes = ProcFile.kilobytes(ProcFile.fields("/proc/meminfo")["MemTotal"])
    return Machine(
      cpu: cpu ?? architecture, cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
      kernel: "Linux \(release) \(architecture)", memory: kilobytes * 1024)
  }
}

/// Files of /proc and /sys.
enum ProcFile {
  /// The whole text; nil where it cannot be read.
  static func read(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The lines `NAME: VALUE`; of several of one name the first.
  static func fields(_ path: String) -> [String: String] {
    var fields: [String: String] = [:]
    for line in (read(path) ?? "").split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = trimmed(line[..<colon])
      if fields[name] == nil { fields[name] = trimmed(line[line.index(after: colon)...]) }
    }
    return fields
  }

  /// `1234 kB`; 0 for none.
  static func kilobytes(_ text: String?) -> Int {
    text?.split(separator: " ").first.flatMap { Int($0) } ?? 0
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
