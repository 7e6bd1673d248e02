// Makes the plan of a pipeline: the nodes in the order of their inits, tees where one output has
// several readers, and an edge for each hop.

package import OperatorFile

extension Plan {
  /// - Throws: everything that is wrong with the wiring, each with its line.
  package init(_ definition: PipelineDefinition) throws(FileErrors) {
    let diagnostics = Diagnostics()
    let wiring = Wiring(definition, diagnostics)
    Self.checkCircles(wiring, diagnostics)
    try diagnostics.check()
    var planner = Planner(wiring)
    planner.connect()
    self = planner.plan()
  }

  private static func checkCircles(_ wiring: Wiring, _ diagnostics: Diagnostics) {
    let operators = wiring.definition.operators
    var edges: [(from: Int, to: Int)] = []
    var wires: [Wire] = []
    for (number, wire) in wiring.wires.enumerated() {
      guard let wire else { continue }
      edges.append((wire.from.entry, wire.to.entry))
      wires.append(wiring.definition.wires[number])
    }
    let order = WiringOrder(nodes: operators.count, edges: edges)
    guard let circle = order.circle(), let first = circle.first else { return }
    let names = (circle.map { edges[$0].from } + [edges[first].from]).map { operators[$0].name }
    diagnostics.error(
      "the wires go in a circle: \(names.joined(separator: " -> "))", at: wires[first].location)
  }
}

/// Builds a plan from a wiring without faults.
private struct Planner {
  private let wiring: Wiring
  private var nodes: [PlanNode] = []
  private var edges: [PlanEdge] = []
  private var sources: [PlanEnd] = []
  private var sinks: [PlanEnd] = []
  private var numbers: [String: Int] = [:]

  init(_ wiring: Wiring) {
    self.wiring = wiring
    for (index, entry) in wiring.definition.operators.enumerated() {
      let table = wiring.tables[index]
      add(Self.node(entry, inputs: table[.input].ports, outputs: table[.output].ports))
    }
  }

  private mutating func add(_ node: PlanNode) {
    numbers[node.name] = nodes.count
    nodes.append(node)
  }

  private static func node(
    _ entry: OperatorEntry, inputs: [PlanPort], outputs: [PlanPort]
  ) -> PlanNode {
    var definition = entry.definition
    var (inputs, outputs) = (inputs, outputs)
    if case .command = definition.program {
      definition.inputs = definition.inputs ?? listed(inputs, .input)
      definition.outputs = definition.outputs ?? listed(outputs, .output)
    } else {
      // A builtin reads and writes by itself, and what an unknown node does is its own affair.
      for index in inputs.indices { inputs[index].via = nil }
      for index in outputs.indices { outputs[index].via = nil }
    }
    return PlanNode(
      name: entry.name, host: entry.node.map { .existing($0) } ?? .own, definition: definition,
      givenParameters: entry.givenParameters, operatorFile: entry.operatorFile, inputs: inputs,
      outputs: outputs, isAutomatic: false, location: entry.location)
  }

  private static func listed(_ ports: [PlanPort], _ direction: PortDirection) -> [PortDefinition] {
    ports.map { port in
      PortDefinition(
        name: port.name ?? direction.standardName, via: port.via ?? direction.defaultMedium,
        contentType: port.contentType)
    }
  }

  // MARK: Edges

  mutating func connect() {
    for (number, key) in wiring.sources.enumerated() {
      guard let key else { continue }
      sources.append(end(wiring.definition.inputs[number], id(key)))
    }
    var done: Set<PortKey> = []
    for wire in wiring.wires {
      guard let wire, done.insert(wire.from).inserted else { continue }
      connect(wire.from)
    }
    for key in wiring.sinks {
      guard let key, done.insert(key).inserted else { continue }
      connect(key)
    }
    // The file's order, whatever stands behind a tee.
    sinks = Self.inFileOrder(sinks, by: \.location)
    edges = Self.inFileOrder(edges, by: \.location)
  }

  /// Sorted by line and column; what has the same place keeps its order (a tee's own edge stands
  /// where its first reader does, and before it).
  private static func inFileOrder<Item>(
    _ items: [Item], by location: KeyPath<Item, SourceLocation>
  ) -> [Item] {
    func rank(_ place: SourceLocation, _ offset: Int) -> (Int, Int, Int) {
      (place.line, place.column, offset)
    }
    let sorted = items.enumerated().sorted {
      rank($0.element[keyPath: location], $0.offset)
        < rank($1.element[keyPath: location], $1.offset)
    }
    return sorted.map(\.element)
  }

  /// Everything that one output goes to.
  private mutating func connect(_ output: PortKey) {
    let readers = wiring.readers[output] ?? []
    var from = id(output)
    let type = wiring.contentType(output)
    if readers.count > 1 {
      let tee = teeNode(for: output, readers: readers.count, contentType: type)
      let location = location(of: readers[0])
      add(tee)
      addEdge(from, PlanPortID(node: tee.name, number: 0), type, .memory, at: location)
      from = PlanPortID(node: tee.name, number: 0)
    }
    for (index, reader) in readers.enumerated() {
      from.number = readers.count > 1 ? index : from.number
      switch reader {
      case .wire(let number):
        guard let to = wiring.wires[number]?.to else { continue }
        let wire = wiring.definition.wires[number]
        addEdge(
          from, id(to), type ?? wiring.contentType(to), wire.buffer, at: wire.location)
      case .end(let number):
        sinks.append(end(wiring.definition.outputs[number], from))
      }
    }
  }

  private func teeNode(for output: PortKey, readers: Int, contentType: String?) -> PlanNode {
    let entry = wiring.definition.operators[output.entry]
    let port = PlanPort(contentType: contentType)
    return PlanNode(
      name: "tee.\(wiring.label(output))", host: .own,
      definition: OperatorDefinition(
        program: .builtin(.tee), workdir: entry.definition.workdir),
      givenParameters: [], operatorFile: nil, inputs: [port],
      outputs: Array(repeating: port, count: readers), isAutomatic: true, location: entry.location)
  }

  private mutating func addEdge(
    _ from: PlanPortID, _ to: PlanPortID, _ contentType: String?, _ buffer: EdgeBuffer,
    at location: SourceLocation
  ) {
    tellConverter(contentType, of: from, .output)
    tellConverter(contentType, of: to, .input)
    let output = port(from, .output)
    let input = port(to, .input)
    let (kind, reason) = PlanEdge.kind(output, input, from: from.node, to: to.node, buffer)
    edges.append(
      PlanEdge(
        from: from, to: to, contentType: contentType, buffer: buffer, kind: kind, reason: reason,
        location: location))
  }

  /// What a `convert` is to do its ports say; where they do not, those they are wired to.
  private mutating func tellConverter(
    _ contentType: String?, of id: PlanPortID, _ direction: PortDirection
  ) {
    guard let node = numbers[id.node], nodes[node].definition.program == .builtin(.convert) else {
      return
    }
    switch direction {
    case .input where nodes[node].inputs.indices.contains(id.number):
      nodes[node].inputs[id.number].contentType = port(id, .input).contentType ?? contentType
    case .output where nodes[node].outputs.indices.contains(id.number):
      nodes[node].outputs[id.number].contentType = port(id, .output).contentType ?? contentType
    default: break
    }
  }

  private func location(of reader: Reader) -> SourceLocation {
    switch reader {
    case .wire(let number): wiring.definition.wires[number].location
    case .end(let number): wiring.definition.outputs[number].location
    }
  }

  private func port(_ id: PlanPortID, _ direction: PortDirection) -> PlanPort {
    guard let node = numbers[id.node] else { return PlanPort() }
    let ports = direction == .input ? nodes[node].inputs : nodes[node].outputs
    return ports.indices.contains(id.number) ? ports[id.number] : PlanPort()
  }

  private func id(_ key: PortKey) -> PlanPortID {
    PlanPortID(node: wiring.definition.operators[key.entry].name, number: key.number)
  }

  private func end(_ end: OuterEnd, _ port: PlanPortID) -> PlanEnd {
    PlanEnd(port: port, place: end.place, location: end.location)
  }

  // MARK: The whole

  func plan() -> Plan {
    let graph = WiringOrder(
      nodes: nodes.count,
      edges: edges.map { (numbers[$0.from.node] ?? 0, numbers[$0.to.node] ?? 0) })
    let order = graph.sinksFirst()
    var plan = Plan(
      name: wiring.definition.name, file: wiring.definition.file, nodes: order.map { nodes[$0] },
      edges: edges, sources: sources, sinks: sinks, fileWarnings: wiring.definition.warnings)
    plan.circleWarnings = Reconvergence.warnings(plan)
    return plan
  }
}

extension PlanEdge {
  /// How bytes get from one port to another, and why so.
  static func kind(
    _ output: PlanPort, _ input: PlanPort, from: String, to: String, _ buffer: EdgeBuffer
  ) -> (PlanEdge.Kind, String) {
    let spill = buffer == .disk ? "; what does not fit waits on disk" : ""
    switch (output.via == .file, input.via == .file) {
    case (true, true):
      return (.file, "written by \(from) and read by \(to) as a whole (via: file)" + spill)
    case (true, false):
      return (.file, "sent when \(from) has exited (via: file)" + spill)
    case (false, true):
      return (.file, "whole on disk before \(to) starts (via: file)" + spill)
    case (false, false):
      return (.pipe, "\(medium(output)) to \(medium(input))" + spill)
    }
  }

  private static func medium(_ port: PlanPort) -> String { port.via?.rawValue ?? "node" }
}
