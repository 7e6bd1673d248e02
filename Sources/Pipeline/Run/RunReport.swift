// What a run did, for programs: the JSON of `--report`.

internal import FoundationEssentials

/// The report of one run. Field names are the file format; docs/run-report.md tells them.
package struct RunReport: Encodable, Equatable, Sendable {
  package enum Outcome: String, Encodable, Sendable {
    case finished, failed, cancelled
  }

  package struct Port: Encodable, Equatable, Sendable {
    package var port: String
    package var bytes: Int64
    package var messages: Int32
    /// Of an input: bytes that the operator left unread.
    package var unread: Int64?
    /// Of an input: the CRC32C of what has arrived, as 8 hexadecimal digits.
    package var crc32c: String?
    package var error: String?
  }

  package struct Operator: Encodable, Equatable, Sendable {
    package var name: String
    /// The node's URL.
    package var node: String
    package var session: String
    /// finished, failed, or unknown where the node could not be asked.
    package var state: String
    /// The operator's own exit code; 0 when it finished.
    package var exitCode: Int32?
    package var signal: Int32?
    package var error: String?
    package var inputs: [Port]
    package var outputs: [Port]
  }

  package struct Edge: Encodable, Equatable, Sendable {
    package var from: String
    package var to: String
    package var bytes: Int64
    /// From before the first byte to the end, to within the interval at which nodes are asked.
    package var seconds: Double?
  }

  package struct File: Encodable, Equatable, Sendable {
    package var port: String
    package var file: String
    package var bytes: Int64
    package var sha256: String
  }

  package struct Attempt: Encodable, Equatable, Sendable {
    /// The task id on all its nodes.
    package var task: String
    package var seconds: Double
    /// Absent of the one that finished.
    package var error: String?
  }

  package var pipeline: String
  package var run: String
  package var task: String
  package var outcome: Outcome
  package var error: String?
  /// Seconds since 1970.
  package var started: Double
  package var seconds: Double
  /// In their order; one where nothing had to run again.
  package var attempts: [Attempt] = []
  package var operators: [Operator] = []
  package var edges: [Edge] = []
  package var inputs: [File] = []
  package var outputs: [File] = []

  package func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }
}
