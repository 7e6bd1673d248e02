// Where C3 reads an operator otherwise than its language does.

internal import OperatorFile

/// One thing on which the two readings differ, in words.
package struct InterfaceDifference: Equatable, Codable, Sendable {
  /// `parameter n`, `output result`, `description`.
  package var subject: String
  /// What it is by the language's syntax.
  package var ours: String
  /// What it is for C3, and so in what C3 compiles.
  package var c3: String
}

extension InterfaceDifference {
  /// Those between `ours` and `c3`, in the order in which both are printed.
  package static func all(
    _ ours: OperatorInterface, _ c3: C3Interface
  ) -> [InterfaceDifference] {
    description(ours, c3) + parameters(ours, c3) + outputs(ours, c3) + requirements(ours, c3)
  }

  private static func description(
    _ ours: OperatorInterface, _ c3: C3Interface
  ) -> [InterfaceDifference] {
    let line = { (text: String) in
      text.replacing("\"", with: "'").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    let mark = " – CLAIMED V0.1"
    let theirs =
      c3.description.hasSuffix(mark) ? c3.description.dropLast(mark.count) : c3.description[...]
    let own = line(ours.description ?? "")
    guard own != line(String(theirs)) else { return [] }
    return [
      InterfaceDifference(
        subject: "description", ours: shown(own), c3: shown(line(String(theirs))))
    ]
  }

  // MARK: Parameters

  private static func parameters(
    _ ours: OperatorInterface, _ c3: C3Interface
  ) -> [InterfaceDifference] {
    let inputs = Dictionary(
      c3.inputs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let outputs = Set(c3.outputs.map(\.name))
    let mine = ours.parameters.flatMap { parameter -> [InterfaceDifference] in
      let subject = "parameter \(parameter.name)"
      guard let input = inputs[parameter.name] else {
        return [
          InterfaceDifference(
            subject: subject, ours: parameter.summary,
            c3: outputs.contains(parameter.name) ? "an output" : "not found")
        ]
      }
      return fields(parameter, input).map { field, own, theirs in
        InterfaceDifference(subject: "\(subject), \(field)", ours: own, c3: theirs)
      }
    }
    let known = Set(ours.parameters.map(\.name))
    let theirs = c3.inputs.filter { !known.contains($0.name) }.map { input in
      let isAdded = input.name == "log_level"
      return InterfaceDifference(
        subject: "parameter \(input.name)", ours: "none",
        c3: isAdded ? "added, for the code that C3 puts in front" : input.type)
    }
    return mine + theirs
  }

  private static func fields(
    _ parameter: OperatorInterface.Parameter, _ input: C3Interface.Input
  ) -> [(String, String, String)] {
    var fields: [(String, String, String)] = []
    if parameter.type.c3Name != input.type {
      fields.append(("type", parameter.type.rawValue, input.type))
    }
    if !isSame(parameter, input) {
      fields.append(
        ("default", parameter.defaultText, input.defaultText.map { "'\($0)'" } ?? "required"))
    }
    let own = (parameter.description ?? "").replacing("\"", with: "'")
    if own != input.description {
      fields.append(("description", shown(own), shown(input.description)))
    }
    return fields
  }

  private static func isSame(
    _ parameter: OperatorInterface.Parameter, _ input: C3Interface.Input
  ) -> Bool {
    guard let text = input.defaultText else { return parameter.isRequired }
    switch parameter.defaultValue {
    case .value(.null), nil: return false
    case .value(let value): return parameter.type.value(of: text) == value
    case .source(let source): return source == text
    }
  }

  // MARK: Outputs and requirements

  private static func outputs(
    _ ours: OperatorInterface, _ c3: C3Interface
  ) -> [InterfaceDifference] {
    let mine = Set(ours.outputs.map(\.name))
    let theirs = Set(c3.outputs.map(\.name))
    let read = Set(ours.parameters.map(\.name))
    let missing = ours.outputs.filter { !theirs.contains($0.name) }.map {
      InterfaceDifference(subject: "output \($0.name)", ours: "set in \($0.place)", c3: "not found")
    }
    // Those that are parameters here have been named as such.
    let added = c3.outputs.filter { !mine.contains($0.name) && !read.contains($0.name) }.map {
      InterfaceDifference(subject: "output \($0.name)", ours: "none", c3: "an output")
    }
    return missing + added
  }

  private static func requirements(
    _ ours: OperatorInterface, _ c3: C3Interface
  ) -> [InterfaceDifference] {
    let mine = ours.requirements.map {
      InstallCommand(manager: $0.manager, arguments: $0.arguments)
    }
    let theirs = c3.requirements.map { (text: $0, commands: commands($0)) }
    let all = theirs.flatMap(\.commands)
    let missing = mine.filter { command in
      // One line of R may install what stands in several lines.
      !all.contains {
        $0.manager == command.manager && command.arguments.allSatisfy($0.arguments.contains)
      }
    }
    let added = theirs.filter { line in
      line.commands.isEmpty || !line.commands.allSatisfy(mine.contains)
    }
    return missing.map {
      InterfaceDifference(subject: "requirement", ours: $0.text, c3: "not found")
    } + added.map { InterfaceDifference(subject: "requirement", ours: "none", c3: $0.text) }
  }

  private static func commands(_ line: String) -> [InstallCommand] {
    guard line.hasPrefix("Rscript -e \"") else { return InstallCommand.read(comment: line) }
    var code = Code()
    RTokenizer.read(String(line.dropFirst(12).dropLast()), into: &code)
    return RReading.read(code).requirements.map(\.command)
  }

  private static func shown(_ text: String) -> String {
    if text.isEmpty { return "none" }
    return text.count <= 60 ? "'\(text)'" : "'\(text.prefix(59))…'"
  }
}

extension ParameterType {
  /// What C3 calls it.
  fileprivate var c3Name: String {
    switch self {
    case .string: "String"
    case .int: "Integer"
    case .float: "Float"
    case .bool: "Boolean"
    }
  }
}

extension OperatorInterface.Parameter {
  /// `int, default 5`
  fileprivate var summary: String {
    "\(type.rawValue), \(isRequired ? "required" : "default \(defaultText)")"
  }

  /// The default as a person reads it.
  var defaultText: String {
    switch defaultValue {
    case .value(.null): "none"
    case .value(.string(let text)): "'\(text)'"
    case .value(.bool(let flag)): flag ? "true" : "false"
    case .value(let value): value.environmentText ?? ""
    case .source(let source): source
    case nil: isRequired ? "required" : "none"
    }
  }
}

extension InstallCommand {
  var text: String { "\(manager.rawValue): \(arguments.joined(separator: " "))" }
}
