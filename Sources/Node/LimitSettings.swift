// Every limit of a node by its name, for whoever sets it by text.

internal import Builtins
internal import HTTP2
internal import NIOCore
internal import OperatorFile

/// A limit that `serve --limit NAME=VALUE` sets. What each is for stands in docs/limits.md, in the
/// same order; a test keeps the two together.
package struct LimitSetting: Sendable {
  private enum Place: Sendable {
    typealias To<Value> = any WritableKeyPath<NodeConfiguration, Value> & Sendable

    case count(To<Int>, ClosedRange<Int>)
    case bytes(To<Int>, ClosedRange<Int>)
    /// BURST/SECOND.
    case rate(To<TokenBucket>)
    case time(To<TimeAmount>)
  }

  package let name: String
  private let place: Place

  /// In the order in which a peer meets them.
  package static let all: [LimitSetting] = [
    LimitSetting("connections", .count(\.transport.maximumConnections, 1...1_000_000)),
    LimitSetting("streams", .count(\.transport.http2.maxConcurrentStreams, 1...1_000_000)),
    LimitSetting("header-list", .bytes(\.transport.http2.maxHeaderListSize, 1 << 10...1 << 20)),
    LimitSetting("continuations", .count(\.transport.http2.floodLimits.continuations, 0...1000)),
    LimitSetting("settings", .count(\.transport.http2.floodLimits.settings, 6...1000)),
    LimitSetting(
      "acknowledgements",
      .count(\.transport.http2.floodLimits.unsentAcknowledgements, 10...1_000_000)),
    LimitSetting("frames", .count(\.transport.http2.floodLimits.unsentFrames, 10...10_000_000)),
    LimitSetting("resets", .rate(\.transport.http2.floodLimits.resets)),
    LimitSetting("own-resets", .rate(\.transport.http2.floodLimits.provokedResets)),
    LimitSetting("empty-frames", .rate(\.transport.http2.floodLimits.idle)),
    LimitSetting("pings", .rate(\.transport.http2.floodLimits.answered)),
    LimitSetting("control-message", .bytes(\.limits.controlMessage, 1 << 10...4 << 20)),
    LimitSetting("data-message", .bytes(\.transport.maximumData, 1 << 10...1 << 30)),
    LimitSetting("buffers", .bytes(\.buffers, 1 << 20...1 << 40)),
    LimitSetting("sessions", .count(\.limits.sessions, 1...1_000_000)),
    LimitSetting("tasks", .count(\.limits.tasksPerSession, 1...1_000_000)),
    LimitSetting("ended-tasks", .count(\.limits.endedTasks, 0...1_000_000)),
    LimitSetting("ended-time", .time(\.limits.statusLifetime)),
    LimitSetting("task-ids", .count(\.limits.taskIDs, 0...10_000_000)),
    LimitSetting("task-id-time", .time(\.limits.idLifetime)),
  ]

  private init(_ name: String, _ place: Place) {
    self.name = name
    self.place = place
  }

  /// Why a value was not taken.
  package struct Refusal: Error, CustomStringConvertible {
    package let description: String
  }

  /// Sets the limit `name` to what `text` says.
  package static func set(
    _ name: String, to text: String, in configuration: inout NodeConfiguration
  ) throws(Refusal) {
    guard let setting = all.first(where: { $0.name == name }) else {
      let names = all.map(\.name).joined(separator: ", ")
      throw Refusal(description: "there is no limit '\(name)'; there are \(names)")
    }
    try setting.set(text, in: &configuration)
  }

  private func set(_ text: String, in configuration: inout NodeConfiguration) throws(Refusal) {
    func number(_ value: Int?, in range: ClosedRange<Int>) throws(Refusal) -> Int {
      guard let value, range.contains(value) else {
        throw Refusal(
          description:
            "the limit \(name) takes \(range.lowerBound) to \(range.upperBound), not '\(text)'")
      }
      return value
    }
    switch place {
    case .count(let path, let range):
      configuration[keyPath: path] = try number(Int(text), in: range)
    case .bytes(let path, let range):
      configuration[keyPath: path] = try number(parseByteCount(text), in: range)
    case .rate(let path):
      let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
      guard parts.count == 2, let burst = parts[0], let perSecond = parts[1], burst > 0,
        perSecond > 0, max(burst, perSecond) <= 1_000_000_000
      else {
        throw Refusal(description: "the limit \(name) takes BURST/SECOND, not '\(text)'")
      }
      configuration[keyPath: path] = TokenBucket(burst: burst, perSecond: perSecond)
    case .time(let path):
      guard let time = DurationText.parse(text), time > .zero else {
        throw Refusal(
          description: "the limit \(name) takes a time (\(DurationText.hint)), not '\(text)'")
      }
      configuration[keyPath: path] = TimeAmount(time)
    }
  }

  /// The value as `set` takes it.
  package func text(in configuration: NodeConfiguration) -> String {
    switch place {
    case .count(let path, _):
      return "\(configuration[keyPath: path])"
    case .bytes(let path, _):
      let bytes = configuration[keyPath: path]
      for (size, letter) in [(1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")]
      where bytes > 0 && bytes % size == 0 {
        return "\(bytes / size)\(letter)"
      }
      return "\(bytes)"
    case .rate(let path):
      let rate = configuration[keyPath: path]
      return "\(rate.burst)/\(rate.perSecond)"
    case .time(let path):
      return DurationText.text(.nanoseconds(configuration[keyPath: path].nanoseconds))
    }
  }
}
