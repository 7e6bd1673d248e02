// A pipeline as its file describes it, before anything is wired.

package import MNP
package import OperatorFile

/// What a pipeline file says, each part with its line. Names are not looked up yet: that is the
/// plan's work.
package struct PipelineDefinition: Sendable {
  /// For reports; the file's name without its ending where the file gives none.
  package var name: String
  /// As the user named it.
  package var file: String
  /// In the order of the file; no name twice.
  package var operators: [OperatorEntry]
  package var wires: [Wire]
  /// What the engine pushes from outside.
  package var inputs: [OuterEnd]
  /// What the engine pulls and publishes.
  package var outputs: [OuterEnd]
  /// What is allowed but looks like a slip.
  package var warnings: [Diagnostic]
}

/// An entry of `operators:`.
package struct OperatorEntry: Sendable {
  package var name: String
  package var location: SourceLocation
  /// Whole: the operator file with the entry's fields over it. Of an entry that only names a node
  /// it holds the parameters.
  package var definition: OperatorDefinition
  /// The parameters to which the entry itself gives a value.
  package var givenParameters: [String]
  /// The operator file, absolute, where it names one.
  package var operatorFile: String?
  /// A node that already runs; nothing where the run starts one.
  package var node: NodeURL?
  /// Where this entry lists its ports; empty where an operator file does.
  package var portLocations: [PortDirection: [SourceLocation]]

  package func location(of direction: PortDirection, number: Int) -> SourceLocation {
    let locations = portLocations[direction] ?? []
    return locations.indices.contains(number) ? locations[number] : location
  }
}

/// `operator.port`, or the operator alone where it has one port of that direction.
package struct PortName: Hashable, Sendable, CustomStringConvertible {
  package var operatorName: String
  package var port: String?

  package var description: String {
    port.map { "\(operatorName).\($0)" } ?? operatorName
  }

  /// - Returns: nothing for anything else than one or two words around a dot.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count),
      parts.allSatisfy({ !$0.isEmpty && !$0.contains(where: \.isWhitespace) })
    else { return nil }
    self.operatorName = String(parts[0])
    self.port = parts.count == 2 ? String(parts[1]) : nil
  }
}

/// How much of an edge's data may wait in it.
package enum EdgeBuffer: String, CaseIterable, Sendable {
  /// The pipes and windows of its nodes.
  case memory
  /// A bounded spill file behind them.
  case disk
}

/// An entry of `wires:`.
package struct Wire: Sendable {
  package var from: PortName
  package var to: PortName
  package var buffer: EdgeBuffer
  package var location: SourceLocation
}

/// Where the data of a pipeline comes from or goes to.
package enum OuterPlace: Hashable, Sendable, CustomStringConvertible {
  /// Absolute.
  case file(String)
  /// Standard input of `inputs`, standard output of `outputs`.
  case standardStream

  package var description: String {
    switch self {
    case .file(let path): path
    case .standardStream: "-"
    }
  }
}

/// An entry of `inputs:` or `outputs:`.
package struct OuterEnd: Sendable {
  package var port: PortName
  package var place: OuterPlace
  package var location: SourceLocation
}
