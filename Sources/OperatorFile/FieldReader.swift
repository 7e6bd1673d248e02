// Reads the fields of a mapping, and says of each what is wrong with it and where.

/// What reading a file needs besides the file: where errors go, and what stands for `${name}`.
package final class ReadingContext {
  package let diagnostics: Diagnostics
  /// Absolute; relative paths in the file start there.
  package let folder: String
  /// Replaces `${name}` in free text; nothing where the file knows no such names.
  private let substitute: ((YAMLScalar, SourceLocation) -> ParameterValue)?
  /// Absolute, and whether a path starts there instead.
  private let currentFolder: String
  private let isFromOutside: ((YAMLScalar) -> Bool)?
  private let holdsSecret: ((YAMLScalar) -> Bool)?

  package init(
    diagnostics: Diagnostics, folder: String, currentFolder: String = "/",
    substitute: ((YAMLScalar, SourceLocation) -> ParameterValue)? = nil,
    isFromOutside: ((YAMLScalar) -> Bool)? = nil, holdsSecret: ((YAMLScalar) -> Bool)? = nil
  ) {
    self.diagnostics = diagnostics
    self.folder = folder
    self.currentFolder = currentFolder
    self.substitute = substitute
    self.isFromOutside = isFromOutside
    self.holdsSecret = holdsSecret
  }

  /// A scalar with `${name}` replaced, and whether that changed it: a value that comes from
  /// elsewhere has a type already.
  func substituted(_ scalar: YAMLScalar, at location: SourceLocation) -> ParameterValue? {
    guard let substitute, scalar.text.contains("${") else { return nil }
    return substitute(scalar, location)
  }

  /// Whether a parameter's value is a secret.
  func isSecret(_ node: YAMLNode, _ what: String) -> Bool {
    guard holdsSecret(node), let text = node.text else { return false }
    if !text.hasPrefix("${") || text.firstIndex(of: "}") != text.indices.last {
      // What the operator prints is searched for its parameters' values, and not for parts of them.
      diagnostics.error(
        "\(what) has a secret within other text: it must stand alone", at: node.location)
    }
    return true
  }

  private func holdsSecret(_ node: YAMLNode) -> Bool {
    if case .scalar(let scalar) = node.shape { holdsSecret?(scalar) == true } else { false }
  }

  /// Says so where a secret stands where anybody may read it.
  func refuseSecret(_ node: YAMLNode, _ what: String) {
    guard holdsSecret(node) else { return }
    diagnostics.error(
      "\(what) holds a secret, which may stand in 'parameters' of an operator alone",
      at: node.location)
  }

  /// Free text: a path, an argument. Its letters are kept, whatever type they look like.
  ///
  /// - Returns: nothing after an error.
  package func text(_ node: YAMLNode, _ what: String) -> String? {
    guard case .scalar(let scalar) = node.shape else {
      diagnostics.error("\(what) is text, not \(node.kind)", at: node.location)
      return nil
    }
    refuseSecret(node, what)
    let text = substituted(scalar, at: node.location).map { $0.environmentText ?? "" }
    return checked(text ?? scalar.text, what, at: node.location)
  }

  /// Text that must not be empty.
  package func word(_ node: YAMLNode, _ what: String) -> String? {
    guard let text = text(node, what) else { return nil }
    guard !text.isEmpty else {
      diagnostics.error("\(what) is empty", at: node.location)
      return nil
    }
    return text
  }

  /// A path that was read from `node`, absolute.
  package func absolute(_ path: String, _ node: YAMLNode) -> String {
    guard case .scalar(let scalar) = node.shape, isFromOutside?(scalar) == true else {
      return TextFile.absolute(path, in: folder)
    }
    return TextFile.absolute(path, in: currentFolder)
  }

  /// One of a few fixed words.
  package func choice<Choice: RawRepresentable & CaseIterable>(
    _ node: YAMLNode, _ what: String, _: Choice.Type = Choice.self
  ) -> Choice? where Choice.RawValue == String {
    let names = Choice.allCases.map(\.rawValue)
    guard let text = node.text, let choice = Choice(rawValue: text) else {
      let found = node.text.map { "'\($0)'" } ?? node.kind
      let near = node.text.flatMap { Suggestion.nearest(to: $0, among: names) }
      let hint = near.map { "; did you mean '\($0)'?" } ?? ""
      diagnostics.error(
        "\(what) is one of \(names.joined(separator: ", ")), not \(found)\(hint)",
        at: node.location)
      return nil
    }
    return choice
  }

  /// A value for a parameter or a variable, of the given type where there is one.
  ///
  /// - Returns: after an error the empty text, so that the value does not also count as missing.
  package func value(_ node: YAMLNode, type: ParameterType?, _ what: String) -> ParameterValue {
    checkedValue(node, type: type, what) ?? .string("")
  }

  private func checkedValue(
    _ node: YAMLNode, type: ParameterType?, _ what: String
  ) -> ParameterValue? {
    guard case .scalar(let scalar) = node.shape else {
      diagnostics.error("\(what) is one value, not \(node.kind)", at: node.location)
      return nil
    }
    let found = substituted(scalar, at: node.location)
    let value: ParameterValue?
    switch (found, type) {
    case (let found?, let type?): value = type.value(of: found)
    case (let found?, nil): value = found
    case (nil, let type?): value = type.value(of: scalar)
    case (nil, nil): value = scalar.value
    }
    guard let value else {
      diagnostics.error("\(what) is not \(type?.hint ?? "a value")", at: node.location)
      return nil
    }
    guard value.environmentText?.utf8.contains(0) != true else {
      diagnostics.error("\(what) has a NUL byte in it", at: node.location)
      return nil
    }
    return value
  }

  /// The children of a list; an empty value is an empty list.
  package func list(_ node: YAMLNode, _ what: String) -> [YAMLNode]? {
    if node.isNull { return [] }
    guard case .list(let nodes) = node.shape else {
      diagnostics.error("\(what) is a list, not \(node.kind)", at: node.location)
      return nil
    }
    return nodes
  }

  /// The entries of a mapping with free keys; an empty value is an empty mapping.
  package func entries(_ node: YAMLNode, _ what: String) -> [(
    name: String, key: YAMLNode, value: YAMLNode
  )]? {
    if node.isNull { return [] }
    guard case .map(let pairs) = node.shape else {
      diagnostics.error("\(what) is a mapping, not \(node.kind)", at: node.location)
      return nil
    }
    var entries: [(name: String, key: YAMLNode, value: YAMLNode)] = []
    for pair in pairs {
      guard let name = pair.key.text else {
        diagnostics.error("a name in \(what) is text, not \(pair.key.kind)", at: pair.key.location)
        continue
      }
      entries.append((name, pair.key, pair.value))
    }
    return entries
  }

  private func checked(_ text: String, _ what: String, at location: SourceLocation) -> String? {
    guard !text.utf8.contains(0) else {
      diagnostics.error("\(what) has a NUL byte in it", at: location)
      return nil
    }
    return text
  }
}

/// The fields of one mapping whose names the schema fixes. Unknown ones are errors from the
/// beginning.
package struct FieldReader {
  package let location: SourceLocation
  /// Then a field that seems to be missing is likely one of them.
  package let hasUnknownFields: Bool
  private let fields: [String: YAMLNode.Entry]

  /// - Parameter advice: for names that are no slip of the pen but a wrong idea.
  /// - Returns: nothing when the node is no mapping.
  package init?(
    _ node: YAMLNode, _ what: String, known: [String], advice: [String: String] = [:],
    in context: ReadingContext
  ) {
    guard case .map(let pairs) = node.shape else {
      context.diagnostics.error("\(what) is a mapping, not \(node.kind)", at: node.location)
      return nil
    }
    var fields: [String: YAMLNode.Entry] = [:]
    var hasUnknownFields = false
    for pair in pairs {
      let key = pair.key
      guard let name = key.text else {
        context.diagnostics.error("a field of \(what) is text, not \(key.kind)", at: key.location)
        continue
      }
      guard known.contains(name) else {
        let ending = advice[name].map { "; \($0)" } ?? Suggestion.ending(for: name, among: known)
        hasUnknownFields = true
        context.diagnostics.error("unknown field '\(name)' of \(what)\(ending)", at: key.location)
        continue
      }
      fields[name] = pair
    }
    self.location = node.location
    self.hasUnknownFields = hasUnknownFields
    self.fields = fields
  }

  package subscript(_ name: String) -> YAMLNode? { fields[name]?.value }

  /// Where the field's name stands; the mapping's place where it is absent.
  package func location(of name: String) -> SourceLocation {
    fields[name]?.key.location ?? location
  }
}
