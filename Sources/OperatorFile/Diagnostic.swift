// What is wrong with a file, and where in it.

/// A place in a file that people wrote.
package struct SourceLocation: Hashable, Sendable {
  /// The file as the user named it.
  package var file: String
  /// From 1; 0 means the file as a whole.
  package var line: Int
  /// From 1, counted in Unicode scalars; 0 with line 0.
  package var column: Int

  package init(file: String, line: Int = 0, column: Int = 0) {
    self.file = file
    self.line = line
    self.column = column
  }
}

extension SourceLocation: CustomStringConvertible {
  /// `file:line:column`, the form that editors and terminals make clickable.
  package var description: String {
    line == 0 ? file : "\(file):\(line):\(column)"
  }
}

/// One sentence about one place.
package struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
  /// Nothing for what does not come from a file, such as a flag.
  package var location: SourceLocation?
  /// What is wrong and, where there is one, the way out. Never holds a parameter's value, which
  /// may be a secret.
  package var message: String

  package init(_ message: String, at location: SourceLocation?) {
    self.location = location
    self.message = message
  }

  package var description: String {
    location.map { "\($0): \(message)" } ?? message
  }
}

/// Everything that was found wrong with a file: exit code 65.
package struct FileErrors: Error, Equatable, CustomStringConvertible {
  /// At least one, in the order of their lines.
  package let diagnostics: [Diagnostic]

  package init(_ diagnostics: [Diagnostic]) {
    precondition(!diagnostics.isEmpty)
    self.diagnostics = diagnostics
  }

  package var description: String {
    diagnostics.map(\.description).joined(separator: "\n")
  }
}

/// Collects errors, so that one reading of a file shows all of them. Used by one thread, for the
/// time of one reading.
package final class Diagnostics {
  /// As many as a person will look at; a file that is wholly wrong is not quoted in full.
  private static let limit = 50

  private var errors: [Diagnostic] = []
  package private(set) var warnings: [Diagnostic] = []

  package init() {}

  package var hasErrors: Bool { !errors.isEmpty }

  package func error(_ message: String, at location: SourceLocation?) {
    let diagnostic = Diagnostic(message, at: location)
    guard errors.count < Self.limit, !errors.contains(diagnostic) else { return }
    errors.append(diagnostic)
  }

  package func warning(_ message: String, at location: SourceLocation?) {
    let diagnostic = Diagnostic(message, at: location)
    guard warnings.count < Self.limit, !warnings.contains(diagnostic) else { return }
    warnings.append(diagnostic)
  }

  package func adopt(_ other: FileErrors) {
    for diagnostic in other.diagnostics { error(diagnostic.message, at: diagnostic.location) }
  }

  /// Ends the reading where something was wrong.
  package func check() throws(FileErrors) {
    guard !errors.isEmpty else { return }
    // Files stay in the order in which they were met: an operator file that is read for a
    // pipeline comes where the pipeline names it.
    var order: [String: Int] = [:]
    for error in errors {
      let file = error.location?.file ?? ""
      if order[file] == nil { order[file] = order.count }
    }
    func rank(_ diagnostic: Diagnostic) -> (Int, Int, Int) {
      guard let place = diagnostic.location else { return (order[""] ?? 0, 0, 0) }
      return (order[place.file] ?? 0, place.line, place.column)
    }
    let sorted = errors.enumerated().sorted {
      let (left, right) = (rank($0.element), rank($1.element))
      return left == right ? $0.offset < $1.offset : left < right
    }
    throw FileErrors(sorted.map(\.element))
  }
}
