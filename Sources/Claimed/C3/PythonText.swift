// Text as Python's str sees it: by code points, with Python's idea of a blank.

/// A line, or a part of one, by code points: Swift would take `"` and an accent behind it for one.
typealias CodePoints = [Unicode.Scalar]

extension Unicode.Scalar {
  /// `str.isspace`, which is also what `\s` means (CPython, Objects/unicodetype_db.h).
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
      0x205F, 0x3000:
      true
    default: false
    }
  }

  var isQuote: Bool { self == "\"" || self == "'" }
  var isNameStart: Bool { self == "_" || ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
  var isNamePart: Bool { isNameStart || ("0"..."9").contains(self) }
}

extension Array where Element == Unicode.Scalar {
  init(_ text: String) { self = Array(text.unicodeScalars) }

  var text: String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: self)
    return String(text)
  }

  var trimmed: CodePoints {
    guard let first = firstIndex(where: { !$0.isPythonSpace }),
      let last = lastIndex(where: { !$0.isPythonSpace })
    else { return [] }
    return CodePoints(self[first...last])
  }

  func has(_ word: String, at index: Int) -> Bool {
    let word = word.unicodeScalars
    guard index >= 0, index + word.count <= count else { return false }
    return self[index..<index + word.count].elementsEqual(word)
  }

  /// Where `word` begins, from `start` on, overlaps included.
  func places(of word: String, from start: Int = 0) -> [Int] {
    let length = word.unicodeScalars.count
    guard start + length <= count else { return [] }
    return (start...count - length).filter { has(word, at: $0) }
  }

  func contains(_ word: String) -> Bool { !places(of: word).isEmpty }

  /// The first index from `start` on that does not satisfy `condition`.
  func skip(from start: Int, while condition: (Unicode.Scalar) -> Bool) -> Int {
    self[Swift.min(start, count)...].firstIndex { !condition($0) } ?? count
  }

  func replacing(_ old: Unicode.Scalar, with new: String) -> CodePoints {
    flatMap { $0 == old ? CodePoints(new) : [$0] }
  }

  /// `str.split('\n')`, which has a last line behind a newline at the end.
  var lines: [CodePoints] {
    split(separator: "\n", omittingEmptySubsequences: false).map(CodePoints.init)
  }
}

enum PythonText {
  /// What a file that is opened as text gives: each line ends with a newline, whatever it ended with.
  static func universalNewlines(_ text: String) -> String {
    guard text.unicodeScalars.contains("\r") else { return text }
    var result = String.UnicodeScalarView()
    var wasReturn = false
    for scalar in text.unicodeScalars {
      if !(wasReturn && scalar == "\n") { result.append(scalar == "\r" ? "\n" : scalar) }
      wasReturn = scalar == "\r"
    }
    return String(result)
  }
}
