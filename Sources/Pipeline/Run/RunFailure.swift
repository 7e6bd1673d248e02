// Why a run failed: the operator at the root of it first, in words and as an exit code.

internal import Client
internal import MNP
internal import OperatorFile

/// The failure of a run.
package struct RunFailure: Error, Sendable, CustomStringConvertible {
  package enum Kind: Sendable {
    /// An operator ended with another code than 0, or could not start: exit code 10.
    case operatorFailed
    /// Operators wait for each other: 10.
    case circle
    /// Data broke off on its way: 11.
    case dataBroken
    /// A node cannot be reached: 69.
    case unreachable
    /// Something did not come in time: 75.
    case deadline
    /// The pipeline, an input or an output is wrong: 65.
    case fileIsWrong
    /// Ctrl-C: 130.
    case cancelled
  }

  package var kind: Kind
  /// The operator at the root, where one is known.
  package var operatorName: String?
  package var message: String
  /// Another attempt would end the same way.
  package var isFinal: Bool

  package init(
    _ kind: Kind, operator name: String? = nil, _ message: String, isFinal: Bool = false
  ) {
    self.kind = kind
    operatorName = name
    self.message = message
    self.isFinal = isFinal
  }

  /// Whether another attempt is worth it: what died or broke off may not do so a second time; what is
  /// wrong with the pipeline or with a file, a circle and Ctrl-C stay what they are.
  var mayPass: Bool {
    switch kind {
    case .operatorFailed, .dataBroken, .unreachable, .deadline: !isFinal
    case .circle, .fileIsWrong, .cancelled: false
    }
  }

  /// What a call to the operator's node threw.
  init(operator name: String?, _ error: any Error) {
    if let failure = error as? RunFailure {
      self = failure
    } else if let error = error as? FileFailure {
      self.init(.fileIsWrong, operator: name, "\(error)")
    } else if let error = error as? MNPClientError {
      self.init(Self.kind(of: error), operator: name, error.message)
    } else {
      self.init(.unreachable, operator: name, "\(error)")
    }
  }

  package var description: String {
    operatorName.map { "operator \($0): \(message)" } ?? message
  }

  /// The root among what all nodes say: an operator's own end explains the streams that broke around
  /// it, so it is looked for first.
  static func root(of answers: [String: QueryTaskResponse], in plan: Plan) -> RunFailure? {
    let failed = plan.nodes.compactMap { node -> (String, QueryTaskResponse)? in
      guard let answer = answers[node.name], answer.state == .failed else { return nil }
      return (node.name, answer)
    }
    // Nodes stand sinks first; of several of one rank the one nearest to the sources comes first on
    // the way of the data.
    let ranked = failed.reversed().min { rank($0.1) < rank($1.1) }
    return ranked.map { name, answer in
      // An operator that cannot be started, and a limit, are no accidents.
      let isFinal = answer.failure.map { $0.kind == .start || $0.kind == .limit } ?? false
      return RunFailure(
        kind(of: answer), operator: name, progress(of: answer, at: name, in: plan) + answer.error,
        isFinal: isFinal)
    }
  }

  /// How far each port had come, where the failure is the operator's own: a failure of a port says it
  /// itself.
  private static func progress(
    of answer: QueryTaskResponse, at name: String, in plan: Plan
  ) -> String {
    guard let failure = answer.failure, failure.port.isEmpty else { return "" }
    func places(_ ports: [PortStatus], _ direction: PortDirection) -> [String] {
      ports.enumerated().map { number, port in
        let label = plan.label(PlanPortID(node: name, number: number), direction)
        return "\(label) at byte \(port.bytes)"
      }
    }
    let all = places(answer.inputs, .input) + places(answer.outputs, .output)
    return all.isEmpty ? "" : all.joined(separator: ", ") + ": "
  }

  private static func rank(_ answer: QueryTaskResponse) -> Int {
    switch answer.failure?.kind {
    case .operator, .start: 0
    case .limit, .timeout: 1
    case .input: 3
    case .forward: 4
    case .output: 5
    case .cancelled: 6
    default: 2
    }
  }

  private static func kind(of answer: QueryTaskResponse) -> Kind {
    switch answer.failure?.kind {
    case .operator, .start: .operatorFailed
    case .timeout: .deadline
    case .input, .forward, .output, .cancelled, .limit: .dataBroken
    default: .operatorFailed
    }
  }

  private static func kind(of error: MNPClientError) -> Kind {
    switch error.code {
    case .unavailable: .unreachable
    case .deadlineExceeded: .deadline
    case .aborted: .operatorFailed
    default: .dataBroken
    }
  }
}
