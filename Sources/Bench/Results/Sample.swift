// What one run of one measurement gives.

/// A figure of a measurement; its raw value is its name in the JSON.
package enum Figure: String, CaseIterable, Sendable {
  /// 10^9 bytes of payload a second.
  case throughput = "gb_per_s"
  case messages = "messages_per_s"
  /// CPU seconds for 10^9 bytes of payload, of all processes together.
  case cpu = "cpu_s_per_gb"
  case benchCPU = "bench_cpu_s_per_gb"
  case nodesCPU = "nodes_cpu_s_per_gb"
  case operatorCPU = "operator_cpu_s_per_gb"
  /// Of the processor packages, whoever used them.
  case energy = "joules_per_gb"
  /// The most memory that any one node had resident, in 10^6 bytes.
  case peakResident = "peak_rss_mb"
  /// The most own memory (RssAnon) that any one node was seen with.
  case peakOwn = "peak_rss_anon_mb"
  case idleResident = "idle_rss_mb"
  case idleOwn = "idle_rss_anon_mb"
  /// From the start of the process to the answer to About, in milliseconds.
  case start = "start_to_answer_ms"
  /// The first byte where no connection is open yet, in microseconds.
  case cold = "cold_us"

  /// Whether more of it is better.
  package var isRate: Bool { self == .throughput || self == .messages }
}

package struct Sample: Sendable, Equatable {
  /// Own memory of one node at one moment.
  package struct Memory: Sendable, Equatable {
    /// Since the run began.
    package var seconds: Double
    package var megabytes: Double

    package init(seconds: Double, megabytes: Double) {
      self.seconds = seconds
      self.megabytes = megabytes
    }
  }

  package var figures: [Figure: Double]
  /// Microseconds, in the order in which they were taken.
  package var latencies: [Double]
  package var memory: [Memory]

  package init(
    _ figures: [Figure: Double] = [:], latencies: [Double] = [], memory: [Memory] = []
  ) {
    self.figures = figures
    self.latencies = latencies
    self.memory = memory
  }
}
