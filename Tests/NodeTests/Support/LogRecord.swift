// A logger whose lines a test can read.

import Logging
import NIOConcurrencyHelpers

/// Everything that was logged, in order.
final class LogRecord: Sendable {
  struct Line: Sendable {
    var message: String
    var metadata: Logger.Metadata
  }

  private let recorded = NIOLockedValueBox([Line]())

  var lines: [Line] { recorded.withLockedValue { $0 } }

  /// The operators' own lines.
  var standardError: [Line] { lines.filter { $0.metadata["stream"] == "stderr" } }

  func logger() -> Logger {
    var logger = Logger(label: "test") { _ in Handler(record: self) }
    logger.logLevel = .debug
    return logger
  }

  fileprivate func append(_ line: Line) { recorded.withLockedValue { $0.append(line) } }
}

private struct Handler: LogHandler {
  let record: LogRecord
  var metadata = Logger.Metadata()
  var logLevel = Logger.Level.debug

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var all = metadata
    if let more = event.metadata { all.merge(more) { $1 } }
    record.append(.init(message: "\(event.message)", metadata: all))
  }
}
