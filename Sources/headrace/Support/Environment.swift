// What the process was started with.

#if canImport(Glibc)
  internal import Glibc
#endif

enum Environment {
  /// The variables that operators inherit: all but our own flags' twins and the first session, which
  /// would otherwise reach a `headrace` that an operator calls.
  static var inherited: [String: String] {
    all.filter { !$0.key.hasPrefix("HEADRACE_") && $0.key != StartSession.variable }
  }

  static var all: [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let pointer = entry.pointee {
      let text = String(cString: pointer)
      if let equals = text.firstIndex(of: "=") {
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      entry += 1
    }
    return variables
  }

  /// This program's own file.
  static func executable() throws -> String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink("/proc/self/exe", &path, Int(PATH_MAX))
    guard count > 0 else {
      throw CommandFailure(code: Exit.ourBug, description: "cannot find my own executable")
    }
    return String(decoding: path.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Where the program was started without standard input, output or error, something of its own
  /// would get that number, and be read or written in its place. What stands there instead can be
  /// neither.
  static func holdStandardDescriptors() {
    for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is what open gives.
      _ = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
    }
  }

  static var currentFolder: String {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return String(cString: path)
  }

  static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
