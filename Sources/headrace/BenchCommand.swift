// headrace bench: what a machine, or two of them, can do.

internal import ArgumentParser
internal import Bench
internal import MNP
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import Operators
internal import Pipeline

#if canImport(Glibc)
  internal import Glibc
#endif

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures throughput, CPU, latency and memory of nodes on this machine.",
    discussion: """
      Starts the nodes that it needs on loopback, and measures raw TCP in the same run as the limit. \
      Every measurement runs --runs times, interleaved. The table of medians goes to standard \
      output, progress to standard error.

      headrace bench --sizes 64K,1M --seconds 2 --html bench.html
      headrace bench --operator 'python3 step.py'
      headrace bench --to mnp://10.0.0.7:8502
      """)

  @Option(help: "mnp://HOST:PORT, a node that already runs, in place of those the bench starts.")
  var to: NodeURL?

  @Option(help: "Nodes of the chain, 1 to 32.")
  var chain: Int = Twin.value("CHAIN", default: 3)

  @Option(
    name: .customLong("operator"),
    help: "A command to measure as an operator, in one string; split as a shell does, no shell.")
  var command: String?

  @Option(help: "Bytes of a message, with K, M and G as powers of 1024: a list with commas.")
  var sizes: SizesArgument = Twin.value("SIZES", default: SizesArgument(SizeList.standard))

  @Option(help: "Pushes at a time, 1 to 1000.")
  var streams: Int = Twin.value("STREAMS", default: 1)

  @Option(help: "Seconds of one run of one measurement, 0.01 to 3600.")
  var seconds: Double = Twin.value("SECONDS", default: 1)

  @Option(help: "Runs of each measurement, 1 to 1000.")
  var runs: Int = Twin.value("RUNS", default: 7)

  @Option(help: "Writes all figures as JSON.")
  var json: String?

  @Option(help: "Writes one self-contained page with plots.")
  var html: String?

  @Option(help: "Writes the plots as one image.")
  var svg: String?

  @Flag(help: "Shows no progress.")
  var quiet = Twin.flag("QUIET")

  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let options = try options()
    // Wrong paths cost nothing when they are found first.
    let outputs = try [
      (json ?? Twin.string("JSON"), \BenchReport.json),
      (html ?? Twin.string("HTML"), \BenchReport.html),
      (svg ?? Twin.string("SVG"), \BenchReport.svg),
    ].compactMap { path, text in try path.map { (try OutputFile(path: $0), text) } }
    // Before threads: the keeper is a copy of this process as it is now.
    _ = Keeper.shared
    let display = BenchDisplay(runs: options.runs, isQuiet: quiet)
    let work = InterruptibleTask {
      try await Bench(options, version: Version.current) { display.show($0) }.run()
    }
    let result = await work.result
    display.end()
    Keeper.shared.shutDown()
    let report = try result.get()
    for (file, text) in outputs {
      try file.write(ByteBuffer(string: report[keyPath: text]))
      try file.publish()
    }
    print(report.text, terminator: "")
  }

  private func options() throws -> BenchOptions {
    var options = BenchOptions(
      executable: try Environment.executable(), environment: Environment.inherited)
    options.transport = try network.makeTransport()
    options.checksums = !network.noChecksums
    options.target = to ?? Twin.optional("TO")
    options.sizes = sizes.sizes
    (options.chain, options.streams) = (chain, streams)
    (options.runs, options.seconds) = (runs, seconds)
    if let text = command ?? Twin.string("OPERATOR") {
      guard let words = ShellWords.split(text), !words.isEmpty else {
        throw UsageError("--operator takes a command, with its quotes closed, not '\(text)'")
      }
      options.command = words
    }
    guard (1...32).contains(chain) else { throw UsageError("--chain takes 1 to 32") }
    guard (1...1000).contains(streams) else { throw UsageError("--streams takes 1 to 1000") }
    guard (1...1000).contains(runs) else { throw UsageError("--runs takes 1 to 1000") }
    guard (0.01...3600).contains(seconds) else { throw UsageError("--seconds takes 0.01 to 3600") }
    guard options.target == nil || options.command.isEmpty else {
      throw UsageError("--to and --operator exclude each other: that node has its operator")
    }
    return options
  }
}

/// `100,4K,64K`.
struct SizesArgument: ExpressibleByArgument, CustomStringConvertible {
  var sizes: [Int]

  init(_ sizes: [Int]) {
    self.sizes = sizes
  }

  init?(argument: String) {
    guard let sizes = SizeList.parse(argument) else { return nil }
    self.init(sizes)
  }

  var description: String { sizes.map(SizeList.text).joined(separator: ",") }
}

/// Progress on standard error: one line that changes on a terminal, one line a run elsewhere.
private final class BenchDisplay: Sendable {
  private let runs: Int
  private let isQuiet: Bool
  private let isTerminal = isatty(2) == 1
  private let lastRun = NIOLockedValueBox(0)

  init(runs: Int, isQuiet: Bool) {
    self.runs = runs
    self.isQuiet = isQuiet
  }

  func show(_ event: Bench.Event) {
    switch event {
    case .began(let measurements, let seconds):
      guard !isQuiet else { return }
      Exit.say(
        "\(measurements) measurements, \(runs) \(runs == 1 ? "run" : "runs") of each: "
          + Schedule.text(seconds: seconds))
    case .step(let step, let steps, let run, let label):
      guard !isQuiet else { return }
      if isTerminal {
        write("\r\u{1B}[2Kheadrace: \(step) of \(steps), run \(run): \(label)")
      } else if lastRun.withLockedValue({ last in
        defer { last = run }
        return last != run
      }) {
        Exit.say("run \(run) of \(runs)")
      }
    case .log(let line):
      write((isTerminal ? "\r\u{1B}[2K" : "") + line + "\n")
    }
  }

  func end() {
    if isTerminal, !isQuiet { write("\r\u{1B}[2K") }
  }

  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
  }
}
