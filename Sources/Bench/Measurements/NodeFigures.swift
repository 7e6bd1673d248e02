// What a node takes by itself: to start, to wait, and memory under load.

internal import Client
internal import NIOConcurrencyHelpers
internal import NIOCore

/// From the start of the process to its first answer, and what it holds then.
struct StartUp: Measurement {
  var subject: Subject { Subject(.start, nodes: 1) }

  func duration(_ seconds: Double) -> Double { 0.1 }

  func run(_ lab: Lab) async throws -> Sample {
    let began = NIODeadline.now()
    let node = try await lab.start(.builtin("discard", number: 0), every: .microseconds(200))
    _ = try await lab.client.about(node.url)
    let milliseconds = Double((NIODeadline.now() - began).nanoseconds) / 1e6
    let memory = node.figures.memory
    await lab.end(node)
    return Sample([
      .start: milliseconds, .idleOwn: memory.own, .idleResident: memory.resident,
    ])
  }
}

/// A fresh node with `echo`, in and out at full speed, looked at every 10 ms.
struct MemoryUnderLoad: Measurement {
  let size: Int

  var subject: Subject { Subject(.memory, size: size, nodes: 1) }

  private static let pause = Duration.milliseconds(10)

  func run(_ lab: Lab) async throws -> Sample {
    let node = try await lab.start(.builtin("echo", number: 0))
    let seen = NIOLockedValueBox<[Sample.Memory]>([])
    let load = ChainThroughput(nodes: 1, size: size, runs: .echo)
    let throughput = try await ChainThroughput.run(through: [node], load, lab) { began in
      while !_Concurrency.Task.isCancelled {
        let memory = Sample.Memory(
          seconds: Double((NIODeadline.now() - began).nanoseconds) / 1e9,
          megabytes: node.figures.memory.own)
        seen.withLockedValue { $0.append(memory) }
        try? await _Concurrency.Task.sleep(for: Self.pause)
      }
    }
    await lab.end(node)
    let memory = seen.withLockedValue { $0 }
    var sample = Sample(memory: memory)
    // Without its throughput: that of a run that is looked at belongs to nobody.
    sample.figures[.peakResident] = throughput.figures[.peakResident]
    sample.figures[.peakOwn] = memory.map(\.megabytes).max()
    return sample
  }
}
