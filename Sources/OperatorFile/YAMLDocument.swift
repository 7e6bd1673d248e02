// A YAML text as a tree in which every node knows its line.

internal import Yams

/// A node of a YAML document with the place where it stands. Children are made when they are
/// looked at, so that aliases cost nothing until something of the schema leads to them.
package struct YAMLNode {
  package enum Shape {
    case scalar(YAMLScalar)
    case list([YAMLNode])
    case map([(key: YAMLNode, value: YAMLNode)])
  }

  fileprivate let node: Node
  package let location: SourceLocation

  fileprivate init(_ node: Node, file: String, fallback: SourceLocation) {
    self.node = node
    self.location =
      node.mark.map { SourceLocation(file: file, line: $0.line, column: $0.column) } ?? fallback
  }

  package var shape: Shape {
    func child(_ node: Node) -> YAMLNode {
      YAMLNode(node, file: location.file, fallback: location)
    }
    switch node {
    case .scalar(let scalar): return .scalar(YAMLScalar(scalar))
    case .sequence(let sequence): return .list(sequence.map(child))
    case .mapping(let mapping):
      return .map(mapping.map { (key: child($0.key), value: child($0.value)) })
    // Compose resolves aliases; one in a tree would be an empty value.
    case .alias: return .scalar(YAMLScalar(text: "", isPlain: true))
    }
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

  fileprivate init(_ scalar: Node.Scalar) {
    self.text = scalar.string
    // A plain scalar carries no tag of its own (libyaml tags quoted ones as strings); `!` and
    // `!!str` make a string of one. Keys were resolved when duplicates were looked for, which
    // does not matter: a key is text.
    self.isPlain =
      scalar.style == .plain && !["!", Tag.Name.str.rawValue].contains(scalar.tag.rawValue)
  }

  /// Its value by the core schema of YAML 1.2 (section 10.3.2), where `yes`, `on` and dates are
  /// text.
  package var value: ParameterValue {
    isPlain ? ParameterValue(plain: text) : .string(text)
  }
}

package enum YAMLDocument {
  /// A person writes a few. Each costs another reading of the file.
  private static let mostLoneDashes = 100

  /// Parses one document.
  ///
  /// - Returns: nothing for an empty file.
  package static func parse(_ text: String, file: String) throws(FileErrors) -> YAMLNode? {
    let whole = SourceLocation(file: file)
    var text = text
    var mendedDashes = 0
    while true {
      do {
        let parser = try Parser(yaml: text, encoding: .utf8)
        return try parser.singleRoot().map { YAMLNode($0, file: file, fallback: whole) }
      } catch let error as YamlError {
        if mendedDashes < mostLoneDashes, let mended = quotingLoneDash(in: text, after: error) {
          mendedDashes += 1
          text = mended
          continue
        }
        throw FileErrors([diagnostic(for: error, of: text, in: file)])
      } catch {
        throw FileErrors([Diagnostic("\(error)", at: whole)])
      }
    }
  }

  /// `plot.map: -` is what one writes for standard output, and YAML takes the dash for the
  /// beginning of a list. Where the parser stumbles over exactly that, a dash that ends its line
  /// after a key, it gets its quotes.
  private static func quotingLoneDash(in text: String, after error: YamlError) -> String? {
    guard case .scanner(_, let problem, let mark, _) = error,
      problem.hasPrefix("block sequence entries are not allowed")
    else { return nil }
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard mark.line <= lines.count else { return nil }
    let line = lines[mark.line - 1].unicodeScalars
    let before = line.prefix(mark.column - 1)
    let rest = line.dropFirst(mark.column - 1)
    guard rest.first == "-", before.last(where: { $0 != " " }) == ":" else { return nil }
    let comment = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
    guard comment.isEmpty || comment.first == "#" else { return nil }
    lines[mark.line - 1] = Substring(before) + "\"-\"" + Substring(rest.dropFirst())
    return lines.joined(separator: "\n")
  }

  /// Between `{` and `}` an unquoted `${name}` begins a mapping, and what the parser says of that
  /// helps nobody.
  private static func advice(_ text: String, _ mark: Mark) -> String {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard mark.line <= lines.count else { return "" }
    let line = lines[mark.line - 1].unicodeScalars
    let here = line.dropFirst(mark.column - 1)
    guard here.first == "{", line.prefix(mark.column - 1).last == "$" else { return "" }
    return "; between { } and [ ] write \"${…}\" in quotes"
  }

  private static func diagnostic(
    for error: YamlError, of text: String, in file: String
  ) -> Diagnostic {
    func at(_ mark: Mark) -> SourceLocation {
      SourceLocation(file: file, line: mark.line, column: mark.column)
    }
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let during = context.map { " (\($0.text), which began in line \($0.mark.line))" } ?? ""
      return Diagnostic("not YAML: \(problem)\(during)\(advice(text, mark))", at: at(mark))
    case .duplicatedKeysInMapping(let names, let context):
      let list = names.map { "'\($0)'" }.joined(separator: ", ")
      return Diagnostic(
        "\(list) stands twice in one mapping, here for the first time", at: at(context.mark))
    case .reader(let problem, let offset, _, let yaml):
      let line = offset.map { yaml.prefix($0).count(where: \.isNewline) + 1 }
      return Diagnostic(
        "not YAML: \(problem)", at: SourceLocation(file: file, line: line ?? 0, column: 1))
    default:
      return Diagnostic("not YAML: \(error)", at: SourceLocation(file: file))
    }
  }
}
