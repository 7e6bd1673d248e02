// A command line in one string, split as a shell splits words, without a shell.

/// Knows blanks, quotes and backslashes (POSIX, Shell Command Language, section 2.2), and expands
/// nothing: no variables, no globs, no pipes.
package enum ShellWords {
  /// The words; nil where a quote is not closed or a backslash ends the text.
  package static func split(_ text: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var characters = text.makeIterator()
    while let character = characters.next() {
      switch (character, quote) {
      case (let end, let open?) where end == open:
        quote = nil
      case ("\\", "\""):
        // In double quotes a backslash only quotes what would be special there.
        guard let next = characters.next() else { return nil }
        word = (word ?? "") + ("\"\\$`".contains(next) ? "\(next)" : "\\\(next)")
      case ("\\", nil):
        guard let next = characters.next() else { return nil }
        word = (word ?? "") + "\(next)"
      case ("'", nil), ("\"", nil):
        quote = character
        word = word ?? ""
      case (" ", nil), ("\t", nil), ("\n", nil):
        if let done = word { words.append(done) }
        word = nil
      default:
        word = (word ?? "") + "\(character)"
      }
    }
    guard quote == nil else { return nil }
    if let word { words.append(word) }
    return words
  }
}
