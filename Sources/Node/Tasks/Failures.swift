// Failures on their way out: an operator's exit becomes the task's failure, the task's failure a
// gRPC status or the wire's Failure.

internal import GRPC
internal import MNP
internal import Operators
internal import Sessions

extension OperatorExit {
  /// Nil when the operator has succeeded.
  var failure: TaskFailure? {
    switch reason {
    case .success:
      nil
    case .code(let code):
      TaskFailure(
        .operatorFailed, "the operator exited with code \(code)", exitCode: code,
        standardErrorTail: stderrTail)
    case .signal(let signal):
      TaskFailure(
        .operatorFailed, "the operator was ended by signal \(signal)\(Self.name(of: signal))",
        signal: signal, standardErrorTail: stderrTail)
    case .failed(let message):
      TaskFailure(.start, message, standardErrorTail: stderrTail)
    }
  }

  private static func name(of signal: Int32) -> String {
    let names: [Int32: String] = [
      1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
      9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU",
      25: "SIGXFSZ",
    ]
    return names[signal].map { " (\($0))" } ?? ""
  }
}

extension TaskFailure {
  /// The status by which a push or a pull hears of the failure.
  func grpcStatus(at place: Place, port: PortLabel? = nil, offset: Int64? = nil) -> GRPCStatus {
    GRPCStatus(code, place.describe(self, port: port, offset: offset))
  }

  /// ABORTED is an operator's end, DATA_LOSS a stream that broke: `headrace` exits with 10 and 11.
  private var code: GRPCStatus.Code {
    switch kind {
    case .operatorFailed, .start, .forward: .aborted
    case .input: .dataLoss
    case .output, .cancelled: .cancelled
    case .limit: .resourceExhausted
    case .timeout: .deadlineExceeded
    }
  }

  func wireFailure(at place: Place) -> Failure {
    let wireKind: Failure.Kind =
      switch kind {
      case .operatorFailed: .operator
      case .start: .start
      case .input: .input
      case .output: .output
      case .forward: .forward
      case .cancelled: .cancelled
      case .limit: .limit
      case .timeout: .timeout
      }
    return Failure(
      kind: wireKind, message: message, node: place.node, session: place.session, task: place.task,
      port: port?.description ?? "", offset: offset ?? 0, exitCode: exitCode ?? 0,
      signal: signal ?? 0, stderrTail: standardErrorTail)
  }
}

extension Failure {
  /// The words for a failure that another node has told us of: those in which it says it itself.
  var words: String {
    var text = "node \(node), session \(session), task \(task)"
    if !port.isEmpty { text += ", \(port) at byte \(offset)" }
    text += ": \(message)"
    if !stderrTail.isEmpty {
      text += "; standard error ends with:\n  " + stderrTail.joined(separator: "\n  ")
    }
    return text
  }
}

extension GRPCStatus {
  /// Why a call went away, for the failure that it causes.
  var reason: String { message.isEmpty ? "\(code)" : message }
}

extension TaskRefusal {
  /// The status by which a push or a pull hears that it cannot be attached.
  func grpcStatus(at place: Place) -> GRPCStatus {
    let prefix = "node \(place.node), session \(place.session), task \(place.task): "
    return switch self {
    case .noSuchPort(let text): GRPCStatus(.invalidArgument, prefix + text)
    case .taken(let text): GRPCStatus(.failedPrecondition, prefix + text)
    case .failed(let failure): failure.grpcStatus(at: place)
    }
  }
}

/// A task's status with its place, ready for QueryTask's answer.
struct TaskSnapshot: Sendable {
  var status: TaskStatus
  var place: Place
  /// Bytes that wait at each port: for the operator, or for the output's reader.
  var heldAtInputs: [Int64]
  var heldAtOutputs: [Int64]
  /// Of what has arrived at each input, where it is summed.
  var checksums: [Checksum?]
  /// The operator was looked at, and does nothing until a port moves.
  var isStill = false

  var response: QueryTaskResponse {
    let empty = status.outputs.map { _ in Checksum?.none }
    var response = QueryTaskResponse(
      state: .exists, inputs: Self.wire(status.inputs, heldAtInputs, checksums),
      outputs: Self.wire(status.outputs, heldAtOutputs, empty),
      still: isStill)
    switch status.state {
    case .exists: break
    case .finished: response.state = .finished
    case .failed(let failure):
      response.state = .failed
      response.error = place.describe(failure)
      response.failure = failure.wireFailure(at: place)
    }
    return response
  }

  private static func wire(
    _ ports: [TaskStatus.Port], _ held: [Int64], _ checksums: [Checksum?]
  ) -> [PortStatus] {
    ports.indices.map { index in
      let port = ports[index]
      return PortStatus(
        messageCount: port.messages, bytes: port.bytes, error: port.error ?? "", done: port.isDone,
        unread: port.unread, held: held[index], checksum: checksums[index])
    }
  }
}
