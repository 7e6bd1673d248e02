// What Init has settled: everything that a task of the session needs to start.

internal import MNP
internal import OperatorFile
internal import Operators
internal import Sessions

/// The outcome of a successful Init: ports, wiring, and what to run.
struct SessionBlueprint: Sendable {
  struct Input: Sendable {
    var name: String?
    var contentType: String
  }

  struct Output: Sendable {
    var name: String?
    var contentType: String
    /// The next node's input port; nil is for a pull.
    var destination: NodeURL?
  }

  enum Recipe: Sendable {
    case process(OperatorCommand)
    case builtin(BuiltinKind, parameters: [String: String])
  }

  var inputs: [Input]
  var outputs: [Output]
  var recipe: Recipe
  /// What operators print is logged and told without these.
  var secrets: Secrets
  /// `early_end: fail` of the operator file.
  var failsOnEarlyEnd: Bool
  /// Ids that no task of the session may have: tasks of former attempts of a run.
  var endedTasks: [String] = []

  /// Why no task of the session could take a call to this port.
  func refusal(of port: CalledPort) -> TaskRefusal? {
    switch port {
    case .input(let index):
      return inputs.indices.contains(index)
        ? nil : .outOfRange(.input, index, of: inputs.count)
    case .output(let index):
      guard outputs.indices.contains(index) else {
        return .outOfRange(.output, index, of: outputs.count)
      }
      let output = outputs[index]
      return output.destination == nil
        ? nil : .forwarded(PortLabel(.output, index, name: output.name))
    }
  }
}

/// The port that a push or a pull names, as it came.
enum CalledPort {
  case input(Int)
  case output(Int)
}
