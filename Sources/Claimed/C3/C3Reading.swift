// An operator as C3 reads it: line by line, with the code in front that C3 puts there.

extension OperatorSource {
  /// What `c3_create_operator` makes of the file.
  ///
  /// - Throws: where C3 ends with an exception, before or while it writes its descriptors.
  package func c3Interface() throws(C3Crash) -> C3Interface {
    guard kind == .r || fileName.hasSuffix(kind.suffix) else {
      throw C3Crash(
        exception: "NotImplementedError",
        cause: "it knows the ending '\(kind.suffix)' in lower case")
    }
    let stem = String(fileName.dropLast(kind.suffix.count))
    // C3 works on a copy of this name, and takes the word off again for the name alone.
    let copy = "claimed-" + CodePoints(stem).replacing("_", with: "-").text.lowercased()
    var interface: C3Interface
    switch content {
    case .script(let text):
      let text = PythonText.universalNewlines(text)
      interface =
        kind == .r ? C3Reading.r(text, copy: copy) : try C3Reading.python(text, copy: copy)
    case .notebook(let notebook):
      interface = try C3Reading.notebook(notebook)
    }
    interface.name = String(copy.dropFirst("claimed-".count))
    interface.description =
      CodePoints(interface.description).replacing("\n", with: " ").replacing("\"", with: "'").text
      + " – CLAIMED V0.1"
    interface.requirements = try C3Requirements.inHome(interface.requirements)
    if let input = interface.inputs.first(where: { $0.type != "String" && $0.defaultText == nil }) {
      throw .attribute(
        "strip", "'\(input.name)' is cast to \(input.type) and has no default; CWL needs one")
    }
    return interface
  }
}

enum C3Reading {
  /// What the code that C3 puts in front of a program in Python does to its interface.
  private enum SetUp {
    static let parameter = C3Line.Call(name: "log_level", defaultText: "INFO")
    static let description = "update log level"
    /// Names that it has in quotes, so that the program's own lines with them are not looked at.
    static let quotedNames: Set = ["log_level", "INFO"]
  }

  static func python(_ text: String, copy: String) throws(C3Crash) -> C3Interface {
    let lines = CodePoints(text).lines
    var inputs = Self.inputs(lines, of: .python, hasSetUp: true)
    for (index, input) in inputs.enumerated() where input.type != "String" {
      guard let text = input.defaultText else {
        throw .attribute(
          "strip", "'\(input.name)' is cast to \(input.type) and has no default")
      }
      let isInside = { (scalar: Unicode.Scalar) in !scalar.isQuote }
      let scalars = CodePoints(text)
      let first = scalars.firstIndex(where: isInside) ?? scalars.count
      let last = scalars.lastIndex(where: isInside) ?? first - 1
      inputs[index].defaultText = CodePoints(scalars[first..<last + 1]).text
    }
    return C3Interface(
      name: copy, description: description(between: "\"\"\"", text) ?? copy, inputs: inputs,
      outputs: outputs(lines, of: .python), requirements: C3Requirements.python(lines))
  }

  static func r(_ text: String, copy: String) -> C3Interface {
    let lines = CodePoints(text).lines
    return C3Interface(
      name: copy, description: copy, inputs: inputs(lines, of: .r, hasSetUp: false),
      outputs: outputs(lines, of: .r).map {
        C3Interface.Output(name: $0.name, description: "output path", type: nil)
      },
      requirements: C3Requirements.r(lines))
  }

  static func notebook(_ notebook: Notebook) throws(C3Crash) -> C3Interface {
    let description = try description(of: notebook)
    // A cell's text is not looked at where it is empty.
    let lines = notebook.cells.filter { $0.type == "code" && !$0.text.isEmpty }
      .flatMap { CodePoints($0.text).lines }
    let language: Language? =
      switch notebook.language?.lowercased() {
      case "python": .python
      case "r": .r
      default: nil
      }
    var interface = C3Interface(
      name: "", description: description, inputs: [], outputs: [],
      requirements: C3Requirements.python(lines))
    if let language {
      // Types by Python's casts, whatever the language.
      interface.inputs = inputs(
        lines, of: language, castsOf: .python, hasSetUp: language == .python)
      interface.outputs = outputs(lines, of: language)
    }
    return interface
  }

  // MARK: Parts

  private enum Language { case python, r }

  private static func inputs(
    _ lines: [CodePoints], of language: Language, castsOf castLanguage: Language? = nil,
    hasSetUp: Bool
  ) -> [C3Interface.Input] {
    var calls: [C3Line.Call] = hasSetUp ? [SetUp.parameter] : []
    var places = Dictionary(uniqueKeysWithValues: calls.enumerated().map { ($1.name, $0) })
    for line in lines {
      let line = C3Line(line)
      for call in language == .python ? line.pythonInputs : [line.rInput].compactMap(\.self) {
        // The last default counts, at the first one's place.
        if let place = places[call.name] {
          calls[place] = call
        } else {
          places[call.name] = calls.count
          calls.append(call)
        }
      }
    }
    let quoted = C3Search.quotedNames(lines)
    return calls.compactMap { call in
      if hasSetUp, SetUp.quotedNames.contains(call.name) {
        let description = call.name == SetUp.parameter.name ? SetUp.description : ""
        return C3Interface.Input(
          name: call.name, description: description, type: "String", defaultText: call.defaultText)
      }
      guard let number = quoted[call.name] else { return nil }
      return C3Interface.Input(
        name: call.name, description: C3Search.description(above: number, lines),
        type: type(of: lines[number], casts: castLanguage ?? language),
        defaultText: call.defaultText)
    }
  }

  private static func type(of line: CodePoints, casts language: Language) -> String {
    let casts =
      switch language {
      case .python: [("int", "Integer"), ("float", "Float"), ("bool", "Boolean")]
      case .r: [("as.numeric", "Float"), ("bool", "Boolean")]
      }
    return casts.first { C3Search.isCast($0.0, in: line) }?.1 ?? "String"
  }

  private static func outputs(
    _ lines: [CodePoints], of language: Language
  ) -> [C3Interface.Output] {
    var names: [String] = []
    for line in lines {
      let line = C3Line(line)
      guard let name = language == .python ? line.pythonOutput : line.rOutput,
        !names.contains(name)
      else { continue }
      names.append(name)
    }
    return names.map {
      C3Interface.Output(name: $0, description: "Output path for \($0)", type: "String")
    }
  }

  /// What stands behind the first mark, up to the second or the end.
  private static func description(between mark: String, _ text: String) -> String? {
    let scalars = CodePoints(text)
    guard let start = scalars.places(of: mark).first else { return nil }
    let inside = start + mark.unicodeScalars.count
    let end = scalars.places(of: mark, from: inside).first ?? scalars.count
    return CodePoints(scalars[inside..<end]).trimmed.text
  }

  /// The first line of the first cell, and of the second where both are Markdown. Where a cell's
  /// source is one text, its first character is what C3 takes for a line.
  private static func description(of notebook: Notebook) throws(C3Crash) -> String {
    guard notebook.hasCells else { throw .key("cells", "the notebook has no list of cells") }
    guard notebook.cells.count > 1 else {
      throw .index(of: "list", "the notebook has fewer than two cells")
    }
    let first = notebook.cells[0]
    let second = notebook.cells[1]
    guard first.type == second.type, first.type == "markdown" else { return try firstLine(first) }
    return try firstLine(first) + "\n" + firstLine(second)
  }

  private static func firstLine(_ cell: Notebook.Cell) throws(C3Crash) -> String {
    switch cell.source {
    case .lines(let lines):
      guard let line = lines.first else { throw .index(of: "list", "a cell at the top is empty") }
      return line
    case .text(let text):
      guard let scalar = text.unicodeScalars.first else {
        throw .index(of: "string", "a cell at the top is empty")
      }
      return String(scalar)
    case nil: throw .key("source", "a cell at the top has no source")
    }
  }
}
