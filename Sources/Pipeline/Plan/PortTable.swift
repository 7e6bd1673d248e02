// Which ports each operator has, and which one a name in the file means.

internal import OperatorFile

/// The ports of one operator in one direction, listed or found out from the wires.
struct PortSide {
  enum Knowledge {
    /// The operator file or the entry lists them.
    case listed([PortDefinition])
    /// A command that lists none: at most one, on standard input or output.
    case standard
    /// A builtin, or a node without a description: as many as the wires number. The count where
    /// the builtin has a fixed one.
    case numbered(fixed: Int?, isBuiltin: Bool)
  }

  let knowledge: Knowledge
  let direction: PortDirection
  /// The numbers that wires, inputs and outputs mention.
  var used: Set<Int> = []

  /// Beyond this a number is a slip; it bounds what the plan allocates for it.
  private static let limit = 1024

  /// What a name means, or the sentence that says why nothing.
  ///
  /// - Parameter otherSide: the same operator's ports in the other direction, for better advice.
  func number(
    of port: String?, _ owner: String, otherSide: PortSide
  ) throws(Problem) -> Int {
    let word = direction.rawValue
    let number = port.flatMap { DecimalText.integer($0) }.flatMap { Int($0) }
    switch knowledge {
    case .listed(let ports):
      guard let port else {
        if ports.count == 1 { return 0 }
        let names = ports.map { "\(owner).\($0.name)" }.joined(separator: ", ")
        throw Problem(
          text:
            "operator '\(owner)' has \(ports.isEmpty ? "no \(word)" : "several \(word)s: \(names)")"
        )
      }
      if let number, ports.indices.contains(number) { return number }
      if let index = ports.firstIndex(where: { $0.name == port }) { return index }
      throw Problem(text: unknown(port, among: ports.map(\.name), owner, otherSide))
    case .standard:
      guard let port, number != 0, port != direction.standardName else { return 0 }
      throw Problem(
        text:
          "operator '\(owner)' has no \(word) '\(port)'; it lists no \(word)s, so it has at most"
          + " '\(direction.standardName)' on standard \(word); list them with \(word)s: [{name:"
          + " \(Name.isValid(port) ? port : "NAME"), via: \(direction.defaultMedium.rawValue)}]")
    case .numbered(let fixed, let isBuiltin):
      if fixed == 0 { throw Problem(text: "operator '\(owner)' has no \(word)s") }
      if let number, number >= 0, number < min(fixed ?? Self.limit, Self.limit) {
        return number
      }
      if fixed == 1 || !isBuiltin, port == nil || port == direction.standardName {
        return 0
      }
      let names = [0, 1].prefix(fixed ?? 2).map { "\(owner).\($0)" }.joined(separator: ", ")
      throw Problem(
        text:
          "the \(word)s of operator '\(owner)' are numbers (\(names)\(fixed == nil ? ", …" : ""))"
          + " unless it lists names under '\(word)s:'")
    }
  }

  private func unknown(
    _ port: String, among names: [String], _ owner: String, _ otherSide: PortSide
  ) -> String {
    let word = direction.rawValue
    if case .listed(let others) = otherSide.knowledge, others.contains(where: { $0.name == port }) {
      let other = otherSide.direction.rawValue
      return "'\(port)' is an \(other) of operator '\(owner)', not an \(word)"
    }
    let ending =
      names.isEmpty
      ? "; it lists no \(word)s" : Suggestion.ending(for: port, among: names)
    return "operator '\(owner)' has no \(word) '\(port)'\(ending)"
  }

  /// All ports, once every wire has been looked at.
  var ports: [PlanPort] {
    switch knowledge {
    case .listed(let ports):
      return ports.map { PlanPort(name: $0.name, via: $0.via, contentType: $0.contentType) }
    case .standard:
      return used.isEmpty
        ? [] : [PlanPort(name: direction.standardName, via: direction.defaultMedium)]
    case .numbered(let fixed, _):
      let count = fixed ?? used.max().map { $0 + 1 } ?? 0
      return Array(repeating: PlanPort(), count: count)
    }
  }

  /// Why a name means no port.
  struct Problem: Error {
    let text: String
  }
}

/// Both sides of one operator.
struct PortTable {
  private var sides: [PortDirection: PortSide]

  init(_ entry: OperatorEntry) {
    func side(_ direction: PortDirection, _ listed: [PortDefinition]?) -> PortSide {
      let knowledge: PortSide.Knowledge
      switch (listed, entry.definition.program) {
      case (let ports?, _): knowledge = .listed(ports)
      case (nil, .command): knowledge = .standard
      case (nil, .builtin(let kind)):
        let fixed = direction == .input ? kind.inputCount : kind.outputCount
        knowledge = .numbered(fixed: fixed, isBuiltin: true)
      case (nil, nil): knowledge = .numbered(fixed: nil, isBuiltin: false)
      }
      return PortSide(knowledge: knowledge, direction: direction)
    }
    sides = [
      .input: side(.input, entry.definition.inputs),
      .output: side(.output, entry.definition.outputs),
    ]
  }

  subscript(_ direction: PortDirection) -> PortSide {
    get {
      // Both directions are there from the beginning.
      sides[direction] ?? PortSide(knowledge: .standard, direction: direction)
    }
    set { sides[direction] = newValue }
  }
}
