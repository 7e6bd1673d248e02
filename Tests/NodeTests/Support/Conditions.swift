// Waiting for what must come about, and errors that must come.

import Client
import NIOCore
import NIOPosix
import Testing

struct NeverHappened: Error, CustomStringConvertible {
  var description: String
}

/// Looks again and again until the condition holds; at most two minutes, so that a test that waits
/// for what never comes ends by itself. Between two looks the loop gets its turn.
func eventually(
  _ what: String, sourceLocation: Testing.SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool, otherwise: () -> String = { "" }
) async throws {
  let deadline = NIODeadline.now() + .minutes(2)
  let loop = MultiThreadedEventLoopGroup.singleton.next()
  while try await !condition() {
    guard NIODeadline.now() < deadline else {
      Issue.record("never happened: \(what); \(otherwise())", sourceLocation: sourceLocation)
      throw NeverHappened(description: what)
    }
    try await loop.scheduleTask(in: .milliseconds(2)) {}.futureResult.get()
  }
}

/// The error of `body`, which must be one of this code and have all of these words in its message.
@discardableResult
func failure<Result>(
  _ code: MNPClientError.Code, naming words: String...,
  sourceLocation: Testing.SourceLocation = #_sourceLocation, _ body: () async throws -> Result
) async -> MNPClientError? {
  do {
    let result = try await body()
    Issue.record("\(result), but \(code) was expected", sourceLocation: sourceLocation)
  } catch let error as MNPClientError {
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    for word in words {
      #expect(error.message.contains(word), "\(error)", sourceLocation: sourceLocation)
    }
    return error
  } catch {
    Issue.record("\(error), but \(code) was expected", sourceLocation: sourceLocation)
  }
  return nil
}
