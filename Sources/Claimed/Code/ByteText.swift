// Bytes of a program's text, and the characters that decide how it is cut.

typealias Byte = UInt8

extension Byte {
  var isDigit: Bool { (Byte(ascii: "0")...Byte(ascii: "9")).contains(self) }
  var isLetter: Bool { (Byte(ascii: "a")...Byte(ascii: "z")).contains(self | 0x20) }
  /// Of names: all that is beyond ASCII counts as a letter.
  var isNameStart: Bool { isLetter || self == Byte(ascii: "_") || self >= 0x80 }
  var isNamePart: Bool { isNameStart || isDigit }
  var isBlank: Bool {
    self == Byte(ascii: " ") || self == Byte(ascii: "\t") || self == Byte(ascii: "\r")
      || self == 0x0C
  }
}

extension Array where Element == Byte {
  func text(_ range: Range<Int>) -> String { String(decoding: self[range], as: UTF8.self) }

  func has(_ word: String, at index: Int) -> Bool {
    index >= 0 && index + word.utf8.count <= count
      && self[index..<index + word.utf8.count].elementsEqual(word.utf8)
  }
}
