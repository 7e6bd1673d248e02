// What one run of `headrace bench-peer` has to say of itself.

internal import NIOCore

#if canImport(Glibc)
  internal import Glibc
#endif

/// Bytes that were moved, the seconds, and the CPU seconds of this process and its children in them.
package struct PeerSample: Sendable {
  package var bytes: Int
  package var seconds: Double
  package var cpuSeconds: Double

  /// Measures `move`, which returns the bytes, each of which has arrived.
  package init(_ move: () async throws -> Int) async throws {
    let cpu = Self.cpuSeconds
    let began = NIODeadline.now()
    bytes = try await move()
    seconds = Double((NIODeadline.now() - began).nanoseconds) / 1e9
    cpuSeconds = Self.cpuSeconds - cpu
  }

  /// As the peers in C say it.
  package var json: String {
    "{\"bytes\": \(bytes), \"messages\": 0, \"seconds\": \(seconds), \"cpu\": \(cpuSeconds)}"
  }

  /// Of this process, and of the children that it has waited for.
  private static var cpuSeconds: Double {
    var children = rusage()
    getrusage(RUSAGE_CHILDREN.rawValue, &children)
    return [children.ru_utime, children.ru_stime].reduce(ProcessFigures.own.cpuSeconds) {
      $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
    }
  }
}
