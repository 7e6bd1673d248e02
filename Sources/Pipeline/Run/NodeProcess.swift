// A node that the run has started for one of its operators.

internal import NIOConcurrencyHelpers
internal import NIOCore
internal import OperatorFile
internal import Operators

#if canImport(Glibc)
  internal import Glibc
#endif

/// A `headrace serve` process on loopback, in a process group of its own, so that Ctrl-C at the
/// terminal reaches the run alone, which then ends its nodes in order.
///
/// The keeper knows it before it runs its first instruction: a run that is killed leaves no node,
/// and the node's own keeper leaves no operator.
package final class NodeProcess: Sendable {
  package let name: String
  private let addressFile: String
  private let state: NIOLockedValueBox<State>

  private struct State {
    var pid: Int32 = -1
    var end: ChildEnd?
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  struct Settings {
    /// The `headrace` executable.
    var executable: String
    /// Holds the operator file and the address file; the run's own.
    var folder: String
    var environment: [String: String]
    /// Further arguments of `serve`.
    var arguments: [String]
    /// Each line of an operator's standard error, and what else in its node's log a person should see.
    var onLog: @Sendable (String, String) -> Void
  }

  /// Starts the node of an operator. Blocks until it has executed.
  ///
  /// - Throws: where the executable cannot be started.
  ///
  /// - Parameter number: in the names of its files, and of no other node's.
  convenience init(_ node: PlanNode, number: String, _ settings: Settings) throws {
    // Names of operators are text; files are numbered.
    let addressFile = "\(settings.folder)/node-\(number).url"
    let definition = "\(settings.folder)/node-\(number).yaml"
    try Self.write(node.definition.text, to: definition)
    try self.init(
      name: node.name,
      command: [
        settings.executable, "serve", "--operator", definition, "--name", node.name,
        "--address-file", addressFile, "--log-format", "json", "--log-level", "notice",
      ] + settings.arguments,
      addressFile: addressFile, environment: settings.environment
    ) { [onLog = settings.onLog, name = node.name] line in
      if let text = NodeLog.text(of: line) { onLog(name, text) }
    }
  }

  /// Starts any program that says in `addressFile` where it listens. Blocks until it has executed.
  ///
  /// - Parameter onLog: each line of its standard error, on a thread of its own.
  /// - Throws: where the program cannot be started.
  package init(
    name: String, command: [String], addressFile: String, environment: [String: String],
    onLog: @escaping @Sendable (String) -> Void
  ) throws {
    self.name = name
    self.addressFile = addressFile
    state = NIOLockedValueBox(State())

    let log = try LogPipe()
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(null) }
    let request = ChildRequest(
      command: command, environment: environment, workingDirectory: nil,
      descriptors: [null, null, log.writeEnd])
    let pid = try ChildWatcher.shared.spawn(request, keeper: .shared) { [state] end in
      let waiters = state.withLockedValue { state in
        state.end = end
        defer { state.waiters = [] }
        return state.waiters
      }
      for waiter in waiters { waiter.resume() }
    }
    state.withLockedValue { $0.pid = pid }
    log.follow(onLog)
  }

  /// The process.
  package var pid: Int32 { state.withLockedValue { $0.pid } }

  /// Waits until the node listens.
  ///
  /// - Parameter pause: how often its file is looked for.
  /// - Throws: when it ends instead, or is not there after `deadline`.
  package func address(
    within deadline: Duration, every pause: Duration = .milliseconds(2)
  ) async throws -> String {
    let clock = ContinuousClock()
    let start = clock.now
    while clock.now - start < deadline {
      if let text = try? TextFile.read(addressFile), text.hasSuffix("\n") {
        return String(text.dropLast())
      }
      if let end { throw NodeFailure("the node of \(name) ended before it listened: \(end)") }
      try await _Concurrency.Task.sleep(for: pause)
    }
    throw NodeFailure("the node of \(name) did not listen within \(deadline)")
  }

  /// How it ended; nil while it runs.
  var end: ChildEnd? { state.withLockedValue { $0.end } }

  /// SIGTERM drains it, a second one ends it at once.
  package func signal(_ number: Int32) {
    ChildWatcher.shared.signal(group: pid, number)
  }

  /// Returns when the process is gone.
  package func waitForEnd() async {
    await withCheckedContinuation { continuation in
      let hasEnded = state.withLockedValue { state in
        if state.end == nil { state.waiters.append(continuation) }
        return state.end != nil
      }
      if hasEnded { continuation.resume() }
    }
  }

  private static func write(_ text: String, to path: String) throws {
    let file = try OutputFile(path: path)
    try file.write(ByteBuffer(string: text))
    try file.publish()
  }
}

/// A node of the run that cannot be used.
package struct NodeFailure: Error, CustomStringConvertible {
  package var description: String

  init(_ description: String) {
    self.description = description
  }
}

/// The pipe into which a node writes its log.
private final class LogPipe {
  let writeEnd: Int32
  private let readEnd: Int32
  private var isFollowed = false

  init() throws(FileFailure) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw FileFailure("make", "a pipe") }
    (readEnd, writeEnd) = (ends[0], ends[1])
    // Children get the descriptors that they are given and no others, whatever these say.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }

  deinit {
    close(writeEnd)
    if !isFollowed { close(readEnd) }
  }

  /// Reads lines on a thread of its own until the node is gone.
  func follow(_ onLine: @escaping @Sendable (String) -> Void) {
    isFollowed = true
    let descriptor = readEnd
    let error = startDetachedThread {
      guard let file = fdopen(descriptor, "r") else { return }
      var line: UnsafeMutablePointer<CChar>?
      var capacity = 0
      while getline(&line, &capacity, file) >= 0 {
        guard let line else { break }
        onLine(String(cString: line))
      }
      free(line)
      fclose(file)
    }
    guard error != 0 else { return }
    close(descriptor)
    onLine("its log cannot be read: \(String(cString: strerror(error)))")
  }
}
