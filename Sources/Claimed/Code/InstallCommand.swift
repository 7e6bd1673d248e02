// Installations in comments and shell lines: `pip install numpy`, `dnf install -y gdal`.

/// One installation as a line says it.
struct InstallCommand: Equatable {
  var manager: OperatorInterface.Manager
  var arguments: [String]

  /// Those of a comment that is one, as CLAIMED's operators have them.
  static func read(comment: String) -> [InstallCommand] {
    let text = comment.drop { $0 == "!" || $0 == "%" || $0 == "#" || $0.isWhitespace }
    return read(shell: String(text))
  }

  /// Those of a line for a shell: each command of it.
  static func read(shell line: String) -> [InstallCommand] {
    words(line).split(whereSeparator: { $0 == .end }).compactMap { words in
      command(words.compactMap { if case .text(let text) = $0 { text } else { nil } })
    }
  }

  private static func command(_ words: [String]) -> InstallCommand? {
    var words = words[...]
    while let first = words.first, first == "sudo" || first.contains("=") { words.removeFirst() }
    if let first = words.first, first.hasPrefix("python"), words.dropFirst().first == "-m" {
      words = words.dropFirst(2)
    }
    guard let program = words.popFirst() else { return nil }
    let manager: OperatorInterface.Manager
    switch program {
    case "pip", "pip3": manager = .pip
    case "dnf", "microdnf", "yum": manager = .dnf
    case "apt", "apt-get": manager = .apt
    default: return nil
    }
    guard let verb = words.firstIndex(where: { !$0.hasPrefix("-") }), words[verb] == "install"
    else {
      return nil
    }
    // pip's options say where packages come from; those of the others, how much is asked and said.
    let arguments = words[(verb + 1)...].filter { manager == .pip || !$0.hasPrefix("-") }
    let isEmpty = arguments.allSatisfy { $0.hasPrefix("-") }
    return isEmpty ? nil : InstallCommand(manager: manager, arguments: Array(arguments))
  }

  private enum Word: Equatable {
    case text(String)
    /// Of a command: `;`, `&&` and the like.
    case end
  }

  /// As a shell splits words, up to a comment. A `#` in a word is part of it.
  private static func words(_ line: String) -> [Word] {
    var result: [Word] = []
    var word: String?
    var quote: Character?
    var characters = Substring(line)
    func finish() {
      if let text = word { result.append(.text(text)) }
      word = nil
    }
    while let character = characters.popFirst() {
      switch (character, quote) {
      case (let end, let open?) where end == open: quote = nil
      case ("\\", let open) where open != "'":
        if let next = characters.popFirst() { word = (word ?? "") + String(next) }
      case ("'", nil), ("\"", nil):
        quote = character
        word = word ?? ""
      case ("#", nil) where word == nil:
        finish()
        return result
      case (";", nil), ("&", nil), ("|", nil):
        finish()
        result.append(.end)
      case (">", nil) where word?.allSatisfy(\.isNumber) ?? true:
        // Where its output goes is no package. In the middle of a word it is meant as a version's.
        word = nil
        characters = characters.drop { $0 == ">" || $0 == "&" || $0 == " " }
        characters = characters.drop { !$0.isWhitespace && $0 != ";" }
      case (_, nil) where character.isWhitespace: finish()
      default: word = (word ?? "") + String(character)
      }
    }
    finish()
    return result
  }
}
