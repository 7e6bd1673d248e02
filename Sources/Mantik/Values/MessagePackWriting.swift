// Values and types as MessagePack.

extension Output {
  /// A value that was checked against its type; whole numbers in their shortest form.
  mutating func writeMessagePack(_ value: Value) {
    switch value {
    case .null: self.write(0xC0)
    case .bool(let flag): self.write(flag ? 0xC3 : 0xC2)
    case .int(let number): self.writeMessagePack(number)
    case .uint64(let number): self.writeMessagePack(number)
    case .float32(let number): self.write(0xCA, number.bitPattern)
    case .float64(let number): self.write(0xCB, number.bitPattern)
    case .string(let text): self.writeMessagePack(text)
    case .bytes(let bytes):
      self.writeMessagePackCount(bytes.count, short: nil, byte: 0xC4, word: 0xC5, long: 0xC6)
      self.write(bytes)
    case .list(let values):
      self.writeMessagePackArray(values.count)
      for value in values { self.writeMessagePack(value) }
    }
  }

  mutating func writeMessagePack(_ number: Int64) {
    if number >= 0 { return self.writeMessagePack(UInt64(number)) }
    if number >= -32 {
      self.write(UInt8(bitPattern: Int8(number)))
    } else if let number = Int8(exactly: number) {
      self.write(0xD0, number)
    } else if let number = Int16(exactly: number) {
      self.write(0xD1, number)
    } else if let number = Int32(exactly: number) {
      self.write(0xD2, number)
    } else {
      self.write(0xD3, number)
    }
  }

  mutating func writeMessagePack(_ number: UInt64) {
    if number < 0x80 {
      self.write(UInt8(number))
    } else if let number = UInt8(exactly: number) {
      self.write(0xCC, number)
    } else if let number = UInt16(exactly: number) {
      self.write(0xCD, number)
    } else if let number = UInt32(exactly: number) {
      self.write(0xCE, number)
    } else {
      self.write(0xCF, number)
    }
  }

  mutating func writeMessagePack(_ text: String) {
    let count = text.utf8.count
    self.writeMessagePackCount(count, short: (0xA0, 32), byte: 0xD9, word: 0xDA, long: 0xDB)
    self.write(text: text)
  }

  mutating func writeMessagePackArray(_ count: Int) {
    self.writeMessagePackCount(count, short: (0x90, 16), byte: nil, word: 0xDC, long: 0xDD)
  }

  mutating func writeMessagePackMap(_ count: Int) {
    self.writeMessagePackCount(count, short: (0x80, 16), byte: nil, word: 0xDE, long: 0xDF)
  }

  /// A count in its shortest form. Neither rows nor types reach 2 to the 32.
  private mutating func writeMessagePackCount(
    _ count: Int, short: (first: UInt8, count: Int)?, byte: UInt8?, word: UInt8, long: UInt8
  ) {
    if let short, count < short.count {
      self.write(short.first | UInt8(count))
    } else if let byte, count <= UInt8.max {
      self.write(byte, UInt8(count))
    } else if count <= UInt16.max {
      self.write(word, UInt16(count))
    } else {
      self.write(long, UInt32(count))
    }
  }

  /// A type, which is JSON, in MessagePack.
  mutating func writeMessagePack(_ json: JSON) {
    switch json {
    case .null: self.write(0xC0)
    case .bool(let flag): self.write(flag ? 0xC3 : 0xC2)
    case .number(let text):
      if let number = Int64(text) {
        self.writeMessagePack(number)
      } else {
        self.write(0xCB, (Double(text) ?? .nan).bitPattern)
      }
    case .string(let text): self.writeMessagePack(text)
    case .array(let values):
      self.writeMessagePackArray(values.count)
      for value in values { self.writeMessagePack(value) }
    case .object(let object):
      self.writeMessagePackMap(object.members.count)
      for member in object.members {
        self.writeMessagePack(member.key)
        self.writeMessagePack(member.value)
      }
    }
  }

  /// A first byte, and the number behind it.
  private mutating func write(_ first: UInt8, _ number: some FixedWidthInteger) {
    self.write(first)
    self.write(bigEndian: number)
  }
}
