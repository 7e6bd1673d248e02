// Blocking file work, away from event loops and from Swift's own threads.

internal import NIOPosix

enum Disk {
  private static let pool = NIOThreadPool.singleton

  /// Runs `body` on a thread that may block. The caller waits for its end, so what the body captures
  /// is used by one thread at a time.
  static func run<Value>(_ body: @escaping () throws -> Value) async throws -> Value {
    let work = HandedOver(value: body)
    return try await pool.runIfActive { HandedOver(value: try work.value()) }.value
  }
}

/// What one thread hands to another and does not touch until it is back.
private struct HandedOver<Value>: @unchecked Sendable {
  var value: Value
}
