// The same pipeline the way it is done without Headrace: stage by stage, through files.

internal import OperatorFile

#if canImport(Glibc)
  internal import Glibc
#endif

extension Runner {
  /// Runs each operator by itself, after all that feed it, with its ports in files of `folder`
  /// (`OPERATOR.PORT`), which stay: to debug one stage, and to compare with the streamed run.
  ///
  /// Each stage is a plan of one node, run as any other plan is: what differs is the hand-off alone.
  package func runStages(in folder: String) async -> (report: RunReport, failure: RunFailure?) {
    let clock = ContinuousClock()
    let start = clock.now
    var total: RunReport?
    var failure: RunFailure?
    do {
      try await Disk.run { try Self.makeFolder(folder) }
    } catch {
      failure = RunFailure(operator: nil, error)
    }
    // Plans list sinks first; stages go the way of the data.
    for node in plan.handedOff().nodes.reversed() where failure == nil {
      let (report, stageFailure) = await stage(node, in: folder).run()
      failure = stageFailure
      guard var sum = total else {
        total = report
        continue
      }
      sum.attempts += report.attempts
      sum.operators += report.operators
      sum.outcome = report.outcome
      sum.error = report.error
      total = sum
    }
    var report = total ?? emptyReport()
    if failure != nil, total == nil {
      report.outcome = .failed
      report.error = failure?.description
    }
    if failure == nil {
      do {
        (report.inputs, report.outputs) = try await publish(from: folder)
        report.edges = try edges(in: folder)
      } catch {
        failure = RunFailure(operator: nil, error)
        report.outcome = .failed
        report.error = failure?.description
      }
    }
    report.seconds = (clock.now - start) / .seconds(1)
    return (report, failure)
  }

  private func stage(_ node: PlanNode, in folder: String) -> Runner {
    var stage = plan
    stage.nodes = [node]
    stage.edges = []
    stage.sources = node.inputs.indices.map { number in
      let port = PlanPortID(node: node.name, number: number)
      return PlanEnd(port: port, place: place(feeding: port, in: folder), location: node.location)
    }
    stage.sinks = node.outputs.indices.map { number in
      let port = PlanPortID(node: node.name, number: number)
      return PlanEnd(
        port: port, place: .file(path(of: port, in: folder)), location: node.location)
    }
    return Runner(stage, options: options, client: client, onEvent: onEvent)
  }

  private func place(feeding port: PlanPortID, in folder: String) -> OuterPlace {
    if let edge = plan.edges.first(where: { $0.to == port }) {
      return .file(path(of: edge.from, in: folder))
    }
    return plan.sources.first { $0.port == port }?.place ?? .file("/dev/null")
  }

  private func path(of port: PlanPortID, in folder: String) -> String {
    "\(folder)/\(plan.label(port, .output))"
  }

  /// With its parents, where they are missing.
  private static func makeFolder(_ path: String) throws(FileFailure) {
    if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw FileFailure("make the folder", path)
    }
    try makeFolder(String(path[..<slash]))
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw FileFailure("make the folder", path)
    }
  }

  /// Copies the sinks' files to where the pipeline wants them.
  private func publish(from folder: String) async throws
    -> (inputs: [RunReport.File], outputs: [RunReport.File])
  {
    try await Disk.run { [plan] in
      var outputs: [RunReport.File] = []
      for sink in plan.sinks {
        let label = plan.label(sink.port, .output)
        let file = try OutputFile(path: sink.place.path)
        let stage = try InputFile(path: self.path(of: sink.port, in: folder))
        while let chunk = try stage.read(limit: 1 << 20) { try file.write(chunk) }
        try file.publish()
        outputs.append(
          RunReport.File(port: label, file: file.path, bytes: file.bytes, sha256: file.digest))
      }
      var inputs: [RunReport.File] = []
      for source in plan.sources where source.place != .standardStream {
        let file = try InputFile(path: source.place.path)
        while try file.read(limit: 1 << 20) != nil {}
        inputs.append(
          RunReport.File(
            port: plan.label(source.port, .input), file: file.path, bytes: file.bytes,
            sha256: file.digest))
      }
      return (inputs, outputs)
    }
  }

  private func edges(in folder: String) throws -> [RunReport.Edge] {
    try plan.edges.map { edge in
      RunReport.Edge(
        from: plan.label(edge.from, .output), to: plan.label(edge.to, .input),
        bytes: try InputFile(path: path(of: edge.from, in: folder)).size, seconds: nil)
    }
  }
}
