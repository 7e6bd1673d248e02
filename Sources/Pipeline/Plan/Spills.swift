// Puts a node with a file into each wire that is to wait on disk.

internal import OperatorFile

#if canImport(Glibc)
  internal import Glibc
#endif

/// How much a wire with `buffer: disk` may hold, and where.
package struct SpillOptions: Equatable, Sendable {
  /// The most that the file of one wire may take up: a number, or one with K, M or G.
  package var limit: String
  /// Where the files are made; nil is `$TMPDIR`, or /tmp.
  package var folder: String?

  package init(limit: String = "10G", folder: String? = nil) {
    self.limit = limit
    self.folder = folder
  }

  /// Fails where no file can be made in the folder. Blocks on the disk.
  package func checkFolder() throws(FileFailure) {
    guard let folder else { return }
    var status = stat()
    guard stat(folder, &status) == 0 else { throw FileFailure("write in", folder) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw FileFailure("write in", folder, ENOTDIR) }
    guard access(folder, W_OK | X_OK) == 0 else { throw FileFailure("write in", folder) }
  }
}

extension Plan {
  /// The same plan with a `spill` in each wire with `buffer: disk`, on this machine: what its reader
  /// does not take yet waits in the spill's file. Hand-offs need none: they are files themselves.
  package func spilling(_ options: SpillOptions) -> Plan {
    var plan = self
    plan.edges = []
    for edge in edges {
      guard edge.buffer == .disk else {
        plan.edges.append(edge)
        continue
      }
      let spill = Self.spill(on: edge, label: label(edge.to, .input), options)
      let port = PlanPortID(node: spill.name, number: 0)
      // The order of inits: right after the node that it sends to.
      let reader = plan.nodes.firstIndex { $0.name == edge.to.node } ?? plan.nodes.count - 1
      plan.nodes.insert(spill, at: reader + 1)
      var (entering, leaving) = (edge, edge)
      entering.to = port
      leaving.from = port
      leaving.buffer = .memory
      (entering.kind, entering.reason) = PlanEdge.kind(
        self.port(edge.from, .output), PlanPort(), from: edge.from.node, to: port.node, .disk)
      (leaving.kind, leaving.reason) = PlanEdge.kind(
        PlanPort(), self.port(edge.to, .input), from: port.node, to: edge.to.node, .memory)
      plan.edges += [entering, leaving]
    }
    return plan
  }

  private func port(_ id: PlanPortID, _ direction: PortDirection) -> PlanPort {
    let ports = node(id.node).map { direction == .input ? $0.inputs : $0.outputs } ?? []
    return ports.indices.contains(id.number) ? ports[id.number] : PlanPort()
  }

  private static func spill(on edge: PlanEdge, label: String, _ options: SpillOptions) -> PlanNode {
    var parameters = [
      ParameterDeclaration(name: "limit", type: .string, defaultValue: .string(options.limit))
    ]
    if let folder = options.folder {
      parameters.append(
        ParameterDeclaration(name: "folder", type: .string, defaultValue: .string(folder)))
    }
    var definition = OperatorDefinition(program: .builtin(.spill), workdir: "/")
    definition.parameters = parameters
    let port = PlanPort(contentType: edge.contentType)
    return PlanNode(
      name: "spill.\(label)", host: .own, definition: definition,
      givenParameters: parameters.map(\.name), operatorFile: nil, inputs: [port], outputs: [port],
      isAutomatic: true, location: edge.location)
  }
}
