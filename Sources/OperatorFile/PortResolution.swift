// A session's ports: what the operator's file lists against what Init asks for.

/// A port of a session.
package struct ResolvedPort: Equatable, Sendable {
  /// Nothing: known by its number alone.
  package var name: String?
  package var via: PortMedium
  /// Nothing: any.
  package var contentType: String?
  /// The variable that is given the port's path, where it has one.
  package var variable: String?
}

/// Why a session's ports are refused.
package struct PortError: Error, Equatable, CustomStringConvertible {
  package let description: String
}

/// The ports of a session, in the order of their numbers.
package struct ResolvedPorts: Equatable, Sendable {
  package var inputs: [ResolvedPort]
  package var outputs: [ResolvedPort]

  /// What an Init says of its ports: one content type for each, empty where it states none, and
  /// their names where our own configuration brings some.
  package struct Request: Sendable {
    package var inputs: [String]
    package var outputs: [String]
    package var inputNames: [String]
    package var outputNames: [String]

    package init(
      inputs: [String], outputs: [String], inputNames: [String] = [], outputNames: [String] = []
    ) {
      self.inputs = inputs
      self.outputs = outputs
      self.inputNames = inputNames
      self.outputNames = outputNames
    }
  }

  /// - Parameter definition: nothing for a command without an operator file.
  /// - Throws: where the counts, the content types or the names do not agree.
  package init(
    _ definition: OperatorDefinition?, _ request: Request
  ) throws(PortError) {
    if case .builtin(let kind) = definition?.program {
      if let problem = kind.problem(inputs: request.inputs.count, outputs: request.outputs.count) {
        throw PortError(description: problem)
      }
      self.inputs = try Self.builtin(
        .input, definition?.inputs, request.inputs, request.inputNames)
      self.outputs = try Self.builtin(
        .output, definition?.outputs, request.outputs, request.outputNames)
      return
    }
    self.inputs = try Self.resolve(
      .input, definition?.inputs, request.inputs, request.inputNames)
    self.outputs = try Self.resolve(
      .output, definition?.outputs, request.outputs, request.outputNames)
  }

  /// The number of the port that a person means by a number or a name.
  ///
  /// - Throws: naming the ports that there are.
  package func number(_ direction: PortDirection, of text: String) throws(PortError) -> Int {
    let ports = direction == .input ? inputs : outputs
    if let number = DecimalText.integer(text).flatMap({ Int($0) }) {
      if ports.indices.contains(number) { return number }
    } else if let number = ports.firstIndex(where: { $0.name == text }) {
      return number
    }
    let names = ports.enumerated().map { number, port in
      port.name.map { "\(number) '\($0)'" } ?? "\(number)"
    }
    let there = names.isEmpty ? "none" : names.joined(separator: ", ")
    throw PortError(description: "no \(direction.rawValue) '\(text)'; there is \(there)")
  }

  private static func builtin(
    _ direction: PortDirection, _ listed: [PortDefinition]?, _ types: [String], _ names: [String]
  ) throws(PortError) -> [ResolvedPort] {
    guard let listed else {
      try checkNames(direction, names, count: types.count)
      return types.indices.map { number in
        ResolvedPort(
          name: names.isEmpty || names[number].isEmpty ? nil : names[number],
          via: direction.defaultMedium, contentType: ContentType.stated(types[number]))
      }
    }
    return try resolve(direction, listed, types, names)
  }

  private static func resolve(
    _ direction: PortDirection, _ listed: [PortDefinition]?, _ types: [String], _ names: [String]
  ) throws(PortError) -> [ResolvedPort] {
    try checkNames(direction, names, count: types.count)
    guard let listed else {
      guard types.count <= 1 else {
        throw PortError(
          description: "Init has \(types.count) \(direction.rawValue)s, and a command has at most"
            + " one on standard \(direction.rawValue) unless an operator file lists more: see"
            + " --operator")
      }
      return types.indices.map { number in
        let name = names.first.flatMap { $0.isEmpty ? nil : $0 }
        return ResolvedPort(
          name: name ?? direction.standardName, via: direction.defaultMedium,
          contentType: ContentType.stated(types[number]))
      }
    }
    guard types.count == listed.count else {
      let names = listed.map { "'\($0.name)'" }.joined(separator: ", ")
      let list = listed.isEmpty ? "none" : "\(listed.count) (\(names))"
      throw PortError(
        description: "Init has \(types.count) \(direction.rawValue)\(types.count == 1 ? "" : "s"),"
          + " the operator has \(list)")
    }
    var ports: [ResolvedPort] = []
    for (number, port) in listed.enumerated() {
      let label = "\(direction.rawValue) \(number) '\(port.name)'"
      let type = ContentType.stated(types[number])
      if let type, let own = port.contentType, !ContentType.agree(type, own) {
        throw PortError(description: "\(label) is \(own), and Init says \(type)")
      }
      let alias = names.isEmpty || names[number].isEmpty ? port.name : names[number]
      // Another port's name is not an alias but the lists in another order, which would send
      // data to the wrong port.
      if alias != port.name, listed.contains(where: { $0.name == alias }) {
        throw PortError(description: "\(label) is called '\(alias)' by Init, which is another port")
      }
      ports.append(
        ResolvedPort(
          name: alias, via: port.via, contentType: type ?? port.contentType,
          variable: port.variable(direction, number: number)))
    }
    return ports
  }

  private static func checkNames(
    _ direction: PortDirection, _ names: [String], count: Int
  ) throws(PortError) {
    guard names.isEmpty || names.count == count else {
      throw PortError(
        description: "Init has \(count) \(direction.rawValue)\(count == 1 ? "" : "s") and names"
          + " for \(names.count)")
    }
    let stated = names.filter { !$0.isEmpty }
    guard Set(stated).count == stated.count else {
      throw PortError(description: "Init gives two \(direction.rawValue)s the same name")
    }
  }
}
