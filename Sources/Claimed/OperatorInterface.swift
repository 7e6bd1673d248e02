// What an operator's interface is: the value that everything else here makes, compares or prints.

package import OperatorFile

/// What a program asks of who runs it, as its text says it.
package struct OperatorInterface: Equatable, Sendable {
  package enum Manager: String, Codable, CaseIterable, Sendable {
    case pip, dnf, apt, r
  }

  /// One installation: packages, and for pip its options.
  package struct Requirement: Equatable, Sendable {
    package var manager: Manager
    /// At least one; as they would stand in a list of arguments, without quotes.
    package var arguments: [String]
    package var place: Place
  }

  package enum Default: Equatable, Sendable {
    case value(ParameterValue)
    /// An expression that the program evaluates itself: as it is written, on one line.
    case source(String)
  }

  /// An environment variable that the program reads.
  package struct Parameter: Equatable, Sendable {
    package var name: String
    package var type: ParameterType
    package var defaultValue: Default?
    /// The program cannot do without it, or is not seen to.
    package var isRequired: Bool
    package var description: String?
    package var place: Place
    /// Nothing where the parameter is no path.
    package var port: PortProposal?
  }

  /// An environment variable that the program sets.
  package struct Output: Equatable, Sendable {
    package var name: String
    package var description: String?
    package var place: Place
  }

  package struct Warning: Equatable, Sendable {
    /// Nothing for the program as a whole.
    package var place: Place?
    package var message: String
  }

  package var name: String
  package var kind: OperatorKind
  package var description: String?
  package var requirements: [Requirement] = []
  /// In the order in which the program names them first; no name twice.
  package var parameters: [Parameter] = []
  package var outputs: [Output] = []
  package var warnings: [Warning] = []
}

/// A line of a script, or of a notebook's code cell.
package struct Place: Hashable, Sendable, CustomStringConvertible {
  /// From 1, of all cells; nothing in a script.
  package var cell: Int?
  /// From 1.
  package var line: Int

  package init(cell: Int? = nil, line: Int) {
    self.cell = cell
    self.line = line
  }

  package var description: String { cell.map { "cell \($0), line \(line)" } ?? "line \(line)" }
}

/// How a parameter that is a path becomes a port of a node.
package struct PortProposal: Equatable, Sendable {
  package enum Medium: String, Codable, Sendable {
    /// A named pipe: the program reads or writes while the bytes move.
    case pipe
    /// A regular file, whole before the program starts, or sent after its end.
    case file
    /// A folder of files.
    case folder
    /// No port of its own.
    case none
  }

  package var medium: Medium
  /// Nothing where no line shows it, and for parameters that are no port.
  package var direction: PortDirection?
  /// The parameter that holds the folder to which the program joins this one.
  package var folder: String?
  /// Why, in words, with the lines that show it.
  package var reason: String
}
