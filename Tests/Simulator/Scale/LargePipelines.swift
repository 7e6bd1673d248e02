// The shapes of the large pipelines.

extension LargeSetup {
  func pipeline(session: String) -> Pipeline {
    var pipeline = Pipeline(session: session)
    for node in 1...nodes { pipeline.stages.append((node, blueprint(node, session))) }
    // Sources first: what comes in is what has gone out before.
    for index in pipeline.stages.indices {
      let blueprint = pipeline.stages[index].blueprint
      let bytes = blueprint.expectedOutput
      guard let destination = blueprint.destinations[0] else {
        pipeline.pulls.append(.init(node: index + 1, port: 0, bytes: bytes))
        continue
      }
      pipeline.stages[destination.node - 1].blueprint.expectedInputs[destination.input] = bytes
    }
    pipeline.ensures = pipeline.stages.filter { warmsUp || $0.blueprint.inputs == 0 }.map(\.node)
    return pipeline
  }

  private func blueprint(_ node: Int, _ session: String) -> Blueprint {
    let (inputs, next) =
      switch shape {
      case .chain: chain(node)
      case .tree: tree(node)
      }
    var blueprint = Blueprint(
      inputs: inputs,
      destinations: [next.map { Destination(node: $0.node, session: session, input: $0.input) }],
      program: inputs == 0 ? .source(bytes) : .copy)
    blueprint.expectedInputs = Array(repeating: 0, count: inputs)
    blueprint.settings = Self.settings
    if case .slow = incident, node == nodes / 2 { blueprint.settings.bytesPerSecond /= 10 }
    return blueprint
  }

  private func chain(_ node: Int) -> (inputs: Int, next: (node: Int, input: Int)?) {
    (node == 1 ? 0 : 1, node == nodes ? nil : (node + 1, 0))
  }

  /// A heap upside down: the last node is the root, the first half are sources.
  private func tree(_ node: Int) -> (inputs: Int, next: (node: Int, input: Int)?) {
    let place = nodes - node + 1
    let inputs = [2 * place, 2 * place + 1].filter { $0 <= nodes }.count
    return (inputs, place == 1 ? nil : (nodes - place / 2 + 1, place % 2))
  }
}
