// Reads a pipeline file.

internal import MNP
package import OperatorFile

/// One reading of a pipeline file.
package struct PipelineReader {
  /// Every field of a pipeline file. docs/schema/pipeline.schema.json has the same ones; a test
  /// compares them.
  package static let fields = ["name", "parameters", "operators", "wires", "inputs", "outputs"]
  /// An operator's fields, and those that only a pipeline's entry has.
  package static let operatorFields = OperatorReader.fields + ["file", "node"]
  package static let wireFields = ["from", "to", "buffer"]

  /// Meaningless for a node that somebody else has started.
  private static let ownedByNode = ["env", "workdir", "grace", "early_end"]

  private let file: String
  private let folder: String
  private let diagnostics: Diagnostics
  private let variables: PipelineVariables
  private let context: ReadingContext
  private let loadText: (String) throws(FileErrors) -> String

  private init(
    file: String, folder: String, loadText: @escaping (String) throws(FileErrors) -> String
  ) {
    let diagnostics = Diagnostics()
    let variables = PipelineVariables(diagnostics: diagnostics)
    self.file = file
    self.folder = folder
    self.diagnostics = diagnostics
    self.variables = variables
    self.loadText = loadText
    self.context = ReadingContext(
      diagnostics: diagnostics, folder: folder, currentFolder: TextFile.absolute("."),
      substitute: variables.substitute, isFromOutside: variables.beginsWithSetting,
      holdsSecret: variables.holdsSecret)
  }

  /// Reads a pipeline file and the operator files that it names.
  ///
  /// - Parameters:
  ///   - path: `-` for standard input.
  ///   - settings: `--set NAME=VALUE` in their order; the last of a name counts.
  /// - Throws: everything that is wrong with them, each with its line.
  package static func load(
    _ path: String, settings: [GivenParameter] = []
  ) throws(FileErrors) -> PipelineDefinition {
    try parse(
      TextFile.read(path), file: path, folder: TextFile.folder(of: path), settings: settings)
  }

  /// - Parameters:
  ///   - file: the name for error messages.
  ///   - folder: absolute; where the file's relative paths start.
  ///   - settings: `--set NAME=VALUE` in their order; the last of a name counts.
  ///   - loadText: reads an operator file.
  package static func parse(
    _ text: String, file: String, folder: String, settings: [GivenParameter] = [],
    loadText: @escaping (String) throws(FileErrors) -> String = TextFile.read
  ) throws(FileErrors) -> PipelineDefinition {
    guard let node = try YAMLDocument.parse(text, file: file) else {
      throw FileErrors([Diagnostic("is empty", at: SourceLocation(file: file))])
    }
    let reader = PipelineReader(file: file, folder: folder, loadText: loadText)
    let definition = reader.read(node, settings: settings)
    try reader.diagnostics.check()
    return definition
  }

  private func read(_ node: YAMLNode, settings: [GivenParameter])
    -> PipelineDefinition
  {
    var definition = PipelineDefinition(
      name: defaultName, file: file, operators: [], wires: [], inputs: [], outputs: [],
      warnings: [])
    guard let reader = FieldReader(node, "the pipeline", known: Self.fields, in: context) else {
      return definition
    }
    // Their defaults are values as they stand: a parameter is not made of others.
    variables.read(
      reader["parameters"], settings: settings,
      in: ReadingContext(diagnostics: diagnostics, folder: folder))
    if let node = reader["name"], let name = context.word(node, "'name' of the pipeline") {
      definition.name = name
    }
    definition.operators = readOperators(reader)
    definition.wires = reader["wires"].map(readWires) ?? []
    definition.inputs = reader["inputs"].map { readOuterEnds($0, "inputs") } ?? []
    definition.outputs = reader["outputs"].map { readOuterEnds($0, "outputs") } ?? []
    variables.warnOfUnused()
    definition.warnings = diagnostics.warnings
    return definition
  }

  private var defaultName: String {
    let base = file.split(separator: "/").last.map(String.init) ?? "pipeline"
    let stem = base.split(separator: ".").first.map(String.init) ?? "pipeline"
    return stem == "-" ? "pipeline" : stem
  }

  // MARK: Operators

  private func readOperators(_ reader: FieldReader) -> [OperatorEntry] {
    guard let node = reader["operators"] else {
      if !reader.hasUnknownFields {
        diagnostics.error("the pipeline has no 'operators'", at: reader.location)
      }
      return []
    }
    guard let entries = context.entries(node, "'operators'") else { return [] }
    if entries.isEmpty { diagnostics.error("'operators' is empty", at: node.location) }
    return entries.compactMap { name, key, value in
      guard Name.isValid(name) else {
        diagnostics.error("'\(name)' cannot name an operator: \(Name.rule)", at: key.location)
        return nil
      }
      return readOperator(name, value, at: key.location)
    }
  }

  private func readOperator(
    _ name: String, _ node: YAMLNode, at location: SourceLocation
  ) -> OperatorEntry? {
    let what = "operator '\(name)'"
    guard let reader = FieldReader(node, what, known: Self.operatorFields, in: context) else {
      return nil
    }
    var base: OperatorDefinition?
    var operatorFile: String?
    if let node = reader["file"] {
      guard let path = context.word(node, "'file' of \(what)") else { return nil }
      let absolute = context.absolute(path, node)
      guard let definition = loadOperator(absolute, named: path, for: what, at: node.location)
      else { return nil }
      operatorFile = absolute
      base = definition
    }
    let reading = OperatorReader.read(reader, what, over: base, in: context)
    let node = reader["node"].flatMap { readNode($0, what) }
    if reader["node"] == nil, reading.definition.program == nil, reader["command"] == nil,
      reader["builtin"] == nil, !reader.hasUnknownFields
    {
      diagnostics.error(
        base == nil
          ? "\(what) has none of 'command', 'builtin', 'file' and 'node'"
          : "\(what) has no 'command', and neither has its operator file", at: location)
    }
    if reader["node"] != nil {
      checkNode(reader, reading, what)
    } else {
      checkRequired(reading.definition, what, at: location)
    }
    return OperatorEntry(
      name: name, location: location, definition: reading.definition,
      givenParameters: reading.givenParameters, operatorFile: operatorFile, node: node,
      portLocations: [.input: reading.inputLocations, .output: reading.outputLocations])
  }

  private func loadOperator(
    _ absolute: String, named path: String, for what: String, at location: SourceLocation
  ) -> OperatorDefinition? {
    // Named as a user would from where the pipeline file was named.
    let front = file.lastIndex(of: "/").map { file[...$0] } ?? ""
    let isBeside = absolute == TextFile.absolute(path, in: folder)
    let display = path.hasPrefix("/") || !isBeside ? path : front + path
    let text: String
    do {
      text = try loadText(absolute)
    } catch {
      let reason = error.diagnostics[0].message
      diagnostics.error("'file' of \(what): \(display) \(reason)", at: location)
      return nil
    }
    do {
      return try OperatorDefinition.parse(
        text, file: display, folder: TextFile.folder(of: absolute))
    } catch {
      diagnostics.adopt(error)
      return nil
    }
  }

  /// A value that is missing is better said before anything starts.
  private func checkRequired(
    _ definition: OperatorDefinition, _ what: String, at location: SourceLocation
  ) {
    let ports = definition.portVariables
    let missing = definition.parameters.filter {
      $0.defaultValue == nil && ports[$0.name] == nil
    }
    guard !missing.isEmpty else { return }
    let names = missing.map { "'\($0.name)'" }.joined(separator: ", ")
    diagnostics.error(
      "\(what) needs a value for parameter\(missing.count == 1 ? "" : "s") \(names)", at: location)
  }

  private func checkNode(
    _ reader: FieldReader, _ reading: OperatorReader.Result, _ what: String
  ) {
    for field in Self.ownedByNode where reader[field] != nil {
      diagnostics.warning(
        "'\(field)' of \(what) has no effect: its node already runs",
        at: reader.location(of: field))
    }
    for name in reading.givenParameters
    where
      reading.definition[parameter: name]?.defaultValue == .null
    {
      diagnostics.error(
        "parameter '\(name)' of \(what) is null, which cannot be sent to a node that already runs;"
          + " leave it out", at: reader.location(of: "parameters"))
    }
  }

  private func readNode(_ node: YAMLNode, _ what: String) -> NodeURL? {
    guard let text = context.word(node, "'node' of \(what)") else { return nil }
    do {
      let url = try NodeURL(text)
      if url.session == nil { return url }
      diagnostics.error(
        "'node' of \(what) is a whole node, as the run makes a session of its own:"
          + " \(url.node)", at: node.location)
    } catch {
      diagnostics.error("'node' of \(what): \(error.message)", at: node.location)
    }
    return nil
  }

  // MARK: Wires and ends

  private func readWires(_ node: YAMLNode) -> [Wire] {
    (context.list(node, "'wires'") ?? []).compactMap(readWire)
  }

  private func readWire(_ node: YAMLNode) -> Wire? {
    if let text = node.text { return readShortWire(text, at: node.location) }
    guard let reader = FieldReader(node, "a wire", known: Self.wireFields, in: context) else {
      return nil
    }
    var ends: [PortName] = []
    for field in ["from", "to"] {
      guard let node = reader[field] else {
        diagnostics.error("a wire has no '\(field)'", at: reader.location)
        continue
      }
      guard let text = node.text, let name = PortName(text) else {
        diagnostics.error(
          "'\(field)' of a wire is operator.port, not \(node.text.map { "'\($0)'" } ?? node.kind)",
          at: node.location)
        continue
      }
      ends.append(name)
    }
    let buffer = reader["buffer"].flatMap {
      context.choice($0, "'buffer' of a wire", EdgeBuffer.self)
    }
    guard ends.count == 2 else { return nil }
    return Wire(from: ends[0], to: ends[1], buffer: buffer ?? .memory, location: reader.location)
  }

  private func readShortWire(_ text: String, at location: SourceLocation) -> Wire? {
    let ends = text.split(separator: "->", omittingEmptySubsequences: false).map { part in
      PortName(part.split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }
    guard ends.count == 2, let from = ends[0], let to = ends[1] else {
      let advice = ends.count > 2 ? "; write each arrow as a wire of its own" : ""
      diagnostics.error(
        "a wire is 'operator.port -> operator.port', not '\(text)'\(advice)", at: location)
      return nil
    }
    return Wire(from: from, to: to, buffer: .memory, location: location)
  }

  private func readOuterEnds(_ node: YAMLNode, _ field: String) -> [OuterEnd] {
    (context.entries(node, "'\(field)' of the pipeline") ?? []).compactMap { name, key, value in
      guard let port = PortName(name) else {
        diagnostics.error(
          "'\(field)' of the pipeline names operator.port, not '\(name)'", at: key.location)
        return nil
      }
      guard let text = context.word(value, "the file of '\(name)'") else { return nil }
      let place: OuterPlace =
        text == "-" ? .standardStream : .file(context.absolute(text, value))
      return OuterEnd(port: port, place: place, location: key.location)
    }
  }
}
