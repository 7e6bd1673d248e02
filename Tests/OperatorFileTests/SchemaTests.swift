// The schema for editors and the docs, held against the parser's own lists so that they cannot
// drift.

import Testing

@testable import OperatorFile

@Suite struct SchemaTests {
  /// A file of the repository.
  private func text(_ path: String) throws -> String {
    try TextFile.read(TextFile.absolute("../../../" + path, in: #filePath))
  }

  /// What a path of keys and list indices leads to in a JSON document (which is YAML too).
  private func node(_ path: String...) throws -> YAMLNode {
    let file = "docs/schema/operator.schema.json"
    var node = try #require(try YAMLDocument.parse(try text(file), file: file))
    for step in path {
      switch node.shape {
      case .map(let pairs): node = try #require(pairs.first { $0.key.text == step }?.value)
      case .list(let nodes): node = nodes[try #require(Int(step))]
      case .scalar: Issue.record("nothing at \(path)")
      }
    }
    return node
  }

  private func keys(_ node: YAMLNode) -> [String] {
    guard case .map(let pairs) = node.shape else { return [] }
    return pairs.compactMap(\.key.text)
  }

  private func words(_ node: YAMLNode) -> [String] {
    guard case .list(let nodes) = node.shape else { return [] }
    return nodes.compactMap(\.text)
  }

  @Test func fieldsAreTheParsers() throws {
    #expect(keys(try node("properties")) == OperatorReader.fields)
    #expect(
      keys(try node("definitions", "parameter", "anyOf", "1", "properties"))
        == OperatorReader.parameterFields)
    for port in ["input", "output"] {
      #expect(
        keys(try node("definitions", port, "anyOf", "1", "properties")) == OperatorReader.portFields
      )
    }
  }

  @Test func wordsAreTheParsers() throws {
    #expect(
      words(try node("definitions", "builtin", "enum")) == BuiltinKind.allCases.map(\.rawValue))
    #expect(
      words(
        try node("definitions", "parameter", "anyOf", "1", "properties", "type", "enum"))
        == ParameterType.allCases.map(\.rawValue))
    #expect(
      words(try node("definitions", "input", "anyOf", "1", "properties", "via", "enum"))
        == PortDirection.input.media.map(\.rawValue))
    #expect(
      words(try node("definitions", "output", "anyOf", "1", "properties", "via", "enum"))
        == PortDirection.output.media.map(\.rawValue))
    #expect(
      words(try node("definitions", "early_end", "enum"))
        == OperatorDefinition.EarlyEnd.allCases.map(\.rawValue))
    #expect(
      try node("definitions", "grace", "default").text
        == DurationText.text(OperatorDefinition.defaultGrace))
    #expect(
      try node("definitions", "name", "pattern").text?.contains("{0,\(Name.limit - 1)}") == true)
  }

  @Test func docsHaveEveryField() throws {
    let docs = try text("docs/operator-file.md")
    let fields =
      OperatorReader.fields + OperatorReader.parameterFields + OperatorReader.portFields
    for field in fields { #expect(docs.contains("| `\(field)` |"), "\(field)") }
    for kind in BuiltinKind.allCases { #expect(docs.contains("| `\(kind.rawValue)` |")) }
  }

  @Test func examplesOfTheDocsParse() throws {
    let blocks = try text("docs/operator-file.md").split(separator: "```yaml\n").dropFirst()
    #expect(blocks.count >= 5)
    for block in blocks {
      let text = String(block.split(separator: "```")[0])
      #expect(throws: Never.self) {
        try OperatorDefinition.parse(text, file: "operator-file.md", folder: "/")
      }
    }
  }
}
