// What all measurements have in common.

internal import MNP
internal import NIOCore
internal import Pipeline

/// One thing that is measured, run after run.
protocol Measurement: Sendable {
  var subject: Subject { get }

  /// About the seconds of one run, where a run's load takes `seconds`.
  func duration(_ seconds: Double) -> Double

  /// One run.
  ///
  /// - Throws: whatever broke, and where what has arrived is not what was sent: never a figure then.
  func run(_ lab: Lab) async throws -> Sample
}

extension Measurement {
  func duration(_ seconds: Double) -> Double { seconds + 0.05 }

  /// - Throws: where bytes were lost or made up.
  func check(_ arrived: Int, equals sent: Int, at place: String) throws {
    guard arrived == sent else {
      throw RunFailure(
        .dataBroken, "\(subject.label): \(sent) bytes were sent, \(arrived) arrived at \(place)")
    }
  }
}

extension BenchOptions {
  var time: TimeAmount { .nanoseconds(Int64(seconds * 1e9)) }

  /// For latencies: they need samples, not bytes.
  var halfTime: TimeAmount { .nanoseconds(Int64(seconds * 5e8)) }
}

/// Data to send: every byte once written, so that no page of it is shared with others.
enum Payload {
  static func make(_ size: Int) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: size)
    buffer.writeRepeatingByte(0x5A, count: size)
    return buffer
  }

  static let record = make(recordSize)
  static let recordSize = 100
  /// Of one run: what is beyond would only be memory.
  static let mostSamples = 20_000
}

extension [QueryTaskResponse] {
  /// Bytes at an input of a node of the chain.
  func input(_ node: Int, _ port: Int = 0) -> Int {
    let ports = self[node].inputs
    return ports.indices.contains(port) ? Int(ports[port].bytes) : -1
  }

  func output(_ node: Int, _ port: Int = 0) -> Int {
    let ports = self[node].outputs
    return ports.indices.contains(port) ? Int(ports[port].bytes) : -1
  }
}
