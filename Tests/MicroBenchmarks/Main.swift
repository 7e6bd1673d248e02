// Does one part of a node's work so many times, by itself: `MicroBenchmarks PART COUNT`.
//
// Benchmarks/allocations counts what that allocates, with COUNT and with twice as many. The line on
// standard output tells nanoseconds, for information: they mean as much as the machine was quiet.

import NIOCore

#if canImport(Glibc)
  import Glibc
#endif

@main
enum MicroBenchmarks {
  /// A part does its work `count` times, and returns how many units of it were really done.
  typealias Part = @Sendable (_ count: Int) async throws -> Int

  static let parts: [String: Part] = [
    "deframe-100B": { try deframe(messages: $0, of: 100) },
    "deframe-64K": { try deframe(messages: $0, of: 64 << 10) },
    "push-parse-100B": { try parsePush(messages: $0, of: 100) },
    "push-parse-64K": { try parsePush(messages: $0, of: 64 << 10) },
    "pull-parse-100B": { try parsePull(messages: $0, of: 100) },
    "pull-parse-64K": { try parsePull(messages: $0, of: 64 << 10) },
    "push-encode-100B": { encodeSmall(messages: $0) },
    "push-encode-64K": { encodePush(messages: $0, of: 64 << 10) },
    "pull-encode-64K": { encodePull(messages: $0, of: 64 << 10) },
    "task-life": { try liveTasks($0) },
    "task-fragment": { try passFragments($0) },
    "pipe-pump": { try await pump(mebibytes: $0) },
  ]

  static func main() async throws {
    let words = CommandLine.arguments
    guard words.count == 3, let part = parts[words[1]], let count = Int(words[2]), count > 0 else {
      print(
        "usage: MicroBenchmarks PART COUNT; parts: \(parts.keys.sorted().joined(separator: ", "))")
      exit(64)
    }
    let began = NIODeadline.now()
    let done = try await part(count)
    let nanoseconds = (NIODeadline.now() - began).nanoseconds
    guard done == count else { throw Miscount(done: done, count: count) }
    print("{\"part\": \"\(words[1])\", \"ns\": \(Double(nanoseconds) / Double(count))}")
  }

  struct Miscount: Error {
    var done: Int
    var count: Int
  }
}
