// The plan for programs: `headrace run --plan --json`.

internal import FoundationEssentials
internal import OperatorFile

extension Plan {
  /// One JSON object, with a newline at the end; docs/pipeline-file.md describes it.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(PlanDocument(self))
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}

private struct PlanDocument: Encodable {
  struct Port: Encodable {
    var name: String?
    var via: String?
    var contentType: String?

    enum CodingKeys: String, CodingKey {
      case name, via
      case contentType = "content_type"
    }

    init(_ port: PlanPort) {
      name = port.name
      via = port.via?.rawValue
      contentType = port.contentType
    }
  }

  struct Node: Encodable {
    var name: String
    var node: String?
    var file: String?
    var command: [String]?
    var builtin: String?
    var parameters: [String: String]
    var inputs: [Port]
    var outputs: [Port]
    var automatic: Bool

    init(_ node: PlanNode) {
      name = node.name
      if case .existing(let url) = node.host { self.node = url.description }
      file = node.operatorFile
      switch node.definition.program {
      case .command(let words): command = words
      case .builtin(let kind): builtin = kind.rawValue
      case nil: break
      }
      parameters = Dictionary(node.shownParameters, uniquingKeysWith: { $1 })
      inputs = node.inputs.map(Port.init)
      outputs = node.outputs.map(Port.init)
      automatic = node.isAutomatic
    }
  }

  struct Edge: Encodable {
    var from: String
    var to: String
    var kind: String
    var reason: String
    var buffer: String
    var contentType: String?
    var line: Int

    enum CodingKeys: String, CodingKey {
      case from, to, kind, reason, buffer, line
      case contentType = "content_type"
    }
  }

  struct End: Encodable {
    var port: String
    var place: String
    var line: Int
  }

  struct Warning: Encodable {
    var file: String?
    var line: Int?
    var message: String
  }

  var name: String
  var file: String
  var nodes: [Node]
  var edges: [Edge]
  var inputs: [End]
  var outputs: [End]
  var warnings: [Warning]

  init(_ plan: Plan) {
    name = plan.name
    file = plan.file
    nodes = plan.nodes.map(Node.init)
    edges = plan.edges.map { edge in
      Edge(
        from: plan.label(edge.from, .output), to: plan.label(edge.to, .input),
        kind: edge.kind.rawValue, reason: edge.reason, buffer: edge.buffer.rawValue,
        contentType: edge.contentType, line: edge.location.line)
    }
    inputs = plan.sources.map {
      End(
        port: plan.label($0.port, .input), place: $0.place.description, line: $0.location.line)
    }
    outputs = plan.sinks.map {
      End(
        port: plan.label($0.port, .output), place: $0.place.description, line: $0.location.line)
    }
    warnings = plan.warnings.map {
      Warning(file: $0.location?.file, line: $0.location?.line, message: $0.message)
    }
  }
}
