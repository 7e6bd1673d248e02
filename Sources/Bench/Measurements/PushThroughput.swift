// Into one node: as many pushes at a time as asked for, pulling back what the node makes of it.

internal import MNP
internal import NIOCore
internal import Pipeline

/// Pushes into a node of the bench with `discard`, or into a node that already runs.
struct PushThroughput: Measurement {
  let size: Int
  let streams: Int
  let isRemote: Bool

  var subject: Subject {
    Subject(isRemote ? .remote : .push, size: size, streams: streams, nodes: 1)
  }

  func run(_ lab: Lab) async throws -> Sample {
    let message = Payload.make(size)
    let node = isRemote ? nil : try await lab.node(.builtin("discard", number: 0))
    let (chain, shape) = try await open(lab, node)
    let tasks = (0..<streams).map { _ in TaskID.random() }
    return try await chain.closing {
      let meter = Meter(node.map { [$0.figures] } ?? [], energy: isRemote ? nil : lab.energy)
      let sent = try await chain.moving(tasks[0]) {
        try await move(message, tasks, shape, chain, lab)
      }
      let sample = meter.sample(bytes: sent.bytes, messages: sent.messages)
      var arrived = 0
      for task in tasks {
        let answers = try await chain.finish(task)
        for port in 0..<shape.inputs { arrived += answers.input(0, port) }
      }
      try check(arrived, equals: sent.bytes, at: "the node")
      return sample
    }
  }

  private func open(_ lab: Lab, _ node: LabNode?) async throws -> (ChainSession, PortShape) {
    if let node {
      let shape = PortShape(inputs: 1, outputs: 0)
      return (try await ChainSession.open([node.url], outputs: 0, lab.client), shape)
    }
    guard let target = lab.options.target else {
      throw RunFailure(.unreachable, "no node is named")
    }
    return try await PortShape.find(on: target, lab.client)
  }

  /// All pushes and pulls of all tasks, at once.
  private func move(
    _ message: ByteBuffer, _ tasks: [TaskID], _ shape: PortShape, _ chain: ChainSession, _ lab: Lab
  ) async throws -> PushLoad.Sent {
    try await withThrowingTaskGroup(of: PushLoad.Sent.self) { group in
      for task in tasks {
        for port in 0..<shape.outputs {
          group.addTask {
            _ = try await PullDrain.run(from: chain.output(port: port), task: task, on: lab.sink)
            return .init(bytes: 0, messages: 0)
          }
        }
        for port in 0..<shape.inputs {
          group.addTask {
            try await PushLoad.run(
              message, to: chain.input(port: port), task: task, for: lab.options.time,
              on: lab.source)
          }
        }
      }
      return try await group.reduce(into: PushLoad.Sent(bytes: 0, messages: 0)) { sum, part in
        sum.bytes += part.bytes
        sum.messages += part.messages
      }
    }
  }
}
