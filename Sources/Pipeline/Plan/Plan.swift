// The wiring of a pipeline, ready to be run.

package import MNP
package import OperatorFile

/// A port of a node in a plan.
package struct PlanPortID: Hashable, Sendable {
  /// The node's name.
  package var node: String
  /// Its number on the wire.
  package var number: Int

  package init(node: String, number: Int) {
    self.node = node
    self.number = number
  }
}

package struct PlanPort: Hashable, Sendable {
  /// Nothing for the numbered ports of builtins and of nodes of which nothing more is known.
  package var name: String?
  /// Nothing where the node itself decides: builtins and nodes without a description.
  package var via: PortMedium?
  /// What Init states; nothing for any.
  package var contentType: String?
}

/// A node of the run: one session and one task.
package struct PlanNode: Sendable {
  package enum Host: Equatable, Sendable {
    /// The run starts a node for it.
    case own
    /// It runs already.
    case existing(NodeURL)
  }

  /// The operator's name, or `tee.OPERATOR.PORT` for a tee that the plan put in; no two are alike.
  /// Fits behind a run's id in a session id.
  package var name: String
  package var host: Host
  /// With its ports listed, whether the file did so or not.
  package var definition: OperatorDefinition
  /// The names of the parameters that the pipeline gives a value; the values stand in the
  /// definition. They are what Init sends to a node that already runs.
  package var givenParameters: [String]
  /// The operator file, absolute, if there is one.
  package var operatorFile: String?
  package var inputs: [PlanPort]
  package var outputs: [PlanPort]
  /// Put in because one output has several readers.
  package var isAutomatic: Bool
  package var location: SourceLocation

  /// Nothing is pushed to it, so its task begins with an ensuring query (or a pull).
  package var startsByQuery: Bool { inputs.isEmpty }

  /// The parameters for Init: given ones with a value, in their order.
  package var initParameters: [GivenParameter] {
    givenParameters.compactMap { name in
      guard let parameter = definition[parameter: name],
        let text = parameter.defaultValue?.environmentText
      else { return nil }
      return GivenParameter(name: name, text: text, isSecret: parameter.isSecret)
    }
  }

  /// The same, as people may see them.
  var shownParameters: [(name: String, text: String)] {
    initParameters.map { ($0.name, $0.isSecret ? "***" : $0.text) }
  }
}

/// What goes from one node to the next, directly.
package struct PlanEdge: Sendable {
  package enum Kind: String, Sendable {
    /// Bytes arrive while they are being made.
    case pipe
    /// All bytes are there before the reader starts, or before the first is sent.
    case file
  }

  package var from: PlanPortID
  package var to: PlanPortID
  /// Stated by either end; nothing for any.
  package var contentType: String?
  package var buffer: EdgeBuffer
  package var kind: Kind
  /// Why it is that kind, for people.
  package var reason: String
  package var location: SourceLocation
}

/// What the engine pushes into a port, or pulls from it.
package struct PlanEnd: Sendable {
  package var port: PlanPortID
  package var place: OuterPlace
  package var location: SourceLocation

  /// The file's path; `-` is the standard stream.
  package var path: String { place.path }
}

/// A pipeline with every name looked up and everything checked that can be checked before it runs.
package struct Plan: Sendable {
  package var name: String
  package var file: String
  /// In the order of their inits: a node comes after all that it sends to.
  package var nodes: [PlanNode]
  /// In the order of the file's wires; the one into a tee stands before those out of it.
  package var edges: [PlanEdge]
  package var sources: [PlanEnd]
  package var sinks: [PlanEnd]
  /// What is allowed in the file but looks like a slip.
  package var fileWarnings: [Diagnostic]
  /// Where operators can come to wait for each other.
  package var circleWarnings: [Diagnostic] = []

  package var warnings: [Diagnostic] { fileWarnings + circleWarnings }

  package func node(_ name: String) -> PlanNode? {
    nodes.first { $0.name == name }
  }

  /// `operator.port` as the pipeline file would say it.
  package func label(_ id: PlanPortID, _ direction: PortDirection) -> String {
    let ports = node(id.node).map { direction == .input ? $0.inputs : $0.outputs } ?? []
    let name = ports.indices.contains(id.number) ? ports[id.number].name : nil
    return "\(id.node).\(name ?? "\(id.number)")"
  }
}
