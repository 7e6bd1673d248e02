// The operator file: from text to definition.

extension OperatorDefinition {
  /// Reads an operator file (`headrace serve --operator FILE`).
  ///
  /// - Throws: everything that is wrong with it, each with its line.
  package static func load(_ path: String) throws(FileErrors) -> OperatorDefinition {
    try parse(TextFile.read(path), file: path, folder: TextFile.folder(of: path))
  }

  /// - Parameters:
  ///   - file: the name for error messages.
  ///   - folder: absolute; where the file's relative paths start.
  package static func parse(
    _ text: String, file: String, folder: String
  ) throws(FileErrors) -> OperatorDefinition {
    let diagnostics = Diagnostics()
    let context = ReadingContext(diagnostics: diagnostics, folder: folder)
    guard let node = try YAMLDocument.parse(text, file: file) else {
      throw FileErrors([Diagnostic("is empty", at: SourceLocation(file: file))])
    }
    let reader = FieldReader(node, "the operator", known: OperatorReader.fields, in: context)
    let definition = reader.map {
      OperatorReader.read($0, "the operator", in: context).definition
    }
    try diagnostics.check()
    // Without a reader there was an error, so check() has thrown.
    return definition ?? OperatorDefinition(program: nil, workdir: folder)
  }
}
