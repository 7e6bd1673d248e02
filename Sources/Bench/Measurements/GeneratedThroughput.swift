// From a node that makes data, through a program, into a node that takes it: no byte passes through
// the bench.

internal import MNP
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import Pipeline

struct GeneratedThroughput: Measurement {
  let command: [String]
  /// Bytes a second of the run before: how much a run has to generate.
  private let rate = NIOLockedValueBox<Double?>(nil)

  init(command: [String]) {
    self.command = command
  }

  var subject: Subject {
    Subject(.generated, streams: 1, nodes: 3, command: command.joined(separator: " "))
  }

  private static let firstBytes = 64 << 20
  private static let leastBytes = 1 << 20

  func run(_ lab: Lab) async throws -> Sample {
    let nodes = [
      try await lab.node(.builtin("generate", number: 0)),
      try await lab.node(.command(number: 0)),
      try await lab.node(.builtin("discard", number: 0)),
    ]
    if rate.withLockedValue({ $0 }) == nil { _ = try await move(Self.firstBytes, nodes, lab) }
    let rate = rate.withLockedValue { $0 } ?? Double(Self.firstBytes)
    return try await move(max(Int(rate * lab.options.seconds), Self.leastBytes), nodes, lab)
  }

  private func move(_ bytes: Int, _ nodes: [LabNode], _ lab: Lab) async throws -> Sample {
    let chain = try await ChainSession.open(
      nodes.map(\.url), inputs: 0, outputs: 0,
      parameters: [.init(name: "bytes", value: "\(bytes)")], lab.client)
    let task = TaskID.random()
    return try await chain.closing {
      let meter = Meter(nodes.map(\.figures), energy: lab.energy)
      _ = try await lab.client.queryTask(chain.sessions[0], task: task, ensure: true)
      let answers = try await chain.finish(task)
      let sample = meter.sample(bytes: bytes, messages: nil)
      try check(answers.output(0), equals: bytes, at: "the generator's output")
      try check(answers.input(1), equals: bytes, at: "the program's node")
      try check(answers.input(2), equals: answers.output(1), at: "the last node")
      rate.withLockedValue { $0 = (sample.figures[.throughput] ?? 0.1) * 1e9 }
      return sample
    }
  }
}
