// Where a bench works: its loops, its client, and the processes that it has started.

internal import Client
internal import MNP
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix
internal import Pipeline
internal import Transport

/// Starts processes when a measurement first asks for them, and keeps them for the next run: a node
/// that waits costs nothing. Whatever happens, `shutDown` ends them all.
final class Lab: Sendable {
  let options: BenchOptions
  /// Where pushes run.
  let source: BenchLoop
  /// Where pulls run: on a loop, and so on a core, of their own, so that the ends are not the limit.
  let sink: BenchLoop
  /// For everything that is no data.
  let client: MNPClient
  let energy = Energy()

  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
  private let onLog: @Sendable (String) -> Void
  private let processes = NodeSet()
  private let state: NIOLockedValueBox<State>

  private struct State {
    var started: [Role: LabNode] = [:]
    var rawSink: RawSink?
    var folder: String?
    var count = 0
  }

  /// What a process does. Processes of equal roles are the same one.
  enum Role: Hashable, Sendable {
    case builtin(String, number: Int)
    case command(number: Int)
    /// Takes what TCP brings, in reads of so many bytes.
    case rawReceiver(read: Int)
    /// Passes on what TCP brings, to the relay before it, number 0 back to the bench.
    case rawRelay(number: Int)
  }

  init(_ options: BenchOptions, onLog: @escaping @Sendable (String) -> Void) {
    self.options = options
    self.onLog = onLog
    let features: Features = options.checksums ? .crc : []
    source = BenchLoop(group.next(), options.transport, features: features)
    sink = BenchLoop(group.next(), options.transport, features: features)
    // Not on a loop of data; and its end may come after that of the lab's loops.
    client = MNPClient(
      eventLoop: MultiThreadedEventLoopGroup.singleton.next(), transport: options.transport)
    state = NIOLockedValueBox(State())
  }

  // MARK: Processes

  /// The process of a role; started where it is not there yet.
  func node(_ role: Role) async throws -> LabNode {
    if let node = state.withLockedValue({ $0.started[role] }) { return node }
    let node = try await start(role)
    state.withLockedValue { $0.started[role] = node }
    return node
  }

  /// A process of this role that nobody has used yet; the caller ends it by ``end(_:)``.
  ///
  /// - Parameter pause: how often it is looked for.
  func start(_ role: Role, every pause: Duration = .milliseconds(2)) async throws -> LabNode {
    let arguments = try await arguments(role)
    let (folder, number) = try state.withLockedValue { state in
      if state.folder == nil { state.folder = try processes.makeFolder() }
      state.count += 1
      return (state.folder ?? "", state.count)
    }
    let addressFile = "\(folder)/\(number).url"
    let process = try NodeProcess(
      name: "\(role)",
      command: [options.executable] + arguments.before + ["--address-file", addressFile]
        + arguments.after,
      addressFile: addressFile, environment: options.environment
    ) { [onLog] line in if let text = NodeLog.text(of: line) { onLog(text) } }
    processes.add(process)
    do {
      let url = try NodeURL(try await process.address(within: .seconds(20), every: pause))
      return LabNode(process: process, url: url)
    } catch let error as NodeFailure {
      throw RunFailure(.unreachable, "\(error)")
    }
  }

  func end(_ node: LabNode) async {
    await processes.end(node.process)
  }

  private func arguments(_ role: Role) async throws -> (before: [String], after: [String]) {
    let serve =
      [
        "serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--log-level", "error",
      ] + (options.checksums ? [] : ["--no-checksums"])
    switch role {
    case .builtin(let name, _): return (serve + ["--builtin", name], [])
    case .command: return (serve, ["--"] + options.command)
    case .rawReceiver(let read): return (["bench-peer", "--read", "\(read)"], [])
    case .rawRelay(let number):
      let next: Int =
        if number == 0 {
          try await rawSink().tcpPort
        } else {
          try await node(.rawRelay(number: number - 1)).url.tcpPort
        }
      return (["bench-peer", "--relay", "\(next)"], [])
    }
  }

  /// Where raw relays lead back to.
  func rawSink() async throws -> RawSink {
    if let sink = state.withLockedValue({ $0.rawSink }) { return sink }
    let made = try await RawSink.bind(on: sink.eventLoop)
    state.withLockedValue { $0.rawSink = made }
    return made
  }

  // MARK: Ending

  /// Breaks whatever is going on, from any thread, without waiting: every wait then fails.
  func abort() {
    processes.kill()
    for loop in [source, sink] {
      loop.eventLoop.execute { _ = loop.connections.value.close() }
    }
  }

  /// Ends everything, and waits until it is gone.
  func shutDown() async {
    try? await client.close()
    await source.close()
    await sink.close()
    await processes.end()
    try? await group.shutdownGracefully()
  }
}

/// A process of the lab, and where it listens.
struct LabNode: Sendable {
  var process: NodeProcess
  var url: NodeURL

  var figures: ProcessFigures { ProcessFigures(pid: process.pid) }
}
