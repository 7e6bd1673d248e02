// A YAML text as a tree in which every node knows its line.

/// A node of a YAML document with the place where it stands. What aliases lead to is shared, not
/// copied.
package struct YAMLNode {
  package enum Shape {
    case scalar(YAMLScalar)
    case list([YAMLNode])
    case map([Entry])
  }

  package struct Entry {
    package let key: YAMLNode
    package let value: YAMLNode
  }

  package let shape: Shape
  package let location: SourceLocation
  /// Itself and all that is in it, each as often as an alias names it: at most
  /// ``YAMLParser/mostValues``.
  let values: Int

  init(_ shape: Shape, at location: SourceLocation, values: Int) {
    self.shape = shape
    self.location = location
    self.values = values
  }

  /// The text of a scalar, whatever its type would be; nothing for lists and mappings.
  package var text: String? {
    if case .scalar(let scalar) = shape { return scalar.text }
    return nil
  }

  /// Whether nothing was written: `key:` and no more, or `null`.
  package var isNull: Bool {
    if case .scalar(let scalar) = shape { return scalar.value == .null }
    return false
  }

  /// "a list", "a mapping", "text": for sentences that say what was found.
  package var kind: String {
    switch shape {
    case .list: "a list"
    case .map: "a mapping"
    case .scalar(let scalar): scalar.value.kind
    }
  }
}

/// A scalar as it was written.
package struct YAMLScalar: Hashable, Sendable {
  package var text: String
  /// Neither quoted, nor a block, nor tagged as a string: its text decides its type.
  package var isPlain: Bool

  package init(text: String, isPlain: Bool) {
    self.text = text
    self.isPlain = isPlain
  }

  /// Its value by the core schema of YAML 1.2 (section 10.3.2), where `yes`, `on` and dates are
  /// text.
  package var value: ParameterValue {
    isPlain ? ParameterValue(plain: text) : .string(text)
  }
}

package enum YAMLDocument {
  /// A person writes a few. Each costs another reading of the file.
  private static let mostLoneDashes = 20

  /// Parses one document.
  ///
  /// - Returns: nothing for an empty file.
  package static func parse(_ text: String, file: String) throws(FileErrors) -> YAMLNode? {
    var text = text
    var mendedDashes = 0
    while true {
      do throws(YAMLProblem) {
        return try YAMLParser.parse(text, file: file)
      } catch {
        if mendedDashes < mostLoneDashes, let mended = quotingLoneDash(in: text, after: error) {
          mendedDashes += 1
          text = mended
          continue
        }
        let advice = advice(text, error)
        throw FileErrors([
          Diagnostic(
            "not YAML: \(error.text)\(advice)",
            at: SourceLocation(file: file, line: error.line, column: error.column))
        ])
      }
    }
  }

  /// `plot.map: -` is what one writes for standard output, and YAML takes the dash for the
  /// beginning of a list. Where the parser stumbles over exactly that, a dash that ends its line
  /// after a key, it gets its quotes.
  private static func quotingLoneDash(in text: String, after problem: YAMLProblem) -> String? {
    guard problem.isMisplacedDash else { return nil }
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard problem.line <= lines.count else { return nil }
    let line = lines[problem.line - 1].unicodeScalars
    let before = line.prefix(problem.column - 1)
    let rest = line.dropFirst(problem.column - 1)
    guard rest.first == "-", before.last(where: { $0 != " " }) == ":" else { return nil }
    let comment = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
    guard comment.isEmpty || comment.first == "#" else { return nil }
    lines[problem.line - 1] = Substring(before) + "\"-\"" + Substring(rest.dropFirst())
    return lines.joined(separator: "\n")
  }

  /// Between `{` and `}` an unquoted `${name}` begins a mapping, and what the parser says of that
  /// helps nobody.
  private static func advice(_ text: String, _ problem: YAMLProblem) -> String {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard problem.line <= lines.count else { return "" }
    let line = lines[problem.line - 1].unicodeScalars
    let here = line.dropFirst(problem.column - 1)
    guard here.first == "{", line.prefix(problem.column - 1).last == "$" else { return "" }
    return "; between { } and [ ] write \"${…}\" in quotes"
  }
}
