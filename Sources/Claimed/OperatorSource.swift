// The file that an operator is written in.

package import OperatorFile

/// How an operator is written.
package enum OperatorKind: String, Codable, Sendable {
  case python, notebook, r

  /// What file names of it end with, in lower case.
  var suffix: String {
    switch self {
    case .python: ".py"
    case .notebook: ".ipynb"
    case .r: ".r"
    }
  }

  /// The most bytes that are read. Programs are far smaller; notebooks keep their pictures.
  var limit: Int {
    switch self {
    case .python, .r: 4 << 20
    case .notebook: 64 << 20
    }
  }

  init?(fileName: String) {
    let name = fileName.lowercased()
    guard let kind = [Self.python, .notebook, .r].first(where: { name.hasSuffix($0.suffix) }),
      name.utf8.count > kind.suffix.utf8.count
    else { return nil }
    self = kind
  }
}

/// An operator's text, read and found to be what its name says.
package struct OperatorSource: Sendable {
  enum Content: Sendable {
    case script(String)
    case notebook(Notebook)
  }

  package let kind: OperatorKind
  /// As the user named it.
  package let path: String
  let content: Content

  /// Reads the file at `path`.
  ///
  /// - Throws: one sentence, where it cannot be read or is no program.
  package init(reading path: String) throws(FileErrors) {
    let kind = try Self.kind(of: path)
    try self.init(try TextFile.read(path, limit: kind.limit), path: path)
  }

  /// A text as the file at `path` would have it.
  package init(_ text: String, path: String) throws(FileErrors) {
    self.path = path
    kind = try Self.kind(of: path)
    guard !text.utf8.contains(0) else {
      throw Self.failure("is not a program: it has a zero byte in it", path)
    }
    content = kind == .notebook ? .notebook(try Notebook(text, file: path)) : .script(text)
  }

  var fileName: String { path.split(separator: "/").last.map(String.init) ?? path }

  private static func kind(of path: String) throws(FileErrors) -> OperatorKind {
    guard let kind = OperatorKind(fileName: path.split(separator: "/").last.map(String.init) ?? "")
    else {
      throw failure(
        "is neither a Python script (.py), a notebook (.ipynb) nor an R script (.R)", path)
    }
    return kind
  }

  private static func failure(_ reason: String, _ path: String) -> FileErrors {
    FileErrors([Diagnostic(reason, at: SourceLocation(file: path))])
  }
}
