// JSON as bytes: without blanks, keys in their order.

extension JSON {
  package var text: String {
    var output = Output()
    output.writeJSON(self)
    return String(decoding: output.bytes, as: UTF8.self)
  }
}

extension Output {
  mutating func writeJSON(_ json: JSON) {
    switch json {
    case .null: self.write("null")
    case .bool(let flag): self.write(flag ? "true" : "false")
    // The words that are no numbers of JSON go as texts, which every reader takes.
    case .number(let text) where text.utf8.last.map { !(0x30...0x39).contains($0) } ?? true:
      self.writeJSONString(text)
    case .number(let text): self.write(text: text)
    case .string(let text): self.writeJSONString(text)
    case .array(let values):
      self.writeJSONList(values) { $0.writeJSON($1) }
    case .object(let object):
      self.write(UInt8(ascii: "{"))
      for (number, member) in object.members.enumerated() {
        if number > 0 { self.write(UInt8(ascii: ",")) }
        self.writeJSONString(member.key)
        self.write(UInt8(ascii: ":"))
        self.writeJSON(member.value)
      }
      self.write(UInt8(ascii: "}"))
    }
  }

  mutating func writeJSONList<Element>(
    _ elements: [Element], _ write: (inout Output, Element) -> Void
  ) {
    self.write(UInt8(ascii: "["))
    for (number, element) in elements.enumerated() {
      if number > 0 { self.write(UInt8(ascii: ",")) }
      write(&self, element)
    }
    self.write(UInt8(ascii: "]"))
  }

  /// In quotes; escaped is only what must be (RFC 8259, section 7).
  mutating func writeJSONString(_ text: String) {
    var text = text
    self.write(UInt8(ascii: "\""))
    text.withUTF8 { bytes in
      var start = 0
      for (index, byte) in bytes.enumerated() {
        guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
          continue
        }
        self.write(UnsafeBufferPointer(rebasing: bytes[start..<index]))
        self.writeJSONEscape(byte)
        start = index + 1
      }
      self.write(UnsafeBufferPointer(rebasing: bytes[start...]))
    }
    self.write(UInt8(ascii: "\""))
  }

  private mutating func writeJSONEscape(_ byte: UInt8) {
    switch byte {
    case 0x0A: self.write("\\n")
    case 0x0D: self.write("\\r")
    case 0x09: self.write("\\t")
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): self.write([UInt8(ascii: "\\"), byte])
    default:
      self.write(byte < 0x10 ? "\\u000" : "\\u00")
      self.write(text: String(byte, radix: 16))
    }
  }
}
