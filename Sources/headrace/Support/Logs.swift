// The log: standard error, one line an event, as text or JSON.

internal import ArgumentParser
internal import Logging
internal import NIOConcurrencyHelpers
internal import Pipeline

#if canImport(Glibc)
  internal import Glibc
#endif

enum LogFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case text, json
}

/// A level of the log, as a flag takes it.
struct LogLevel: ExpressibleByArgument, CustomStringConvertible {
  var level: Logger.Level

  init(_ level: Logger.Level) {
    self.level = level
  }

  init?(argument: String) {
    guard let level = Logger.Level(rawValue: argument) else { return nil }
    self.init(level)
  }

  static var allValueStrings: [String] { Logger.Level.allCases.map(\.rawValue) }
  var description: String { level.rawValue }
}

/// The flags that say what is logged, and how.
struct LogOptions: ParsableArguments {
  @Option(help: "What is logged: trace, debug, info, notice, warning, error, critical.")
  var logLevel = Twin.value("LOG_LEVEL", default: LogLevel(.info))

  @Option(help: "How it is logged to standard error: text or json.")
  var logFormat: LogFormat = Twin.value("LOG_FORMAT", default: .text)

  /// Whether the command line, or its twin, asks for JSON: known also where parsing it failed.
  static var isJSONWanted: Bool {
    let arguments = CommandLine.arguments.prefix { $0 != "--" }
    if arguments.contains("--log-format=json") { return true }
    if let flag = arguments.lastIndex(of: "--log-format") {
      return arguments.dropFirst(flag + 1).first == "json"
    }
    return Twin.string("LOG_FORMAT") == "json"
  }

  func makeLogger(_ label: String) -> Logger {
    var logger = Logger(label: label) { StandardErrorLog(label: $0, format: logFormat) }
    logger.logLevel = logLevel.level
    return logger
  }
}

/// Writes each event with one `write`, so that lines of several loops never mix.
struct StandardErrorLog: LogHandler {
  var logLevel = Logger.Level.info
  var metadata = Logger.Metadata()
  private let label: String
  private let format: LogFormat

  init(label: String, format: LogFormat) {
    self.label = label
    self.format = format
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = event.metadata.map { metadata.merging($0) { _, new in new } } ?? metadata
    let pairs = all.sorted { $0.key < $1.key }
    let line =
      switch format {
      case .text: text(event, pairs)
      case .json: json(event, pairs)
      }
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  }

  private func text(_ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)])
    -> String
  {
    var line = "\(Self.timestamp()) \(event.level.rawValue) \(label)"
    for (key, value) in pairs { line += " \(key)=\(value)" }
    return line + ": \(event.message)"
  }

  private func json(_ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)])
    -> String
  {
    var line = #"{"time":"\#(Self.timestamp())","level":"\#(event.level.rawValue)""#
    line += #","node":\#(JSONText.quoted(label))"#
    for (key, value) in pairs { line += ",\(JSONText.quoted(key)):\(JSONText.quoted("\(value)"))" }
    return line + #","message":\#(JSONText.quoted("\(event.message)"))}"#
  }

  /// RFC 3339 in UTC with milliseconds.
  private static func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    let time = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    let milliseconds = "\(1000 + now.tv_nsec / 1_000_000)".dropFirst()
    return "\(date)T\(time).\(milliseconds)Z"
  }
}
