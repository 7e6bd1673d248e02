// How long one thing takes: a first byte, a record, an answer.

internal import MNP
internal import NIOCore
internal import Pipeline

/// The first byte through nodes whose sessions are ready: from before push and pull are opened until
/// it has been pulled. Cold: no connection is open yet, on fresh nodes. Then warm, task after task.
struct FirstByte: Measurement {
  let nodes: Int

  var subject: Subject { Subject(.firstByte, size: Payload.recordSize, nodes: nodes) }

  func duration(_ seconds: Double) -> Double { seconds / 2 + 0.1 + Double(nodes) * 0.05 }

  private static let mostTasks = 500

  func run(_ lab: Lab) async throws -> Sample {
    var fresh: [LabNode] = []
    for _ in 0..<nodes {
      fresh.append(try await lab.start(.builtin("echo", number: 0)))
    }
    let chain = try await ChainSession.open(fresh.map(\.url), outputs: 1, lab.client)
    let sample = try await chain.closing {
      // The lab's loops have no connection to fresh nodes; its client, which opened the sessions,
      // has.
      let cold = try await first(chain, lab)
      var warm: [Double] = []
      let end = NIODeadline.now() + lab.options.halfTime
      while warm.isEmpty || (NIODeadline.now() < end && warm.count < Self.mostTasks) {
        warm.append(try await first(chain, lab))
      }
      return Sample([.cold: cold], latencies: warm)
    }
    for node in fresh { await lab.end(node) }
    return sample
  }

  private func first(_ chain: ChainSession, _ lab: Lab) async throws -> Double {
    let outcome = try await RecordProbe.run(
      Payload.record, to: chain.input(port: 0), from: chain.output(port: 0), task: .random(),
      for: .seconds(30), limit: 1, on: lab.source)
    try check(outcome.received, equals: outcome.sent, at: "the pull")
    guard let latency = outcome.latencies.first else {
      throw RunFailure(.deadline, "\(subject.label): no byte came within 30 s")
    }
    return latency
  }
}

/// A small record through an open chain.
struct RecordLatency: Measurement {
  let nodes: Int
  /// Empty for echo.
  let command: [String]
  /// In place of nodes of the bench, whatever its operator; nil for those.
  var target: NodeURL?

  var subject: Subject {
    Subject(
      .latency, size: Payload.recordSize, nodes: nodes,
      command: command.isEmpty ? nil : command.joined(separator: " "))
  }

  func duration(_ seconds: Double) -> Double { seconds / 2 + 0.05 }

  func run(_ lab: Lab) async throws -> Sample {
    guard let chain = try await open(lab) else { return Sample() }
    let task = TaskID.random()
    let outcome = try await chain.closing {
      let outcome = try await chain.moving(task) {
        try await RecordProbe.run(
          Payload.record, to: chain.input(port: 0), from: chain.output(port: 0), task: task,
          for: lab.options.halfTime, limit: Payload.mostSamples, on: lab.source)
      }
      let answers = try await chain.finish(task)
      try check(answers.input(0), equals: outcome.sent, at: "the first node")
      try check(outcome.received, equals: answers.output(nodes - 1), at: "the pull")
      return outcome
    }
    // The first one goes with the opening of the stream. A program that reads all before it writes
    // gives none: that is no failure, and no figure.
    return Sample(latencies: Array(outcome.latencies.dropFirst()))
  }

  /// Nil where the target takes other ports than one input and one output.
  private func open(_ lab: Lab) async throws -> ChainSession? {
    if let target {
      let (chain, shape) = try await PortShape.find(on: target, lab.client)
      if shape == PortShape(inputs: 1, outputs: 1) { return chain }
      return try await chain.closing { nil }
    }
    var urls: [NodeURL] = []
    for number in 0..<nodes {
      let role: Lab.Role =
        command.isEmpty ? .builtin("echo", number: number) : .command(number: number)
      urls.append(try await lab.node(role).url)
    }
    return try await ChainSession.open(urls, outputs: 1, lab.client)
  }
}

/// About, on an open connection.
struct AboutLatency: Measurement {
  /// Nil for a node of the bench.
  let target: NodeURL?

  var subject: Subject { Subject(.about, nodes: 1) }

  func duration(_ seconds: Double) -> Double { seconds / 2 }

  func run(_ lab: Lab) async throws -> Sample {
    let node: NodeURL =
      if let target { target } else { try await lab.node(.builtin("discard", number: 0)).url }
    return Sample(
      latencies: try await AboutProbe.run(
        node, for: lab.options.halfTime, limit: Payload.mostSamples, on: lab.source))
  }
}
