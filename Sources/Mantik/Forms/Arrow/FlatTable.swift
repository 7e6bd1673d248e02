// FlatBuffers, read: as much of them as Arrow's metadata needs.

internal import NIOCore

/// A table of a FlatBuffers message (source: the "Internals" page of FlatBuffers' documentation).
/// Every offset comes from a peer: each is checked before it is followed.
struct FlatTable {
  private static let broken = RowError("the Arrow metadata is broken")

  private let bytes: ByteBuffer
  /// From the first byte of `bytes`, as all positions here.
  private let position: Int

  /// The root table of a whole message.
  init(root bytes: ByteBuffer) throws(RowError) {
    self = try FlatTable(bytes: bytes.slice(), position: 0).table(at: 0)
  }

  private init(bytes: ByteBuffer, position: Int) {
    self.bytes = bytes
    self.position = position
  }

  /// The number of field `id`; `fallback` where it is left out.
  func number<Number: FixedWidthInteger>(
    _ id: Int, or fallback: Number
  ) throws(RowError) -> Number {
    guard let position = try self.field(id) else { return fallback }
    return try self.integer(at: position)
  }

  func flag(_ id: Int) throws(RowError) -> Bool { try self.number(id, or: UInt8(0)) != 0 }

  func table(_ id: Int) throws(RowError) -> FlatTable? {
    guard let position = try self.field(id) else { return nil }
    return try self.table(at: position)
  }

  func text(_ id: Int) throws(RowError) -> String? {
    guard let field = try self.field(id) else { return nil }
    let position = try self.followed(field)
    let count = Int(try self.integer(at: position, as: UInt32.self))
    guard let bytes = self.bytes.getBytes(at: position + 4, length: count),
      let text = String(validating: bytes, as: UTF8.self)
    else { throw Self.broken }
    return text
  }

  func tables(_ id: Int) throws(RowError) -> [FlatTable] {
    guard let (start, count) = try self.vector(id, size: 4) else { return [] }
    var tables: [FlatTable] = []
    for number in 0..<count { tables.append(try self.table(at: start + 4 * number)) }
    return tables
  }

  /// A vector of structs of two numbers of 64 bits.
  func pairs(_ id: Int) throws(RowError) -> [(first: Int, second: Int)] {
    guard let (start, count) = try self.vector(id, size: 16) else { return [] }
    var pairs: [(first: Int, second: Int)] = []
    for number in 0..<count {
      let first = try self.integer(at: start + 16 * number, as: Int64.self)
      let second = try self.integer(at: start + 16 * number + 8, as: Int64.self)
      pairs.append((Int(first), Int(second)))
    }
    return pairs
  }

  // MARK: Positions

  /// Where field `id` stands; nothing where it is left out.
  private func field(_ id: Int) throws(RowError) -> Int? {
    let distance = Int(try self.integer(at: self.position, as: Int32.self))
    let fields = self.position - distance
    let size = Int(try self.integer(at: fields, as: UInt16.self))
    guard 4 + 2 * id + 2 <= size else { return nil }
    let offset = Int(try self.integer(at: fields + 4 + 2 * id, as: UInt16.self))
    return offset == 0 ? nil : self.position + offset
  }

  private func table(at position: Int) throws(RowError) -> FlatTable {
    FlatTable(bytes: self.bytes, position: try self.followed(position))
  }

  private func followed(_ position: Int) throws(RowError) -> Int {
    position + Int(try self.integer(at: position, as: UInt32.self))
  }

  private func vector(_ id: Int, size: Int) throws(RowError) -> (start: Int, count: Int)? {
    guard let field = try self.field(id) else { return nil }
    let position = try self.followed(field)
    let count = Int(try self.integer(at: position, as: UInt32.self))
    guard position + 4 + count * size <= self.bytes.readableBytes else { throw Self.broken }
    return (position + 4, count)
  }

  private func integer<Number: FixedWidthInteger>(
    at position: Int, as type: Number.Type = Number.self
  ) throws(RowError) -> Number {
    guard position >= 0,
      let number = self.bytes.getInteger(at: position, endianness: .little, as: type)
    else { throw Self.broken }
    return number
  }
}
