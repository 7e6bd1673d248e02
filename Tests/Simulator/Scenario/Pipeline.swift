// A graph of operators, one on each node, and how many bytes each of its ports must see.

/// One pipeline: a session of the same name on each of its nodes.
struct Pipeline {
  /// Something that only the engine can bring or take.
  struct End: Equatable {
    var node: Int
    var port: Int
    var bytes: Int64
  }

  let session: String
  /// Node and blueprint, sources first.
  var stages: [(node: Int, blueprint: Blueprint)] = []
  /// Inputs that the engine pushes to.
  var pushes: [End] = []
  /// Outputs that the engine pulls.
  var pulls: [End] = []
  /// Nodes of which nobody pushes to an input: an ensuring query starts them.
  var ensures: [Int] = []

  init(session: String) {
    self.session = session
  }
}

extension Pipeline {
  /// A random graph over some of the nodes.
  static func random(session: String, nodes: [Int], _ dice: inout Dice) -> Pipeline {
    var pipeline = Pipeline(session: session)
    /// Outputs that nobody reads yet.
    var loose: [(stage: Int, output: Int)] = []
    /// Whether behind a stage somewhere one stage has several outputs.
    var branches: [Bool] = []
    for (index, node) in nodes.enumerated() {
      let inputs = dice.pick([0, 1, 1, 1, 1, 2, 3])
      var blueprint = Blueprint(inputs: inputs, destinations: [], program: .copy)
      blueprint.settings = .random(&dice)
      var isBranched = false
      for input in 0..<inputs {
        if !loose.isEmpty, dice.chance(4, of: 5) {
          let from = loose.remove(at: dice.below(loose.count))
          pipeline.stages[from.stage].blueprint.destinations[from.output] =
            Destination(node: node, session: session, input: input)
          blueprint.expectedInputs.append(pipeline.stages[from.stage].blueprint.expectedOutput)
          if branches[from.stage] { isBranched = true }
        } else {
          let bytes = dice.size()
          blueprint.expectedInputs.append(bytes)
          pipeline.pushes.append(End(node: node, port: input, bytes: bytes))
        }
      }
      let outputs = dice.pick([0, 1, 1, 1, 1, 2])
      blueprint.destinations = Array(repeating: nil, count: outputs)
      blueprint.program = .random(inputs: inputs, mayHoldBack: !isBranched, &dice)
      branches.append(isBranched || outputs > 1)
      if inputs == 0 { pipeline.ensures.append(node) }
      for output in 0..<outputs { loose.append((index, output)) }
      pipeline.stages.append((node, blueprint))
    }
    for (stage, output) in loose {
      let (node, blueprint) = pipeline.stages[stage]
      pipeline.pulls.append(End(node: node, port: output, bytes: blueprint.expectedOutput))
    }
    return pipeline
  }
}

extension Dice {
  /// Bytes of a port.
  fileprivate mutating func size() -> Int64 {
    chance(1, of: 10) ? 0 : Int64(order(of: 0...2_000_000))
  }
}

extension Program {
  /// - Parameter mayHoldBack: no branches of one source can meet here, where to hold one back would
  ///   hold up the other.
  static func random(inputs: Int, mayHoldBack: Bool, _ dice: inout Dice) -> Program {
    let bytes = dice.size()
    guard inputs > 0 else { return .source(bytes) }
    switch dice.below(8) {
    case 0: return .reduce(bytes)
    case 1: return .early(bytes / 4)
    case 2 where mayHoldBack: return .concat
    default: return .copy
    }
  }
}

extension OperatorSettings {
  static func random(_ dice: inout Dice) -> OperatorSettings {
    var settings = OperatorSettings()
    settings.startTime = Int64(dice.order(of: 10_000...20_000_000))
    settings.overhead = Int64(dice.order(of: 1000...100_000))
    settings.bytesPerSecond = Int64(dice.order(of: 10_000_000...2_000_000_000))
    settings.pipeCapacity = dice.pick([8 << 10, 64 << 10, 64 << 10])
    settings.writesFiles = dice.chance(1, of: 6)
    settings.stopTime = Int64(dice.order(of: 10_000...10_000_000))
    return settings
  }
}
