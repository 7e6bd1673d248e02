// Values that flags take: K=V and durations.

internal import ArgumentParser
internal import NIOCore
internal import OperatorFile

/// `K=V`, split at the first `=`.
struct KeyValue {
  var name: String
  var text: String

  init(_ argument: String, flag: String) throws(UsageError) {
    guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
      throw UsageError("\(flag) takes K=V, not '\(argument)'")
    }
    name = String(argument[..<equals])
    text = String(argument[argument.index(after: equals)...])
  }

  var pair: (name: String, text: String) { (name, text) }
}

/// `500ms`, `10s`, `2m`, as operator files write it.
struct DurationArgument: ExpressibleByArgument, CustomStringConvertible {
  var duration: Duration

  init(_ duration: Duration) {
    self.duration = duration
  }

  init?(argument: String) {
    guard let duration = DurationText.parse(argument) else { return nil }
    self.init(duration)
  }

  var amount: TimeAmount { TimeAmount(duration) }
  var description: String { DurationText.text(duration) }
}
