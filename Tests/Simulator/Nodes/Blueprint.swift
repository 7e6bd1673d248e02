// What every task of a session has in common.

/// The outcome of an Init: ports, wiring, what runs, and how much must come and go.
struct Blueprint {
  var inputs: Int
  /// For each output: where it is forwarded; nil is for a pull.
  var destinations: [Destination?]
  var program: Program
  var settings = OperatorSettings()
  /// Bytes of each input, and of every output, when nothing fails.
  var expectedInputs: [Int64] = []
  var expectedOutput: Int64 { program.output(of: expectedInputs) }
}

/// A node's limits. Times in nanoseconds.
struct NodeLimits {
  var inputDeadline: Int64 = 600_000_000_000
  var drain: Int64 = 30_000_000_000
  var statusLifetime: Int64 = 600_000_000_000
  var idLifetime: Int64 = 86_400_000_000_000
  var tasksPerSession = 1024
  var endedTasks = 4096
}

/// The most that was ever in one buffer of a node, in bytes.
struct Peaks {
  /// Received on one stream and not yet taken.
  var window = 0
  /// Waiting to leave on one stream.
  var queue = 0
  /// In one pipe from an operator.
  var pipe = 0
  /// In and before all of its operators.
  var held = 0
}
