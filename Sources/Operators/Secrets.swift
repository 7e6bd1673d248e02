// What nobody may read in a log or an error: parameters that are secrets, in what operators print.

/// Texts that are shown as `***`, wherever they stand. Found as they are, byte by byte: a secret that
/// a program encodes, or that a line cuts in two, is another text.
package struct Secrets: Sendable, Equatable {
  private let texts: [[UInt8]]

  /// - Parameter values: of parameters. One of several lines is hidden line by line, as logs have it.
  package init(_ values: some Sequence<String>) {
    let texts = values.flatMap { $0.utf8.split { $0 == UInt8(ascii: "\n") }.map(Array.init) }
    // What is part of another must not break it up.
    self.texts = Set(texts).sorted { $0.count > $1.count }
  }

  package static let none = Secrets([])

  package func hidden(in text: String) -> String {
    guard !texts.isEmpty else { return text }
    var bytes = Array(text.utf8)
    for text in texts where bytes.count >= text.count {
      bytes.replace(text, with: Array("***".utf8))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  package func hidden(in exit: OperatorExit) -> OperatorExit {
    guard !texts.isEmpty else { return exit }
    var exit = exit
    exit.stderrTail = exit.stderrTail.map(hidden)
    if case .failed(let message) = exit.reason { exit.reason = .failed(hidden(in: message)) }
    return exit
  }
}
