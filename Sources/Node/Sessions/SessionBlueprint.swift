// What Init has settled: everything that a task of the session needs to start.

internal import MNP
internal import OperatorFile
internal import Operators

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
  /// `early_end: fail` of the operator file.
  var failsOnEarlyEnd: Bool
}
