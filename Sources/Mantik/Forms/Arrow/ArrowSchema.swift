// Arrow's schema: which of its types are Mantik's, and the messages that say so.

internal import NIOCore

/// A type of Arrow that a column may have here (source: Schema.fbs of Arrow's format).
enum ArrowType: Equatable {
  case null
  case bool
  case int(bits: Int, isSigned: Bool)
  case float(bits: Int)
  /// With offsets of 32 or 64 bits.
  case text(offsetBits: Int)

  /// The plain type that holds all of its values.
  var plain: PlainType? {
    switch self {
    case .null: .void
    case .bool: .bool
    case .int(8, let isSigned): isSigned ? .int8 : .uint8
    case .int(16, let isSigned), .int(32, let isSigned): isSigned ? .int32 : .uint32
    case .int(64, let isSigned): isSigned ? .int64 : .uint64
    case .float(32): .float32
    case .float(64): .float64
    case .text: .string
    case .int, .float: nil
    }
  }

  init(_ type: PlainType) {
    switch type {
    case .void: self = .null
    case .bool: self = .bool
    case .uint8: self = .int(bits: 8, isSigned: false)
    case .int8: self = .int(bits: 8, isSigned: true)
    case .uint32: self = .int(bits: 32, isSigned: false)
    case .int32: self = .int(bits: 32, isSigned: true)
    case .uint64: self = .int(bits: 64, isSigned: false)
    case .int64: self = .int(bits: 64, isSigned: true)
    case .float32: self = .float(bits: 32)
    case .float64: self = .float(bits: 64)
    case .string: self = .text(offsetBits: 32)
    }
  }

  /// The type of a field by its number in the union `Type`.
  fileprivate init(_ number: UInt8, _ table: FlatTable?) throws(RowError) {
    switch number {
    case 1: self = .null
    case 2:
      self = .int(
        bits: Int(try table?.number(0, or: Int32(0)) ?? 0),
        isSigned: try table?.flag(1) ?? false)
    case 3:
      let precision = try table?.number(0, or: Int16(0)) ?? 0
      self = .float(bits: [16, 32, 64].indices.contains(Int(precision)) ? 16 << precision : 0)
    case 5: self = .text(offsetBits: 32)
    case 6: self = .bool
    case 20: self = .text(offsetBits: 64)
    default:
      let name = Self.names[number] ?? "of type \(number)"
      throw RowError("a column that is \(name) in Arrow has no type in Mantik")
    }
    guard self.plain != nil else {
      throw RowError("a column of floats of 16 bits has no type in Mantik")
    }
  }

  /// Those that are not read.
  private static let names: [UInt8: String] = [
    4: "binary", 7: "decimal", 8: "a date", 9: "a time", 10: "a timestamp", 11: "an interval",
    12: "a list", 13: "a struct", 14: "a union", 15: "binary of fixed size",
    16: "a list of fixed size", 17: "a map", 18: "a duration", 19: "large binary",
    21: "a large list", 22: "run-end encoded", 23: "a binary view", 24: "a text view",
    25: "a list view", 26: "a large list view",
  ]

  fileprivate var number: UInt8 {
    switch self {
    case .null: 1
    case .int: 2
    case .float: 3
    case .text(let bits): bits == 32 ? 5 : 20
    case .bool: 6
    }
  }

  fileprivate func table(_ builder: inout FlatBuilder) -> FlatBuilder.Place {
    switch self {
    case .int(let bits, let isSigned):
      builder.table([0: .int(Int32(bits)), 1: .byte(isSigned ? 1 : 0)])
    case .float(let bits): builder.table([0: .short(bits == 32 ? 1 : 2)])
    case .null, .bool, .text: builder.table([:])
    }
  }
}

/// A column of an Arrow stream.
struct ArrowField: Equatable {
  var name: String
  var type: ArrowType
  var isNullable: Bool

  var column: Column {
    let plain = DataType.plain(self.type.plain ?? .void)
    return Column(self.name, self.isNullable && plain != .plain(.void) ? .nullable(plain) : plain)
  }

  /// - Throws: for a column of Mantik that is none of Arrow.
  init(_ column: Column) throws(RowError) {
    guard case .plain(let type) = column.type.withoutNull else {
      throw RowError("\(column.type.name) cannot be a column of Arrow here; plain types can")
        .inside(column)
    }
    self.name = column.name
    self.type = ArrowType(type)
    self.isNullable = column.type.isNullable
  }

  fileprivate init(_ table: FlatTable) throws(RowError) {
    self.name = try table.text(0) ?? ""
    self.isNullable = try table.flag(1)
    self.type = .null
    do throws(RowError) {
      guard try table.table(4) == nil else {
        throw RowError("a column with a dictionary is not read; it has to be written without")
      }
      self.type = try ArrowType(try table.number(2, or: UInt8(0)), try table.table(3))
    } catch {
      throw error.inside("column \(Printed.quoted(self.name))")
    }
  }
}

/// A message of an Arrow stream: what its metadata says (source: Message.fbs of Arrow's format).
enum ArrowMessage {
  case schema([ArrowField])
  case batch(ArrowBatchHead)

  /// - Returns: the message, and how many bytes follow it.
  static func read(_ metadata: ByteBuffer) throws(RowError) -> (ArrowMessage, bodyLength: Int) {
    let message = try FlatTable(root: metadata)
    let version = try message.number(0, or: Int16(0))
    // From 0.8 on (V4); V5 differs in unions alone.
    guard version >= 3 else {
      throw RowError("this is Arrow metadata of version \(version + 1), and 4 and 5 are read")
    }
    let length = Int(try message.number(3, or: Int64(0)))
    guard let header = try message.table(2) else { throw RowError("a message says nothing") }
    switch try message.number(1, or: UInt8(0)) {
    case 1: return (.schema(try Self.fields(header)), length)
    case 2: throw RowError("dictionaries are not read; columns have to be written without")
    case 3: return (.batch(try ArrowBatchHead(header)), length)
    case let type: throw RowError("a message of type \(type) belongs to no table")
    }
  }

  private static func fields(_ schema: FlatTable) throws(RowError) -> [ArrowField] {
    guard try schema.number(0, or: Int16(0)) == 0 else {
      throw RowError("numbers in big endian are not read")
    }
    var fields: [ArrowField] = []
    var names: Set<[UInt8]> = []
    for table in try schema.tables(1) {
      let field = try ArrowField(table)
      guard names.insert(Array(field.name.utf8)).inserted else {
        throw RowError("the column \(Printed.quoted(field.name)) stands twice")
      }
      fields.append(field)
    }
    return fields
  }

  /// A schema's message, as it stands in the stream.
  static func schema(_ fields: [ArrowField]) -> [UInt8] {
    var builder = FlatBuilder()
    let tables = fields.map { field in
      let name = builder.text(field.name)
      let type = field.type.table(&builder)
      let children = builder.vector([FlatBuilder.Place]())
      return builder.table([
        0: .place(name), 1: .byte(field.isNullable ? 1 : 0), 2: .byte(field.type.number),
        3: .place(type), 5: .place(children),
      ])
    }
    let vector = builder.vector(tables)
    let schema = builder.table([1: .place(vector)])
    return Self.message(&builder, type: 1, header: schema, bodyLength: 0)
  }

  /// A record batch's message, without its body.
  static func batch(_ head: ArrowBatchHead, bodyLength: Int) -> [UInt8] {
    var builder = FlatBuilder()
    let nodes = builder.vector(head.nodes.map { (first: $0.length, second: $0.nulls) })
    let buffers = builder.vector(head.buffers.map { (first: $0.lowerBound, second: $0.count) })
    let batch = builder.table([0: .long(Int64(head.length)), 1: .place(nodes), 2: .place(buffers)])
    return Self.message(&builder, type: 3, header: batch, bodyLength: bodyLength)
  }

  private static func message(
    _ builder: inout FlatBuilder, type: UInt8, header: FlatBuilder.Place, bodyLength: Int
  ) -> [UInt8] {
    // Version V5.
    let message = builder.table([
      0: .short(4), 1: .byte(type), 2: .place(header), 3: .long(Int64(bodyLength)),
    ])
    let metadata = builder.finish(root: message)
    var output = Output()
    output.write(littleEndian: UInt32.max)
    output.write(littleEndian: UInt32(metadata.count))
    return output.bytes + metadata
  }
}

/// What a record batch says of its body.
struct ArrowBatchHead {
  /// Rows.
  var length: Int
  /// Of each column, the values and how many of them are null.
  var nodes: [(length: Int, nulls: Int)]
  /// Of all columns, one after the other, where their bytes are in the body.
  var buffers: [Range<Int>]

  init(length: Int, nodes: [(length: Int, nulls: Int)], buffers: [Range<Int>]) {
    self.length = length
    self.nodes = nodes
    self.buffers = buffers
  }

  fileprivate init(_ table: FlatTable) throws(RowError) {
    guard try table.table(3) == nil else {
      throw RowError("compressed batches are not read; they have to be written without")
    }
    self.length = Int(try table.number(0, or: Int64(0)))
    self.nodes = try table.pairs(1).map { (length: $0.first, nulls: $0.second) }
    self.buffers = []
    for (offset, length) in try table.pairs(2) {
      guard offset >= 0, length >= 0, offset <= Int.max - length else {
        throw RowError("a buffer lies outside of its batch")
      }
      self.buffers.append(offset..<offset + length)
    }
  }
}
