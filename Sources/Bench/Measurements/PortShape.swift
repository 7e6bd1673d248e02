// How many ports a node takes whose operator is not known.

internal import Client
internal import MNP
internal import Pipeline

struct PortShape: Equatable, Sendable {
  var inputs: Int
  var outputs: Int

  /// In the order in which they are tried. An output comes before none: without one, what a program
  /// writes would go to its node's log.
  static let candidates = [(1, 1), (1, 0), (2, 1), (1, 2), (2, 2), (2, 0)].map {
    PortShape(inputs: $0.0, outputs: $0.1)
  }

  /// Opens a session on the node with the first numbers of ports that it takes.
  ///
  /// - Throws: its reason against the first of them where it takes none.
  static func find(
    on node: NodeURL, _ client: MNPClient
  ) async throws -> (session: ChainSession, shape: PortShape) {
    var first: RunFailure?
    for shape in candidates {
      do {
        let session = try await ChainSession.open(
          [node.node], inputs: shape.inputs, outputs: shape.outputs, client)
        return (session, shape)
      } catch let failure as RunFailure where failure.kind == .operatorFailed {
        first = first ?? failure
      }
    }
    throw first ?? RunFailure(.operatorFailed, "\(node) takes no session with an input")
  }
}
