// What an operator does with its bytes, and so how many each of its outputs must have.

/// A program that can stand in a pipeline. Each output gets the same number of bytes.
enum Program: Equatable {
  /// Writes so many bytes, reads nothing.
  case source(Int64)
  /// Every input's bytes as they come, to every output.
  case copy
  /// One input after the other.
  case concat
  /// Reads everything, then writes so many bytes.
  case reduce(Int64)
  /// Copies so many bytes and exits 0, without reading the rest.
  case early(Int64)

  /// Bytes of each output when each input was read to its end.
  func output(of inputs: [Int64]) -> Int64 {
    let sum = inputs.reduce(0, +)
    return switch self {
    case .source(let bytes), .reduce(let bytes): bytes
    case .copy, .concat: sum
    case .early(let bytes): min(sum, bytes)
    }
  }

  var readsAll: Bool {
    if case .early = self { false } else { true }
  }
}

/// How a simulated operator behaves. Times in nanoseconds.
struct OperatorSettings {
  var startTime: Int64 = 2_000_000
  /// For each read.
  var overhead: Int64 = 5_000
  var bytesPerSecond: Int64 = 1_000_000_000
  var pipeCapacity = 64 << 10
  /// Outputs are files: they hold all of it, and are sent when the operator has exited 0.
  var writesFiles = false
  var outputCapacity: Int { writesFiles ? .max : pipeCapacity }
  /// Between SIGTERM and its end.
  var stopTime: Int64 = 1_000_000
  /// Exits with 3 when it has moved so many bytes.
  var diesAt: Int64?
}
