// The pipeline's schema and docs, held against the parser's own lists so that they cannot drift.

import OperatorFile
import Testing

@testable import Pipeline

@Suite struct PipelineSchemaTests {
  /// A file of the repository.
  private func text(_ path: String) throws -> String {
    try TextFile.read(TextFile.absolute("../../../" + path, in: #filePath))
  }

  private func node(_ path: String...) throws -> YAMLNode {
    let file = "docs/schema/pipeline.schema.json"
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

  @Test func fieldsAreTheParsers() throws {
    #expect(keys(try node("properties")) == PipelineReader.fields)
    #expect(
      keys(try node("definitions", "operator", "properties")) == PipelineReader.operatorFields)
    #expect(
      keys(try node("definitions", "wire", "anyOf", "1", "properties"))
        == PipelineReader.wireFields)
    let buffers = try node(
      "definitions", "wire", "anyOf", "1", "properties", "buffer", "enum")
    guard case .list(let nodes) = buffers.shape else {
      Issue.record("no list")
      return
    }
    #expect(nodes.compactMap(\.text) == EdgeBuffer.allCases.map(\.rawValue))
  }

  @Test func docsHaveEveryField() throws {
    let docs = try text("docs/pipeline-file.md")
    for field in PipelineReader.fields + PipelineReader.wireFields + ["file", "node"] {
      #expect(docs.contains("| `\(field)` |"), "\(field)")
    }
  }

  @Test func examplesOfTheDocsCanBePlanned() throws {
    let blocks = try text("docs/pipeline-file.md").split(separator: "```yaml\n").dropFirst()
    #expect(blocks.count >= 4)
    for block in blocks {
      let text = String(block.split(separator: "```")[0])
      #expect(throws: Never.self) {
        let plan = try Plan(PipelineReader.parse(text, file: "pipeline-file.md", folder: "/"))
        #expect(plan.warnings.isEmpty, "\(plan.warnings)")
      }
    }
  }

  /// A pipeline that ships has no faults, and nothing to warn of.
  @Test(arguments: [
    "climate/pipeline.yaml", "climate/pipeline-large.yaml", "paths/pipeline.yaml",
    "words/pipeline.yaml",
  ])
  func examplesCanBePlanned(path: String) throws {
    let plan = try Plan(
      PipelineReader.load(TextFile.absolute("../../../examples/" + path, in: #filePath)))
    #expect(plan.warnings.isEmpty, "\(plan.warnings)")
  }
}
