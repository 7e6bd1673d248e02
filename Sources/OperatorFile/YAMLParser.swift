// From libyaml's events to a tree, with bounds on what a text can make of itself.

internal import CYAML

/// What is wrong with a text, in libyaml's words or ours.
struct YAMLProblem: Error {
  /// From 1; 0 where the place is not known.
  var line: Int
  /// From 1, in Unicode scalars.
  var column: Int
  var text: String

  /// That of a dash where no list can begin.
  var isMisplacedDash: Bool { text.hasPrefix("block sequence entries are not allowed") }
}

/// Reads the one document of a text. Source: the YAML 1.1 of libyaml 0.2, event by event.
struct YAMLParser: ~Copyable {
  /// People nest a dozen; what reads a tree may recurse.
  static let deepest = 100
  /// Values of a document, each as often as an alias names it: a few lines of aliases to aliases
  /// would be more than any memory.
  static let mostValues = 1_000_000

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let bytes: UnsafeBufferPointer<UInt8>
  private let file: String
  private var anchors: [String: YAMLNode] = [:]

  /// - Returns: nothing for a text without a document.
  static func parse(_ text: String, file: String) throws(YAMLProblem) -> YAMLNode? {
    // Of its own: what libyaml reads must stay where it is.
    let bytes = Array(text.utf8)
    return try bytes.withUnsafeBufferPointer { bytes throws(YAMLProblem) in
      var parser = YAMLParser(bytes, file: file)
      return try parser.document()
    }
  }

  private init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) {
    self.bytes = bytes
    self.file = file
    parser = .allocate(capacity: 1)
    guard yaml_parser_initialize(parser) == 1 else { fatalError("no memory for a YAML parser") }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  // MARK: Composing

  private mutating func document() throws(YAMLProblem) -> YAMLNode? {
    _ = try next()  // The stream's start.
    if case .end = try next().kind { return nil }
    let root = try node(try next(), depth: 1)
    _ = try next()  // The document's end.
    let last = try next()
    guard case .end = last.kind else {
      throw problem(
        "but found another document (expected a single document in the stream, which began in line 1)",
        at: last)
    }
    return root
  }

  private mutating func node(_ event: Event, depth: Int) throws(YAMLProblem) -> YAMLNode {
    guard depth <= Self.deepest else {
      throw problem("lists and mappings are nested more than \(Self.deepest) deep", at: event)
    }
    switch event.kind {
    case .alias(let name):
      guard let node = anchors[name] else { throw problem("found undefined alias", at: event) }
      return node
    case .scalar(let scalar):
      return keep(YAMLNode(.scalar(scalar), at: location(of: event), values: 1), event)
    case .list:
      return keep(try list(from: event, depth: depth), event)
    case .map:
      return keep(try map(from: event, depth: depth), event)
    case .boundary, .end:
      throw problem("a value is missing", at: event)
    }
  }

  private mutating func list(from start: Event, depth: Int) throws(YAMLProblem) -> YAMLNode {
    var items: [YAMLNode] = []
    var values = 1
    while true {
      let event = try next()
      if case .end = event.kind { break }
      let item = try node(event, depth: depth + 1)
      values = try sum(values, item, at: event)
      items.append(item)
    }
    return YAMLNode(.list(items), at: location(of: start), values: values)
  }

  private mutating func map(from start: Event, depth: Int) throws(YAMLProblem) -> YAMLNode {
    var entries: [YAMLNode.Entry] = []
    var names: Set<String> = []
    var values = 1
    while true {
      let first = try next()
      if case .end = first.kind { break }
      let key = try node(first, depth: depth + 1)
      let second = try next()
      let value = try node(second, depth: depth + 1)
      values = try sum(try sum(values, key, at: first), value, at: second)
      if let name = key.text, !names.insert(name).inserted {
        let before = entries.first { $0.key.text == name }?.key.location.line ?? 0
        throw problem("'\(name)' stands in this mapping already, in line \(before)", at: first)
      }
      entries.append(YAMLNode.Entry(key: key, value: value))
    }
    return YAMLNode(.map(entries), at: location(of: start), values: values)
  }

  private func sum(_ values: Int, _ node: YAMLNode, at event: Event) throws(YAMLProblem) -> Int {
    // Neither is above the limit, so that the sum cannot overflow.
    guard values + node.values <= Self.mostValues else {
      throw problem("that makes more than \(Self.mostValues) values", at: event)
    }
    return values + node.values
  }

  private mutating func keep(_ node: YAMLNode, _ event: Event) -> YAMLNode {
    if let anchor = event.anchor { anchors[anchor] = node }
    return node
  }

  private func location(of event: Event) -> SourceLocation {
    SourceLocation(file: file, line: event.line, column: event.column)
  }

  // MARK: Events

  private struct Event {
    enum Kind {
      case scalar(YAMLScalar)
      case alias(String)
      case list
      case map
      /// Of a list, a mapping or the stream.
      case end
      /// The stream's start, and a document's start and end.
      case boundary
    }

    var kind: Kind
    var anchor: String?
    var line: Int
    var column: Int
  }

  private mutating func next() throws(YAMLProblem) -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
    defer { yaml_event_delete(&event) }
    var anchor: String?
    let kind: Event.Kind
    switch event.type {
    case YAML_SCALAR_EVENT:
      anchor = Self.text(event.data.scalar.anchor)
      kind = .scalar(Self.scalar(event.data.scalar))
    case YAML_ALIAS_EVENT:
      kind = .alias(Self.text(event.data.alias.anchor) ?? "")
    case YAML_SEQUENCE_START_EVENT:
      anchor = Self.text(event.data.sequence_start.anchor)
      kind = .list
    case YAML_MAPPING_START_EVENT:
      anchor = Self.text(event.data.mapping_start.anchor)
      kind = .map
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT, YAML_STREAM_END_EVENT:
      kind = .end
    default:
      kind = .boundary
    }
    return Event(
      kind: kind, anchor: anchor, line: event.start_mark.line + 1,
      column: event.start_mark.column + 1)
  }

  private static func scalar(_ scalar: yaml_event_t.__Unnamed_union_data.__Unnamed_struct_scalar)
    -> YAMLScalar
  {
    let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
    // One with the tag `!` or `!!str` is a string as if it had quotes.
    let isString = ["!", "tag:yaml.org,2002:str"].contains(text(scalar.tag))
    return YAMLScalar(
      text: String(decoding: bytes, as: UTF8.self),
      isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE && !isString)
  }

  private static func text(_ characters: UnsafePointer<UInt8>?) -> String? {
    characters.map { String(cString: $0) }
  }

  // MARK: Problems

  private func problem(_ text: String, at event: Event) -> YAMLProblem {
    YAMLProblem(line: event.line, column: event.column, text: text)
  }

  /// What libyaml stumbled over.
  private func problem() -> YAMLProblem {
    let state = parser.pointee
    var text = state.problem.map { String(cString: $0) } ?? "out of memory"
    guard state.error == YAML_SCANNER_ERROR || state.error == YAML_PARSER_ERROR else {
      // A character that YAML does not have: the byte is known.
      let line = bytes.prefix(state.problem_offset).count { $0 == UInt8(ascii: "\n") } + 1
      return YAMLProblem(line: line, column: 1, text: text)
    }
    if let context = state.context {
      text +=
        " (\(String(cString: context)), which began in line \(state.context_mark.line + 1))"
    }
    return YAMLProblem(
      line: state.problem_mark.line + 1, column: state.problem_mark.column + 1, text: text)
  }
}
