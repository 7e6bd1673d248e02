// In through a chain of nodes and back: push at its first, pull at its last.

internal import MNP
internal import NIOCore
internal import Pipeline

struct ChainThroughput: Measurement {
  enum Operator: Sendable {
    case echo
    /// The program that is given to the bench.
    case command([String])
  }

  let nodes: Int
  let size: Int
  let runs: Operator

  var subject: Subject {
    switch runs {
    case .echo: Subject(nodes == 1 ? .echo : .chain, size: size, streams: 1, nodes: nodes)
    case .command(let words):
      Subject(
        .command, size: size, streams: 1, nodes: nodes, command: words.joined(separator: " "))
    }
  }

  func run(_ lab: Lab) async throws -> Sample {
    var processes: [LabNode] = []
    for number in 0..<nodes { processes.append(try await lab.node(role(number))) }
    return try await Self.run(through: processes, self, lab) { _ in }
  }

  private func role(_ number: Int) -> Lab.Role {
    switch runs {
    case .echo: .builtin("echo", number: number)
    case .command: .command(number: number)
    }
  }

  /// One run through these nodes. `meanwhile` is cancelled when the data has moved.
  static func run(
    through processes: [LabNode], _ measurement: ChainThroughput, _ lab: Lab,
    meanwhile: @escaping @Sendable (NIODeadline) async -> Void
  ) async throws -> Sample {
    let message = Payload.make(measurement.size)
    let chain = try await ChainSession.open(processes.map(\.url), outputs: 1, lab.client)
    let task = TaskID.random()
    let watch = _Concurrency.Task { await meanwhile(.now()) }
    defer { watch.cancel() }
    return try await chain.closing {
      let meter = Meter(processes.map(\.figures), energy: lab.energy)
      let (sent, pulled) = try await chain.moving(task) {
        async let pull = PullDrain.run(from: chain.output(port: 0), task: task, on: lab.sink)
        async let push = PushLoad.run(
          message, to: chain.input(port: 0), task: task, for: lab.options.time, on: lab.source)
        return try await (push, pull)
      }
      // Through a program it is what went in that counts: what comes out may be less or more.
      let sample = meter.sample(bytes: sent.bytes, messages: sent.messages)
      let answers = try await chain.finish(task)
      try measurement.check(answers.input(0), equals: sent.bytes, at: "the first node")
      for node in 1..<max(processes.count, 1) {
        try measurement.check(
          answers.input(node), equals: answers.output(node - 1), at: "node \(node + 1)")
      }
      try measurement.check(pulled, equals: answers.output(processes.count - 1), at: "the pull")
      if case .echo = measurement.runs {
        try measurement.check(pulled, equals: sent.bytes, at: "the pull")
      }
      return sample
    }
  }
}
