// The embedded engine: runs a plan from its first node to its published outputs.

package import Client
internal import MNP
internal import NIOConcurrencyHelpers
internal import OperatorFile
internal import Operators

#if canImport(Glibc)
  internal import Glibc
#endif

/// Runs one plan, again where it is told to and that may help.
///
/// Order is everything: nodes start, sessions open sinks first, pulls and ensuring queries come before
/// pushes. Outputs are published only after every task of the run is finished. Whatever happens,
/// sessions are quit, nodes ended and folders removed before `run` returns.
package final class Runner: Sendable {
  package struct Options: Sendable {
    /// The `headrace` executable, for the nodes that the run starts.
    package var executable: String
    package var environment: [String: String]
    /// Where the nodes that the run starts listen, as arguments of `serve`.
    package var listenArguments = ["--listen", "127.0.0.1:0"]
    /// Whether other hosts can reach those.
    package var isAdvertised = false
    /// Further arguments for each node that the run starts.
    package var serveArguments: [String] = []
    /// How many attempts may follow the first.
    package var retries = 0
    /// Where inputs that cannot be read twice are kept for a retry; nil keeps nothing.
    package var spoolFolder: String?
    /// How often the nodes are asked how they are.
    package var interval = Duration.milliseconds(500)
    /// How long a node that the run starts may take to listen.
    package var startDeadline = Duration.seconds(20)

    package init(executable: String, environment: [String: String]) {
      self.executable = executable
      self.environment = environment
    }
  }

  /// What the run tells while it runs, from any thread.
  package enum Event: Sendable {
    /// A line of an operator's standard error, or of its node's log.
    case log(operator: String, String)
    case progress([EdgeProgress], seconds: Double)
    /// An attempt has failed, and another one begins.
    case retry(String)
  }

  let plan: Plan
  let options: Options
  let client: MNPClient
  let onEvent: @Sendable (Event) -> Void

  package init(
    _ plan: Plan, options: Options, client: MNPClient, onEvent: @escaping @Sendable (Event) -> Void
  ) {
    self.plan = plan
    self.options = options
    self.client = client
    self.onEvent = onEvent
  }

  /// Runs the plan; cancelling the Swift task around it cancels the run in order.
  ///
  /// - Returns: the report, of a failed run too, with the failure beside it.
  package func run() async -> (report: RunReport, failure: RunFailure?) {
    var report = emptyReport()
    let clock = ContinuousClock()
    let start = clock.now
    let ends = RunEnds()
    let nodes = NodeSet()
    var failure: RunFailure?
    do {
      try checkReach()
      try ends.open(plan, spoolFolder: options.retries > 0 ? options.spoolFolder : nil)
      failure = await attempts(nodes, ends, &report)
    } catch {
      failure = RunFailure(operator: nil, error)
    }
    if failure == nil {
      do { try ends.publish() } catch { failure = RunFailure(operator: nil, error) }
    }
    if _Concurrency.Task.isCancelled, failure != nil {
      failure = RunFailure(.cancelled, "cancelled")
    }
    if failure != nil { ends.discard() }
    await Self.uncancelled { await nodes.end() }
    report.outcome =
      switch failure?.kind {
      case nil: .finished
      case .cancelled: .cancelled
      default: .failed
      }
    report.error = failure?.description
    report.seconds = (clock.now - start) / .seconds(1)
    (report.inputs, report.outputs) = ends.report(plan)
    return (report, failure)
  }

  // MARK: Nodes

  /// A node on another host cannot forward to one that listens on this host's loopback.
  private func checkReach() throws(RunFailure) {
    guard !options.isAdvertised else { return }
    for edge in plan.edges {
      guard case .existing(let url) = plan.node(edge.from.node)?.host, !Self.isLoopback(url.host),
        plan.node(edge.to.node)?.host == .own
      else { continue }
      throw RunFailure(
        .fileIsWrong, operator: edge.to.node,
        "the node of \(edge.from.node) at \(url.authority) cannot reach it on loopback: give "
          + "--advertise HOST:0 and --insecure, with a name of this host that it knows")
    }
  }

  private static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || host.hasPrefix("127.")
  }

  /// Starts the nodes that do not run, and waits until all listen.
  func startNodes(_ nodes: NodeSet, attempt: Int) async throws -> [String: NodeURL] {
    var urls: [String: NodeURL] = [:]
    for node in plan.nodes {
      if case .existing(let url) = node.host { urls[node.name] = url.node }
    }
    let settings = NodeProcess.Settings(
      executable: options.executable, folder: try nodes.makeFolder(),
      environment: options.environment,
      arguments: options.listenArguments + options.serveArguments
    ) { [onEvent] name, line in onEvent(.log(operator: name, line)) }
    // All are started before the first is waited for: they start side by side.
    var started: [NodeProcess] = []
    for (index, node) in plan.nodes.enumerated() where node.host == .own {
      if let running = nodes.process(of: node.name), running.end == nil {
        started.append(running)
        continue
      }
      let process = try await Disk.run {
        try NodeProcess(node, number: "\(index)-\(attempt)", settings)
      }
      nodes.replace(process)
      started.append(process)
    }
    for process in started {
      urls[process.name] = try NodeURL(try await process.address(within: options.startDeadline))
    }
    return urls
  }

  // MARK: Data

  /// Opens sessions, moves all data and waits for the end of every task.
  func drive(
    _ engine: Engine, _ nodes: NodeSet, _ ends: RunEnds, _ report: inout RunReport
  ) async -> RunFailure? {
    let start = ContinuousClock().now
    var failure: RunFailure?
    var answers: [String: QueryTaskResponse] = [:]
    var meter = ProgressMeter(edges: labelledEdges)
    do {
      try await engine.initialize()
      (answers, meter) = try await move(engine, nodes, ends, meter, since: start)
    } catch {
      failure = RunFailure(operator: nil, error)
      answers = await Self.uncancelled { await engine.queryAll() }
      // The first call to break is seldom where the trouble began; a file of our own is.
      let isRoot = error is FileFailure || failure?.kind == .circle
      if !isRoot, let root = RunFailure.root(of: answers, in: plan) {
        failure = root
      }
    }
    let seconds = (ContinuousClock().now - start) / .seconds(1)
    let edges = meter.update(samples(answers), now: seconds)
    onEvent(.progress(edges, seconds: seconds))
    report.operators = operators(engine, answers)
    report.edges = zip(edges, meter.durations).map {
      RunReport.Edge(from: $0.from, to: $0.to, bytes: $0.bytes, seconds: $1)
    }
    return failure
  }

  private func move(
    _ engine: Engine, _ nodes: NodeSet, _ ends: RunEnds, _ meter: ProgressMeter,
    since start: ContinuousClock.Instant
  ) async throws -> ([String: QueryTaskResponse], ProgressMeter) {
    try await withThrowingTaskGroup(of: ([String: QueryTaskResponse], ProgressMeter)?.self) {
      group in
      for (sink, file) in zip(plan.sinks, ends.outputs) {
        group.addTask { [client] in
          try await DataMove.pull(
            engine.port(sink.port), task: engine.task, into: file.value, client)
          return nil
        }
      }
      for node in plan.nodes where node.startsByQuery {
        group.addTask {
          try await engine.ensure(node.name)
          return nil
        }
      }
      for (source, file) in zip(plan.sources, ends.inputs) {
        group.addTask { [client] in
          try await DataMove.push(
            file.value, to: engine.port(source.port), task: engine.task, client)
          return nil
        }
      }
      group.addTask { [self] in try await watch(engine, nodes, meter, since: start) }
      var result: ([String: QueryTaskResponse], ProgressMeter)?
      for try await outcome in group where outcome != nil { result = outcome }
      return result ?? ([:], meter)
    }
  }

  /// Asks all nodes until every task has finished.
  private func watch(
    _ engine: Engine, _ nodes: NodeSet, _ meter: ProgressMeter,
    since start: ContinuousClock.Instant
  ) async throws -> ([String: QueryTaskResponse], ProgressMeter) {
    var meter = meter
    var waits = WaitWatch(since: start)
    // The end of a run is seen within a twentieth of its time; no less often than a person looks.
    var pause = Duration.milliseconds(5)
    var lastProgress = start
    while true {
      try await _Concurrency.Task.sleep(for: pause)
      let answers = await engine.queryAll(look: waits.wantsLook)
      try _Concurrency.Task.checkCancellation()
      if let failure = RunFailure.root(of: answers, in: plan) { throw failure }
      let now = ContinuousClock().now
      if let circle = waits.update(answers, in: plan, now: now) { throw circle.failure(in: plan) }
      if now - lastProgress >= options.interval {
        lastProgress = now
        let seconds = (now - start) / .seconds(1)
        onEvent(.progress(meter.update(samples(answers), now: seconds), seconds: seconds))
      }
      if plan.nodes.allSatisfy({ answers[$0.name]?.state == .finished }) { return (answers, meter) }
      // It will never finish, and nobody around it may have noticed.
      if let node = nodes.gone.first { throw NodeFailure("the node of \(node.name) is gone") }
      pause = min(max(pause, (now - start) / 20), options.interval)
      if waits.isSuspicious { pause = min(pause, WaitWatch.patience) }
    }
  }

  // MARK: What is told

  private var labelledEdges: [(from: String, to: String)] {
    plan.edges.map { (plan.label($0.from, .output), plan.label($0.to, .input)) }
  }

  private func samples(_ answers: [String: QueryTaskResponse]) -> [EdgeSample] {
    plan.edges.map { edge in
      let writer = answers[edge.from.node]?.outputs.dropFirst(edge.from.number).first
      let reader = answers[edge.to.node]?.inputs.dropFirst(edge.to.number).first
      return EdgeSample(
        bytes: reader?.bytes ?? 0, isDone: reader?.done ?? false, heldByWriter: writer?.held ?? 0,
        heldByReader: reader?.held ?? 0)
    }
  }

  private func operators(_ engine: Engine, _ answers: [String: QueryTaskResponse])
    -> [RunReport.Operator]
  {
    plan.nodes.map { node in
      let answer = answers[node.name]
      let state =
        switch answer?.state {
        case .finished: "finished"
        case .failed: "failed"
        default: "unknown"
        }
      let failure = answer?.failure
      func ports(_ list: [PortStatus], _ direction: PortDirection) -> [RunReport.Port] {
        list.enumerated().map { number, port in
          RunReport.Port(
            port: plan.label(PlanPortID(node: node.name, number: number), direction),
            bytes: port.bytes, messages: port.messageCount,
            unread: direction == .input ? port.unread : nil, crc32c: port.checksum?.hexadecimal,
            error: port.error.isEmpty ? nil : port.error)
        }
      }
      return RunReport.Operator(
        name: node.name, node: engine.urls[node.name].map { "\($0)" } ?? "",
        session: (try? engine.session(of: node.name).session).flatMap { $0.map { "\($0)" } } ?? "",
        state: state,
        exitCode: answer?.state == .finished
          ? 0 : failure?.kind == .operator && failure?.signal == 0 ? failure?.exitCode : nil,
        signal: failure.flatMap { $0.signal == 0 ? nil : $0.signal },
        error: answer.flatMap { $0.error.isEmpty ? nil : $0.error },
        inputs: ports(answer?.inputs ?? [], .input), outputs: ports(answer?.outputs ?? [], .output))
    }
  }

  // MARK: Small things

  func emptyReport() -> RunReport {
    let id = Self.makeID(plan.name)
    return RunReport(
      pipeline: plan.name, run: id, task: "\(id)-1", outcome: .finished, started: Self.wallClock(),
      seconds: 0)
  }

  /// `NAME-xxxxxx`: the pipeline's name as far as ids allow it, and what makes it the only one.
  private static func makeID(_ name: String) -> String {
    let allowed = name.prefix(40).map { character -> Character in
      character.isASCII && (character.isLetter || character.isNumber || "._~-".contains(character))
        ? character : "-"
    }
    let alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    let suffix = (0..<8).map { _ in alphabet.randomElement() ?? "x" }
    return String(allowed) + "-" + String(suffix)
  }

  private static func wallClock() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }

  /// Runs what must be done even when the run is cancelled.
  static func uncancelled<Value: Sendable>(
    _ body: @escaping @Sendable () async -> Value
  ) async -> Value {
    await _Concurrency.Task.detached { await body() }.value
  }
}
