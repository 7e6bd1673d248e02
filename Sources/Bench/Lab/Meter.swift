// What a run of so many bytes took: time, CPU of both sides, energy, memory.

internal import NIOCore

/// Reads every counter at the start of a run and again at its end.
struct Meter: Sendable {
  private let nodes: [ProcessFigures]
  private let energy: Energy?
  private let began: NIODeadline
  private let benchCPU: Double
  private let nodesCPU: Double
  private let childrenCPU: Double
  private let joules: [Double]

  /// Starts. `nodes`: the processes beside this one that take part; none where they are elsewhere.
  init(_ nodes: [ProcessFigures], energy: Energy?) {
    self.nodes = nodes
    self.energy = energy
    for node in nodes { node.forgetPeak() }
    joules = energy?.read() ?? []
    childrenCPU = nodes.reduce(0) { $0 + $1.childrenSeconds }
    nodesCPU = nodes.reduce(0) { $0 + $1.cpuSeconds }
    benchCPU = ProcessFigures.own.cpuSeconds
    began = .now()
  }

  /// Stops.
  ///
  /// - Parameters:
  ///   - bytes: payload that went all the way, above 0.
  ///   - messages: as they were sent; nil where there are none.
  func sample(bytes: Int, messages: Int?) -> Sample {
    let seconds = Double((NIODeadline.now() - began).nanoseconds) / 1e9
    let bench = ProcessFigures.own.cpuSeconds - benchCPU
    let own = nodes.reduce(0) { $0 + $1.cpuSeconds } - nodesCPU
    let children = nodes.reduce(0) { $0 + $1.childrenSeconds } - childrenCPU
    let gigabytes = Double(bytes) / 1e9
    var sample = Sample([
      .throughput: gigabytes / seconds,
      .benchCPU: bench / gigabytes,
    ])
    if let messages { sample.figures[.messages] = Double(messages) / seconds }
    if !nodes.isEmpty {
      sample.figures[.cpu] = (bench + own + children) / gigabytes
      sample.figures[.nodesCPU] = own / gigabytes
      if children > 0 { sample.figures[.operatorCPU] = children / gigabytes }
      sample.figures[.peakResident] = nodes.map(\.memory.peakResident).max()
    }
    if let energy {
      sample.figures[.energy] = energy.joules(from: joules, to: energy.read()) / gigabytes
    }
    return sample
  }
}
