// A report with one measurement of each kind.

@testable import Bench

extension BenchReport {
  static var example: BenchReport {
    func throughput(_ rate: Double, _ cpu: Double) -> Sample {
      Sample([.throughput: rate, .cpu: cpu, .messages: rate * 1e9 / 65536])
    }
    return BenchReport(
      headrace: "0.1.0",
      machine: Machine(cpu: "Fast & <small>", cores: 2, kernel: "Linux 6.1", memory: 8_000_000_000),
      date: "2026-01-02T03:04:05Z", runs: 3, seconds: 0.5, notes: ["no joules"],
      results: [
        Result(
          Subject(.rawTCP, write: 65536, read: 65536),
          [
            Sample([.throughput: 8, .cpu: 0.25]), Sample([.throughput: 7, .cpu: 0.2]),
            Sample([.throughput: 9, .cpu: 0.3]),
          ]),
        Result(
          Subject(.rawTCP, write: 131072, read: 65536),
          [Sample([.throughput: 6, .cpu: 0.2]), Sample([.throughput: 6, .cpu: 0.2])]),
        Result(
          Subject(.push, size: 65536, streams: 1, nodes: 1),
          [throughput(6, 0.25), throughput(4, 0.5), throughput(5, 0.3)]),
        Result(
          Subject(.push, size: 1 << 20, streams: 1, nodes: 1),
          [throughput(7, 0.25), throughput(7, 0.25), throughput(7, 0.25)]),
        Result(Subject(.rawLatency, size: 100, nodes: 1), [Sample(latencies: [40, 50, 60])]),
        Result(
          Subject(.about, nodes: 1),
          [Sample(latencies: [100, 80]), Sample(latencies: [90]), Sample(latencies: [120])]),
        Result(Subject(.start, nodes: 1), [Sample([.start: 20, .idleOwn: 4, .idleResident: 15])]),
        Result(
          Subject(.memory, size: 65536, nodes: 1),
          [
            Sample(
              [.peakOwn: 6],
              memory: [.init(seconds: 0, megabytes: 4), .init(seconds: 0.5, megabytes: 6)])
          ]),
      ])
  }
}
