// A bench from its start to its report.

internal import NIOConcurrencyHelpers
internal import Pipeline

#if canImport(Glibc)
  internal import Glibc
#endif

/// Runs every measurement as often as asked for, interleaved.
package struct Bench: Sendable {
  /// What a bench tells while it runs, from any thread.
  package enum Event: Sendable {
    /// Before the first run: how many measurements, and about the seconds of it all.
    case began(measurements: Int, seconds: Double)
    /// Before each run of a measurement; `step` of `steps`, from 1.
    case step(step: Int, steps: Int, run: Int, label: String)
    /// A line of the log of a process that the bench has started.
    case log(String)
  }

  private let options: BenchOptions
  private let version: String
  private let onEvent: @Sendable (Event) -> Void
  private let measurements: [any Measurement]

  package init(
    _ options: BenchOptions, version: String, onEvent: @escaping @Sendable (Event) -> Void
  ) {
    self.options = options
    self.version = version
    self.onEvent = onEvent
    measurements = Self.measurements(options)
  }

  /// Runs it all; cancelling the Swift task around it ends it in order.
  ///
  /// - Throws: at the first run that breaks. No process is left then either.
  package func run() async throws -> BenchReport {
    let lab = Lab(options) { [onEvent] in onEvent(.log($0)) }
    let result = await withTaskCancellationHandler {
      await outcome(lab)
    } onCancel: {
      lab.abort()
    }
    // Ended also where the task around it is cancelled.
    await _Concurrency.Task.detached { await lab.shutDown() }.value
    return try result.get()
  }

  private func outcome(_ lab: Lab) async -> Result<BenchReport, any Error> {
    do { return .success(try await report(lab)) } catch { return .failure(error) }
  }

  private func report(_ lab: Lab) async throws -> BenchReport {
    let schedule = Schedule(measurements: measurements.count, runs: options.runs)
    let estimate = schedule.estimate(measurements.map { $0.duration(options.seconds) })
    onEvent(.began(measurements: measurements.count, seconds: estimate))
    var results = measurements.map { BenchReport.Result($0.subject) }
    for (index, step) in schedule.steps.enumerated() {
      let measurement = measurements[step.measurement]
      onEvent(
        .step(
          step: index + 1, steps: schedule.steps.count, run: step.run,
          label: measurement.subject.label))
      try _Concurrency.Task.checkCancellation()
      let sample = try await bounded(measurement, lab)
      results[step.measurement].samples.append(sample)
    }
    return BenchReport(
      headrace: version, machine: .current(), date: Self.date(), runs: options.runs,
      seconds: options.seconds, notes: notes(lab, results), results: results)
  }

  /// What hangs is ended after a time that nothing which works can take.
  private func bounded(_ measurement: any Measurement, _ lab: Lab) async throws -> Sample {
    let limit = measurement.duration(options.seconds) * 5 + 60
    let isLate = NIOLockedValueBox(false)
    let timer = _Concurrency.Task {
      try await _Concurrency.Task.sleep(for: .seconds(limit))
      isLate.withLockedValue { $0 = true }
      lab.abort()
    }
    defer { timer.cancel() }
    let result: Result<Sample, any Error>
    do { result = .success(try await measurement.run(lab)) } catch { result = .failure(error) }
    // What was ended may look like an end of its own.
    guard !isLate.withLockedValue({ $0 }) else {
      throw RunFailure(
        .deadline, "\(measurement.subject.label) was not done after \(Int(limit)) s")
    }
    return try result.get()
  }

  // MARK: What is measured

  private static func measurements(_ options: BenchOptions) -> [any Measurement] {
    if let target = options.target {
      let pushes = options.sizes.map {
        PushThroughput(size: $0, streams: options.streams, isRemote: true)
      }
      return pushes + [
        RecordLatency(nodes: 1, command: [], target: target), AboutLatency(target: target),
      ]
    }
    var list: [any Measurement] = []
    for write in RawTCPThroughput.grid {
      for read in RawTCPThroughput.grid { list.append(RawTCPThroughput(write: write, read: read)) }
    }
    for size in options.sizes {
      list.append(PushThroughput(size: size, streams: options.streams, isRemote: false))
    }
    let size = options.typicalSize
    for nodes in Set([1, options.chain]).sorted() {
      list.append(RawRelayThroughput(nodes: nodes))
      list.append(ChainThroughput(nodes: nodes, size: size, runs: .echo))
    }
    if !options.command.isEmpty {
      list.append(ChainThroughput(nodes: 1, size: size, runs: .command(options.command)))
      list.append(GeneratedThroughput(command: options.command))
    }
    for nodes in Set([1, 3, 8, options.chain]).sorted() { list.append(FirstByte(nodes: nodes)) }
    for nodes in Set([1, options.chain]).sorted() { list.append(RawLatency(nodes: nodes)) }
    list.append(RecordLatency(nodes: options.chain, command: []))
    if !options.command.isEmpty {
      list.append(RecordLatency(nodes: options.chain, command: options.command))
    }
    list += [AboutLatency(target: nil), StartUp(), MemoryUnderLoad(size: size)]
    return list
  }

  private func notes(_ lab: Lab, _ results: [BenchReport.Result]) -> [String] {
    var notes: [String] = []
    if let target = options.target {
      notes.append(
        "\(target.node) is measured from outside: its throughput and latency with whatever operator "
          + "it has, and About; not its CPU and memory, nor the limit of the way to it")
    } else if lab.energy == nil {
      notes.append("no joules: this machine has no energy counter that can be read")
    }
    for result in results where result.subject.name == .latency && result.latency == nil {
      notes.append("\(result.subject.label): gave no record back while its stream was open")
    }
    return notes
  }

  /// RFC 3339 in UTC.
  private static func date() -> String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
      + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
  }
}
