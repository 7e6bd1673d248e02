// The files that people write: any text is either refused in sentences, or means something that can be
// written down again.

internal import MNP
internal import OperatorFile
internal import Pipeline

enum FileForms {
  /// What stands between a pipeline file and the operator file that its entries find.
  private static let separator: UInt8 = 0x1E

  static func rawPipeline(_ input: inout FuzzInput) throws {
    let parts = input.rest().split(
      separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
    let texts = parts.map { String(decoding: $0, as: UTF8.self) }
    try checkPipeline(texts[0], operatorText: texts.count > 1 ? texts[1] : nil)
  }

  static func rawOperator(_ input: inout FuzzInput) throws {
    try checkOperator(String(decoding: input.rest(), as: UTF8.self))
  }

  static func pipelineText(_ input: inout FuzzInput) throws {
    let operatorText = FileGrammar.operatorFile(&input)
    try checkPipeline(FileGrammar.pipelineFile(&input), operatorText: operatorText)
  }

  static func operatorText(_ input: inout FuzzInput) throws {
    try checkOperator(FileGrammar.operatorFile(&input))
  }

  /// A definition that is right, written and read.
  static func definition(_ input: inout FuzzInput) throws {
    let definition = DefinitionMaker.definition(&input)
    let text = definition.text
    let again: OperatorDefinition
    do { again = try OperatorDefinition.parse(text, file: "f", folder: "/elsewhere") } catch {
      throw Violation(description: "a right definition is refused: \(error)\n\(text)")
    }
    try requireSame(Self.text(of: again), Self.text(of: definition), "a definition read again")
  }

  // MARK: What must hold

  private static func checkOperator(_ text: String) throws {
    do {
      let definition = try OperatorDefinition.parse(text, file: "f.yaml", folder: "/folder")
      try check(definition)
    } catch let errors as FileErrors { try check(errors, texts: [text]) }
  }

  private static func checkPipeline(_ text: String, operatorText: String?) throws {
    let definition: PipelineDefinition
    do {
      definition = try PipelineReader.parse(
        text, file: "folder/p.yaml", folder: "/folder",
        settings: [GivenParameter(name: "set", text: "given")]
      ) { path throws(FileErrors) in
        guard let operatorText else {
          throw FileErrors([Diagnostic("cannot be read", at: SourceLocation(file: path))])
        }
        return operatorText
      }
    } catch {
      return try check(error, texts: [text, operatorText ?? ""])
    }
    let names = definition.operators.map(\.name)
    try require(!names.isEmpty && Set(names).count == names.count, "operators' names: \(names)")
    for entry in definition.operators {
      try require(Name.isValid(entry.name), "the name \(entry.name)")
      try check(entry.definition)
    }
    for warning in definition.warnings { try check(warning, texts: [text, operatorText ?? ""]) }
    do {
      try check(try Plan(definition), of: definition)
    } catch let errors as FileErrors { try check(errors, texts: [text, operatorText ?? ""]) }
  }

  private static func check(_ plan: Plan, of definition: PipelineDefinition) throws {
    let names = plan.nodes.map(\.name)
    try require(Set(names).count == names.count, "two nodes of one name: \(names)")
    for node in plan.nodes {
      // Behind a run's id of 20 letters.
      _ = try SessionID.make(String(repeating: "r", count: 20) + "-" + node.name)
      try check(node.definition)
    }
    try require(plan.nodes.count >= definition.operators.count, "a node is missing")
  }

  /// A definition that was read can be written, and is the same when it is read again: so the run
  /// hands it to the node.
  private static func check(_ definition: OperatorDefinition) throws {
    let text = definition.text
    let again: OperatorDefinition
    do {
      again = try OperatorDefinition.parse(text, file: "written.yaml", folder: "/elsewhere")
    } catch {
      throw Violation(description: "what was written is refused: \(error)\n\(text)")
    }
    try requireSame(Self.text(of: again), Self.text(of: definition), "written and read")
    try requireSame(again.text, text, "written twice")
    try require(definition.workdir.hasPrefix("/"), "the folder \(definition.workdir)")
  }

  /// NaN is not equal to itself: what is compared is how each part is shown.
  private static func text(of definition: OperatorDefinition) -> String {
    String(reflecting: definition)
  }

  private static func check(_ errors: FileErrors, texts: [String]) throws {
    try require((1...50).contains(errors.diagnostics.count), "\(errors.diagnostics.count) errors")
    for diagnostic in errors.diagnostics { try check(diagnostic, texts: texts) }
  }

  private static func check(_ diagnostic: Diagnostic, texts: [String]) throws {
    try require(!diagnostic.message.isEmpty, "an error without a message")
    guard let place = diagnostic.location else { return }
    // The last line may be empty, and is counted as one where an error is at the end.
    let lines = texts.map {
      $0.unicodeScalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 2
    }
    try require(
      place.line >= 0 && place.line <= lines.max() ?? 0 && place.column >= 0,
      "\(diagnostic) is beyond the file")
  }

  // MARK: Scalars

  static func scalars(_ input: inout FuzzInput) throws {
    switch input.choice(5) {
    case 0:
      let text = String(decoding: input.rest(), as: UTF8.self)
      guard let duration = DurationText.parse(text) else { return }
      try require(duration >= .zero && duration <= DurationText.limit, "\(text) is \(duration)")
      try requireEqual(DurationText.parse(DurationText.text(duration)), duration, text)
    case 1:
      let number = Double(bitPattern: input.number64())
      guard number.isFinite else { return }
      let text = DecimalText.shortest(number)
      try requireEqual(DecimalText.double(text), number, text)
    case 2:
      let text = String(decoding: input.rest(), as: UTF8.self)
      let value = ParameterValue(plain: text)
      for type in ParameterType.allCases {
        guard let typed = type.value(of: value) else { continue }
        // A value of a type goes through an environment and comes back.
        guard let sent = typed.environmentText, let back = type.value(of: sent) else { continue }
        try requireEqual(back.environmentText, sent, "\(text) as \(type)")
      }
      if let digits = DecimalText.integer(text) {
        try requireEqual(DecimalText.integer(digits), digits, "canonical digits")
      }
    case 3:
      let text = String(decoding: input.rest(), as: UTF8.self)
      let path = TextFile.absolute(text, in: "/a/b")
      try require(path.hasPrefix("/"), path)
      try requireEqual(TextFile.absolute(path), path, "an absolute path")
    default:
      let word = input.text(input.choice(200))
      let names = (0..<input.choice(5)).map { _ in input.text(input.choice(20)) }
      if let name = Suggestion.nearest(to: word, among: names) {
        try require(names.contains(name), "a suggestion from nowhere")
      }
      _ = Suggestion.ending(for: word, among: names)
      _ = PortName(word)
      let type = input.text(40)
      try require(OperatorFile.ContentType.agree(type, type), "\(type) disagrees with itself")
      try requireEqual(
        OperatorFile.ContentType.agree(type, word), OperatorFile.ContentType.agree(word, type),
        "two types agree one way")
    }
  }
}
