// CPU time and memory of a process, as the kernel counts them.

#if canImport(Glibc)
  internal import Glibc
#endif

/// Reads what the kernel knows of one process, by its number.
struct ProcessFigures: Sendable {
  let pid: Int32

  static let own = ProcessFigures(pid: getpid())

  /// CPU seconds of all its threads so far, those that have ended included, to the nanosecond
  /// (clock_getcpuclockid; the ticks of /proc/PID/stat are 10 ms).
  var cpuSeconds: Double {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// CPU seconds of the children that it has waited for, in ticks (cutime and cstime, proc(5)).
  var childrenSeconds: Double {
    // The name, in parentheses, may hold blanks: fields are counted from behind it.
    guard let text = ProcFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
      return 0
    }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 14, let user = Double(fields[13]), let system = Double(fields[14]) else {
      return 0
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  struct Memory: Sendable {
    /// VmRSS, VmHWM and RssAnon, in 10^6 bytes.
    var resident: Double
    var peakResident: Double
    var own: Double
  }

  var memory: Memory {
    let fields = ProcFile.fields("/proc/\(pid)/status")
    func megabytes(_ name: String) -> Double {
      Double(ProcFile.kilobytes(fields[name])) * 1024 / 1e6
    }
    return Memory(
      resident: megabytes("VmRSS"), peakResident: megabytes("VmHWM"), own: megabytes("RssAnon"))
  }

  /// Begins to count the most resident memory anew (5 to clear_refs, proc(5)). Without effect where
  /// the kernel does not allow it: the peak is then that of the process's whole life.
  func forgetPeak() {
    guard let file = fopen("/proc/\(pid)/clear_refs", "we") else { return }
    fputs("5", file)
    fclose(file)
  }
}
