// What a bench is to do.

package import MNP
package import Transport

package struct BenchOptions: Sendable {
  /// The `headrace` executable, for the processes that the bench starts.
  package var executable: String
  package var environment: [String: String]
  /// How a node that already runs is reached.
  package var transport = TransportConfiguration()
  /// Whether data is summed, and compared at its other end, as it is for everybody.
  package var checksums = true

  /// A node that already runs, in place of those that the bench starts.
  package var target: NodeURL?
  /// Nodes of the chain, at least 1.
  package var chain = 3
  /// A program and its arguments, to be measured as an operator.
  package var command: [String] = []
  /// Bytes of a message, at least one of them.
  package var sizes = SizeList.standard
  /// Pushes at a time, on one connection.
  package var streams = 1
  /// Of one run of one measurement.
  package var seconds = 1.0
  package var runs = 7

  package init(executable: String, environment: [String: String]) {
    self.executable = executable
    self.environment = environment
  }

  /// Where throughput is not told by size: the size of the list that is nearest to 64 KiB.
  var typicalSize: Int {
    sizes.min { abs($0 - 65536) < abs($1 - 65536) } ?? 65536
  }
}
