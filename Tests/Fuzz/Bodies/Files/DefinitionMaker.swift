// Operator definitions that keep every rule of the schema, from choices.

internal import OperatorFile

enum DefinitionMaker {
  static func definition(_ input: inout FuzzInput) -> OperatorDefinition {
    var definition = OperatorDefinition(
      program: .command(["program"] + (0..<input.choice(3)).map { _ in text(&input) }),
      workdir: TextFile.absolute(text(&input), in: "/folder"))
    if input.choice(4) == 0 { definition.program = nil }
    for number in 0..<input.choice(4) {
      definition.parameters.append(
        ParameterDeclaration(
          name: "p\(number)" + variable(&input), type: nil,
          defaultValue: value(&input), description: input.flag() ? text(&input) : nil))
      if input.flag() { declareType(&definition.parameters[number], &input) }
    }
    for number in 0..<input.choice(3) {
      definition.environment.append(
        EnvironmentSetting(
          name: "e\(number)" + variable(&input), value: input.flag() ? text(&input) : nil))
    }
    if input.flag() { definition.inputs = ports(.input, &input) }
    if input.flag() { definition.outputs = ports(.output, &input) }
    definition.grace = .microseconds(Int64(input.number32()))
    definition.earlyEnd = input.flag() ? .allow : .fail
    return definition
  }

  private static func declareType(
    _ declaration: inout ParameterDeclaration, _ input: inout FuzzInput
  ) {
    let type = input.pick(ParameterType.allCases)
    guard let value = declaration.defaultValue else {
      declaration.type = type
      return
    }
    guard let typed = type.value(of: value) else { return }
    declaration.type = type
    declaration.defaultValue = typed
  }

  private static func ports(
    _ direction: PortDirection, _ input: inout FuzzInput
  ) -> [PortDefinition] {
    (0..<input.choice(4)).map { number in
      // One of them at most is on standard input or output.
      let media = number == 0 ? direction.media : Array(direction.media.dropFirst())
      var port = PortDefinition(name: "port\(number)", via: input.pick(media))
      if input.flag() { port.contentType = "t" + text(&input) }
      if port.via.hasPath, input.flag() {
        port.parameter = "\(direction.rawValue)\(number)" + variable(&input)
      }
      return port
    }
  }

  private static func value(_ input: inout FuzzInput) -> ParameterValue? {
    switch input.choice(7) {
    case 0: .string(text(&input))
    case 1: DecimalText.integer("\(Int64(bitPattern: input.number64()))").map { .int($0) }
    case 2: .float(number(&input))
    case 3: .bool(input.flag())
    case 4: .null
    case 5: ParameterValue(plain: text(&input))
    default: nil
    }
  }

  /// There is one NaN in a file.
  private static func number(_ input: inout FuzzInput) -> Double {
    let number = Double(bitPattern: input.number64())
    return number.isNaN ? .nan : number
  }

  /// What may stand behind a letter in a variable's name.
  private static func variable(_ input: inout FuzzInput) -> String {
    let text = input.text(input.choice(6))
    return Name.isVariable(text) ? text : ""
  }

  /// Any text that a program can be given.
  private static func text(_ input: inout FuzzInput) -> String {
    String(input.text(input.choice(16)).unicodeScalars.filter { $0 != "\0" })
  }
}
