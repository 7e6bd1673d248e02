// Looks up every name of a pipeline file, and checks that each port is connected as it must be.

internal import OperatorFile

/// Which reader an output has.
enum Reader {
  case wire(Int)
  case end(Int)
}

/// A port of an operator: its place in the file's list, its direction, its number.
struct PortKey: Hashable {
  var entry: Int
  var direction: PortDirection
  var number: Int
}

/// The file's wires and ends with the ports that they mean.
struct Wiring {
  let definition: PipelineDefinition
  private let diagnostics: Diagnostics
  private let indices: [String: Int]
  private(set) var tables: [PortTable]
  /// By the wire's number; nothing where a name was wrong.
  private(set) var wires: [(from: PortKey, to: PortKey)?] = []
  private(set) var sources: [PortKey?] = []
  private(set) var sinks: [PortKey?] = []
  /// The readers of each output, in the order of the file.
  private(set) var readers: [PortKey: [Reader]] = [:]
  private var feeders: [PortKey: SourceLocation] = [:]

  init(_ definition: PipelineDefinition, _ diagnostics: Diagnostics) {
    self.definition = definition
    self.diagnostics = diagnostics
    self.tables = definition.operators.map(PortTable.init)
    self.indices = Dictionary(
      definition.operators.enumerated().map { ($0.element.name, $0.offset) },
      uniquingKeysWith: { first, _ in first })
    lookUp()
    checkStandardStreams()
    checkConnections()
    checkContentTypes()
  }

  /// `operator.port` as people write it.
  func label(_ key: PortKey) -> String {
    let ports = tables[key.entry][key.direction].ports
    let name = ports.indices.contains(key.number) ? ports[key.number].name : nil
    return "\(definition.operators[key.entry].name).\(name ?? "\(key.number)")"
  }

  // MARK: Names

  private mutating func lookUp() {
    for (number, wire) in definition.wires.enumerated() {
      let from = find(wire.from, .output, at: wire.location)
      let to = find(wire.to, .input, at: wire.location)
      if let from { readers[from, default: []].append(.wire(number)) }
      if let to { feed(to, at: wire.location) }
      wires.append(from.flatMap { from in to.map { (from, $0) } })
    }
    for end in definition.inputs {
      let key = find(end.port, .input, at: end.location)
      if let key { feed(key, at: end.location) }
      sources.append(key)
    }
    for (number, end) in definition.outputs.enumerated() {
      let key = find(end.port, .output, at: end.location)
      if let key {
        if readers[key, default: []].contains(where: { if case .end = $0 { true } else { false } })
        {
          diagnostics.error(
            "output '\(label(key))' stands twice under 'outputs:'", at: end.location)
        }
        readers[key, default: []].append(.end(number))
      }
      sinks.append(key)
    }
  }

  private mutating func find(
    _ name: PortName, _ direction: PortDirection, at location: SourceLocation
  ) -> PortKey? {
    guard let entry = indices[name.operatorName] else {
      let ending = Suggestion.ending(
        for: name.operatorName, among: definition.operators.map(\.name))
      diagnostics.error("unknown operator '\(name.operatorName)'\(ending)", at: location)
      return nil
    }
    let other = tables[entry][direction == .input ? .output : .input]
    do {
      let number = try tables[entry][direction].number(
        of: name.port, name.operatorName, otherSide: other)
      tables[entry][direction].used.insert(number)
      return PortKey(entry: entry, direction: direction, number: number)
    } catch {
      diagnostics.error(error.text, at: location)
      return nil
    }
  }

  private mutating func feed(_ key: PortKey, at location: SourceLocation) {
    guard let first = feeders[key] else {
      feeders[key] = location
      return
    }
    diagnostics.error(
      "input '\(label(key))' is fed twice, first in line \(first.line); to join two streams put a"
        + " 'builtin: merge' or a 'builtin: concat' before it", at: location)
  }

  // MARK: Connections

  private func checkStandardStreams() {
    for (ends, what, advice) in [
      (definition.inputs, "input", "; a 'builtin: tee' gives one stream to several"),
      (definition.outputs, "output", "; a 'builtin: merge' makes one stream of several"),
    ] {
      let standard = ends.filter { $0.place == .standardStream }
      if standard.count > 1 {
        diagnostics.error(
          "standard \(what) is taken already, by '\(standard[0].port)'\(advice)",
          at: standard[1].location)
      }
    }
    var writers: [OuterPlace: OuterEnd] = [:]
    for end in definition.outputs where end.place != .standardStream {
      guard let writer = writers[end.place] else {
        writers[end.place] = end
        continue
      }
      diagnostics.error(
        "'\(end.port)' is written to the same file as '\(writer.port)' in line"
          + " \(writer.location.line)", at: end.location)
    }
  }

  private func checkConnections() {
    // An operator whose wires are wrong would seem to lack them too.
    guard !diagnostics.hasErrors else { return }
    for (index, entry) in definition.operators.enumerated() {
      let inputs = tables[index][.input].ports.count
      let outputs = tables[index][.output].ports.count
      if case .builtin(let kind) = entry.definition.program,
        let problem = kind.problem(inputs: inputs, outputs: outputs)
      {
        diagnostics.error("operator '\(entry.name)': \(problem)", at: entry.location)
        continue
      }
      // A builtin can live without inputs, but nobody means that who writes one down.
      if case .builtin(let kind) = entry.definition.program, kind.inputCount == nil, inputs == 0 {
        diagnostics.error(
          "operator '\(entry.name)': no wire goes to its inputs \(entry.name).0, …",
          at: entry.location)
      }
      for number in 0..<inputs {
        let key = PortKey(entry: index, direction: .input, number: number)
        guard feeders[key] == nil else { continue }
        diagnostics.error(
          "input '\(label(key))' is not fed: wire an output to it, or give it a file under"
            + " 'inputs:'", at: entry.location(of: .input, number: number))
      }
      for number in 0..<outputs {
        let key = PortKey(entry: index, direction: .output, number: number)
        guard readers[key] == nil else { continue }
        diagnostics.error(
          "output '\(label(key))' is not read, so its operator would wait for ever once it has"
            + " filled its pipe: wire it, name a file for it under 'outputs:', or wire it to a"
            + " 'builtin: discard'", at: entry.location(of: .output, number: number))
      }
    }
  }

  private func checkContentTypes() {
    for (number, wire) in wires.enumerated() {
      guard let wire, let from = contentType(wire.from), let to = contentType(wire.to),
        !ContentType.agree(from, to)
      else { continue }
      diagnostics.error(
        "'\(label(wire.from))' is \(from), and '\(label(wire.to))' takes \(to)",
        at: definition.wires[number].location)
    }
  }

  func contentType(_ key: PortKey) -> String? {
    let ports = tables[key.entry][key.direction].ports
    return ports.indices.contains(key.number) ? ports[key.number].contentType : nil
  }
}
