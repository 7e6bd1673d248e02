// The twin that every flag has in the environment.

internal import ArgumentParser

#if canImport(Glibc)
  internal import Glibc
#endif

/// Reads `HEADRACE_…` variables, as defaults of flags: a flag given on the command line wins.
enum Twin {
  /// `HEADRACE_LISTEN` for `LISTEN`; nil when it is not set or empty.
  static func string(_ name: String) -> String? {
    guard let value = getenv("HEADRACE_\(name)") else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// True for 1, true, yes and on, false for their opposites; anything else ends the program with
  /// exit code 64.
  static func flag(_ name: String) -> Bool {
    switch string(name)?.lowercased() {
    case nil, "0", "false", "no", "off": return false
    case "1", "true", "yes", "on": return true
    case let text?:
      Exit.end(with: UsageError("HEADRACE_\(name)=\(text) is neither true nor false"))
    }
  }

  /// One value a line.
  static func list(_ name: String) -> [String] {
    string(name)?.split(separator: "\n").map(String.init) ?? []
  }

  /// A value that parses; a wrong one ends the program with exit code 64.
  static func value<Value: ExpressibleByArgument>(_ name: String, default standard: Value) -> Value
  {
    optional(name) ?? standard
  }

  static func optional<Value: ExpressibleByArgument>(_ name: String) -> Value? {
    guard let text = string(name) else { return nil }
    guard let value = Value(argument: text) else {
      Exit.end(with: UsageError("HEADRACE_\(name)=\(text) is not a value of that flag"))
    }
    return value
  }
}

/// A usage error found after parsing: exit code 64.
struct UsageError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }
}
