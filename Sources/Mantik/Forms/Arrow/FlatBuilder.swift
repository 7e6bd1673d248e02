// FlatBuffers, written: as much of them as Arrow's metadata needs.

internal import NIOCore

/// Builds a FlatBuffers message from its end to its start, so that what an offset leads to is there
/// before the offset. Places are distances from the end.
struct FlatBuilder {
  typealias Place = Int

  enum Field {
    case byte(UInt8)
    case short(Int16)
    case int(Int32)
    case long(Int64)
    case place(Place)
  }

  /// The message backwards.
  private var reversed: [UInt8] = []

  mutating func text(_ text: String) -> Place {
    let bytes = Array(text.utf8)
    self.align(to: 4, before: bytes.count + 1)
    self.reversed.append(0)
    self.reversed.append(contentsOf: bytes.reversed())
    self.push(UInt32(bytes.count))
    return self.reversed.count
  }

  mutating func vector(_ places: [Place]) -> Place {
    self.align(to: 4, before: 4 * places.count)
    for place in places.reversed() { self.push(place: place) }
    self.push(UInt32(places.count))
    return self.reversed.count
  }

  /// A vector of structs of two numbers of 64 bits.
  mutating func vector(_ pairs: [(first: Int, second: Int)]) -> Place {
    self.align(to: 8, before: 16 * pairs.count)
    for pair in pairs.reversed() {
      self.push(Int64(pair.second))
      self.push(Int64(pair.first))
    }
    self.push(UInt32(pairs.count))
    return self.reversed.count
  }

  /// - Parameter fields: by their ids.
  mutating func table(_ fields: [Int: Field]) -> Place {
    let end = self.reversed.count
    var places: [Int: Place] = [:]
    for (id, field) in fields.sorted(by: { $0.key < $1.key }) {
      switch field {
      case .byte(let number): self.push(number)
      case .short(let number): self.push(number)
      case .int(let number): self.push(number)
      case .long(let number): self.push(number)
      case .place(let place): self.push(place: place)
      }
      places[id] = self.reversed.count
    }
    self.push(Int32(0))
    let table = self.reversed.count
    let count = (fields.keys.max() ?? -1) + 1
    for id in (0..<count).reversed() { self.push(UInt16(places[id].map { table - $0 } ?? 0)) }
    self.push(UInt16(table - end))
    self.push(UInt16(4 + 2 * count))
    // Where the fields' places stand, from the table's start back.
    let distance = Int32(self.reversed.count - table)
    withUnsafeBytes(of: distance.bigEndian) {
      self.reversed.replaceSubrange(table - 4..<table, with: $0)
    }
    return table
  }

  /// The message: a multiple of 8 bytes.
  mutating func finish(root: Place) -> [UInt8] {
    self.align(to: 8, before: 4)
    self.push(place: root)
    return self.reversed.reversed()
  }

  private mutating func push(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.bigEndian) { bytes in
      self.align(to: bytes.count)
      self.reversed.append(contentsOf: bytes)
    }
  }

  private mutating func push(place: Place) {
    self.align(to: 4)
    self.push(UInt32(self.reversed.count + 4 - place))
  }

  private mutating func align(to size: Int, before count: Int = 0) {
    while (self.reversed.count + count) % size != 0 { self.reversed.append(0) }
  }
}
