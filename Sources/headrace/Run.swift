// headrace run: the embedded engine.

internal import ArgumentParser
internal import Builtins
internal import Client
internal import Logging
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import OperatorFile
internal import Operators
internal import Pipeline

#if canImport(Glibc)
  internal import Glibc
#endif

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a pipeline on this machine, or on nodes that already run.",
    discussion: """
      Starts a node for each operator, wires every edge directly from node to node, pushes the \
      inputs, pulls the outputs, and shows at each edge the bytes, the rate and who waits for whom. \
      Outputs appear whole or not at all. Ctrl-C cancels.
      """)

  @Argument(help: "The pipeline file.")
  var pipeline: String

  @Option(help: "K=V, a parameter of the pipeline; K=@FILE and K=env:NAME are secrets.")
  var set: [String] = Twin.list("SET")

  @Flag(help: "Shows the wiring, and runs nothing.")
  var plan = Twin.flag("PLAN")

  @Flag(help: "The plan as JSON.")
  var json = Twin.flag("JSON")

  @Option(help: "Writes operators, edges, bytes, seconds, exit codes and SHA-256 as JSON.")
  var report: String?

  @Option(help: "Runs stage by stage, with every port in a file of this folder.")
  var handOff: String?

  @Option(
    help: """
      The most that the file of a wire with 'buffer: disk' may hold: bytes, or K, M or G as powers of \
      1024. (default: 10G)
      """)
  var spillLimit: String?

  @Option(help: "The folder for those files. (default: $TMPDIR, or /tmp)")
  var spillFolder: String?

  @Option(help: "How often everything may run again when a node or an operator dies.")
  var retries: RetryCount = Twin.value("RETRIES", default: RetryCount(0))

  @Option(
    help: """
      With --retries: the folder for what comes from standard input, pipes and devices, which cannot be \
      read twice. Removed at the end.
      """)
  var spool: String?

  @Option(
    help: """
      HOST:PORT at which nodes on other hosts reach those that the run starts, which then listen on \
      all addresses; port 0 for any. Needs --insecure.
      """)
  var advertise: ListenAddress?

  @Flag(help: "Lets the nodes that the run starts listen beyond loopback without encryption.")
  var insecure = Twin.flag("INSECURE")

  @Flag(help: "Shows no progress.")
  var quiet = Twin.flag("QUIET")

  @OptionGroup var network: NetworkOptions
  @OptionGroup var log: LogOptions

  func run() async throws {
    let parameters = try set.map { try ParameterArgument($0, flag: "--set").parameter }
    let definition = try PipelineReader.load(pipeline, settings: parameters)
    let handOff = handOff ?? Twin.string("HAND_OFF")
    let spills = try spillOptions()
    var plan = try Plan(definition)
    // A stage that is handed over as a file holds nobody up.
    if handOff == nil { plan = plan.spilling(spills) }
    guard !self.plan else {
      print(json ? try plan.json() : plan.text, terminator: "")
      return
    }
    for warning in plan.warnings { Exit.say("warning: \(warning)") }
    if handOff == nil, plan.edges.contains(where: { $0.buffer == .disk }) {
      try spills.checkFolder()
    }
    let settings = try options()
    try checkRetries(plan, settings)
    // Before anything runs: what cannot be written is known at once.
    let reportFile = try (report ?? Twin.string("REPORT")).map {
      try OutputFile(path: try path($0, flag: "--report"))
    }
    // Before threads: the keeper is a copy of this process as it is now.
    _ = Keeper.shared

    let display = RunDisplay(isQuiet: quiet, log: log)
    let client = try network.makeClient()
    let runner = Runner(plan, options: settings, client: client) { display.show($0) }
    let work = _Concurrency.Task {
      if let handOff { return await runner.runStages(in: handOff) }
      return await runner.run()
    }
    let interrupts = Signals.onInterrupt { count, _ in
      // The keeper ends the nodes, theirs the operators.
      if count > 1 { Exit.now(Exit.interrupted) }
      display.note("cancelling; a second signal ends everything now")
      work.cancel()
    }
    let (report, failure) = await work.value
    withExtendedLifetime(interrupts) {}
    try? await client.close()
    Keeper.shared.shutDown()
    if let reportFile {
      try reportFile.write(ByteBuffer(bytes: report.json()))
      try reportFile.publish()
    }
    display.end(report)
    if let failure {
      throw CommandFailure(code: Exit.code(for: failure), description: "\(failure)")
    }
  }

  private func spillOptions() throws -> SpillOptions {
    let limit = spillLimit ?? Twin.string("SPILL_LIMIT") ?? SpillOptions().limit
    do {
      try BuiltinKind.spill.check(parameters: ["limit": limit])
    } catch {
      throw UsageError("--spill-limit: '\(limit)' is not a number from 64K on, with K, M or G")
    }
    let folder = try (spillFolder ?? Twin.string("SPILL_FOLDER")).map {
      TextFile.absolute(try path($0, flag: "--spill-folder"))
    }
    return SpillOptions(limit: limit, folder: folder)
  }

  private func checkRetries(_ plan: Plan, _ options: Runner.Options) throws {
    guard options.retries > 0, options.spoolFolder == nil else { return }
    for source in plan.sources where !InputFile.canBeReadTwice(source.path) {
      let name = source.place == .standardStream ? "standard input" : source.path
      throw UsageError(
        "--retries: \(name) cannot be read twice; give --spool DIR, where what came of it is kept")
    }
  }

  private func options() throws -> Runner.Options {
    var options = Runner.Options(
      executable: try Environment.executable(), environment: Environment.inherited)
    options.serveArguments = network.arguments
    options.retries = retries.count
    options.spoolFolder = try (spool ?? Twin.string("SPOOL")).map { try path($0, flag: "--spool") }
    if let advertise = advertise ?? Twin.optional("ADVERTISE") {
      guard insecure else {
        throw UsageError("--advertise needs --insecure: the run's nodes would listen without TLS")
      }
      options.isAdvertised = true
      options.listenArguments = [
        "--listen", "0.0.0.0:\(advertise.tcpPort)", "--insecure", "--advertise", "\(advertise)",
      ]
    }
    options.interval = isatty(2) == 1 ? .milliseconds(500) : .seconds(3)
    return options
  }
}

/// A number from 0 to 1000.
struct RetryCount: ExpressibleByArgument, CustomStringConvertible {
  let count: Int

  init(_ count: Int) { self.count = count }

  init?(argument: String) {
    guard let count = Int(argument), (0...1000).contains(count) else { return nil }
    self.count = count
  }

  var description: String { "\(count)" }
}

/// What a person sees of a run, on standard error.
private final class RunDisplay: Sendable {
  private let isQuiet: Bool
  private let isTerminal = isatty(2) == 1
  /// Where the log is to be JSON, everything is an event of it.
  private let events: Logger?
  /// Log lines and the table come from several threads; the table stays below the lines.
  private let table = NIOLockedValueBox(ProgressTable())

  init(isQuiet: Bool, log: LogOptions) {
    self.isQuiet = isQuiet
    events = log.logFormat == .json ? log.makeLogger("run") : nil
  }

  func show(_ event: Runner.Event) {
    switch event {
    case .log(let name, let line):
      if let events {
        return events.notice("\(line)", metadata: ["operator": "\(name)"])
      }
      write(table.withLockedValue { $0.clear(isTerminal: isTerminal) } + "\(name) | \(line)\n")
    case .progress(let edges, let seconds):
      guard !isQuiet, !edges.isEmpty else { return }
      if let events {
        for edge in edges {
          events.info(
            "progress",
            metadata: [
              "edge": "\(edge.from) -> \(edge.to)", "bytes": "\(edge.bytes)",
              "seconds": "\(seconds)",
            ])
        }
        return
      }
      let text = table.withLockedValue { table in
        isTerminal
          ? table.redraw(edges, seconds: seconds, width: Self.terminalWidth)
          : ProgressTable.plain(edges, seconds: seconds)
      }
      write(text)
    case .retry(let text):
      note(text)
    }
  }

  func note(_ text: String) {
    if let events { return events.notice("\(text)") }
    write(table.withLockedValue { $0.clear(isTerminal: isTerminal) } + "headrace: \(text)\n")
  }

  func end(_ report: RunReport) {
    guard !isQuiet, report.outcome == .finished else { return }
    let tenths = Int((report.seconds * 10).rounded())
    var text = "headrace: \(report.pipeline) finished in \(tenths / 10).\(tenths % 10) s"
    let files = report.outputs.map { "\($0.file) (\(Quantity.bytes(Double($0.bytes))))" }
    if !files.isEmpty { text += ": " + files.joined(separator: ", ") }
    if let events { return events.info("\(text.dropFirst("headrace: ".count))") }
    write(text + "\n")
  }

  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
  }

  private static var terminalWidth: Int {
    var size = winsize()
    return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }
}
