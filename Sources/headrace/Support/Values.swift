// Values that flags take: K=V, durations, task ids, paths, and URLs of the right kind.

internal import ArgumentParser
internal import Builtins
internal import MNP
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

/// `--parameter K=V` or `--set K=V`; `K=@FILE` and `K=env:NAME` are secrets, from a file or a variable.
struct ParameterArgument {
  let parameter: GivenParameter

  /// Reads the file or the variable. No error says what is in it.
  init(_ argument: String, flag: String = "--parameter") throws {
    let pair = try KeyValue(argument, flag: flag)
    var (text, isSecret) = (pair.text, true)
    if text.hasPrefix("@@") {
      // A text that begins with @ itself.
      (text, isSecret) = (String(text.dropFirst()), false)
    } else if text.hasPrefix("@") {
      text = try TextFile.read(
        try path(String(text.dropFirst()), flag: "\(flag) \(pair.name)=@"))
      // As an editor leaves it.
      if text.hasSuffix("\n") { text.removeLast() }
    } else if text.hasPrefix("env:") {
      let name = String(text.dropFirst(4))
      guard let value = Environment.all[name] else {
        throw UsageError("\(flag) \(pair.name)=env:\(name): there is no variable '\(name)'")
      }
      text = value
    } else {
      isSecret = false
    }
    parameter = GivenParameter(name: pair.name, text: text, isSecret: isSecret)
  }
}

/// `--task`, or its twin.
struct TaskOption: ParsableArguments {
  @Option(help: "The task's id.") var task: TaskID?

  func id() throws -> TaskID {
    guard let task = task ?? Twin.optional("TASK") else {
      throw UsageError("--task ID is missing: which task is it for?")
    }
    return task
  }
}

/// A flag's path; an empty one is a variable that was not set, as a rule.
func path(_ text: String, flag: String) throws -> String {
  guard !text.isEmpty else { throw UsageError("\(flag) takes a path, and it is empty") }
  return text
}

extension NodeURL {
  /// Of a node and nothing in it: `quit` with a session's URL would end far more than was meant.
  func nodeAlone(for command: String) throws -> NodeURL {
    guard session == nil else {
      throw UsageError("\(command) takes the URL of a node: mnp://HOST:PORT, without a session")
    }
    return self
  }

  func withPort(for command: String) throws -> NodeURL {
    guard session != nil, port != nil else {
      throw UsageError("\(command) takes the URL of a port: mnp://HOST:PORT/SESSION/PORT")
    }
    return self
  }

  func sessionAlone(for command: String) throws -> NodeURL {
    guard session != nil, port == nil else {
      throw UsageError("\(command) takes the URL of a session: mnp://HOST:PORT/SESSION")
    }
    return self
  }
}

/// `100`, `64K`, `3M`, `1G`, as powers of 1024.
struct ByteCountArgument: ExpressibleByArgument {
  var count: Int

  init?(argument: String) {
    guard let count = parseByteCount(argument) else { return nil }
    self.count = count
  }
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

  /// For a wait: no time at all would be no wait.
  func positive(_ flag: String) throws(UsageError) -> TimeAmount {
    guard duration > .zero else { throw UsageError("\(flag) takes a time above zero") }
    return amount
  }

  var description: String { DurationText.text(duration) }
}
