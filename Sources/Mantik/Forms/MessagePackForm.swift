// Rows in MessagePack: a bundle, which says its type in front of them, or the rows alone.

internal import NIOCore

/// Finds where a value ends, without reading it: each value is looked at once, however it is cut.
private struct MessagePackFraming {
  /// How far it has looked; inside a text that may be behind what is there.
  private var looked = 0
  /// Values that are still to come until this one is whole.
  private var open = 1
  private var values = 0

  /// - Parameter limit: the most bytes that the value may have.
  /// - Returns: the length of the value in front of `bytes`; nothing while it is not there.
  mutating func length(
    in bytes: UnsafeRawBufferPointer, limit: Int
  ) throws(RowError) -> Int? {
    while self.open > 0 {
      guard let token = try MessagePackToken.read(bytes, at: &self.looked) else { return nil }
      self.looked += token.byteCount
      self.open += token.valueCount - 1
      self.values += token.valueCount
      guard self.looked <= limit else { throw RowError("this is larger than \(limit) bytes") }
      guard self.values <= RowLimits.values else {
        throw RowError("this has more than \(RowLimits.values) values")
      }
    }
    guard self.looked <= bytes.count else { return nil }
    defer { self = MessagePackFraming() }
    return self.looked
  }
}

/// Reads `application/x-mantik-bundle`, or `application/x-msgpack` with a type that is given.
struct MessagePackReader: RowReader {
  private(set) var type: DataType?
  private let given: DataType?
  private var isHeadRead: Bool
  private var incoming = Incoming()
  private var framing = MessagePackFraming()
  private var rows = 0

  /// A bundle. `given` is what its values are to be, where somebody says so.
  init(bundle given: DataType?) {
    self.given = given
    self.isHeadRead = false
  }

  /// Values alone.
  init(values type: DataType) {
    self.type = type
    self.given = type
    self.isHeadRead = true
  }

  mutating func append(_ bytes: ByteBuffer) { self.incoming.append(bytes) }
  mutating func end() { self.incoming.end() }

  mutating func next(_ row: inout [Value]) throws(RowError) -> RowResult {
    if !self.isHeadRead {
      do throws(RowError) {
        guard try self.readHead() else {
          guard self.incoming.isEnded else { return .needsMore }
          throw RowError("the data ends inside it")
        }
      } catch {
        throw error.inside("the bundle's head")
      }
    }
    guard let type = self.type else { return .needsMore }
    do throws(RowError) {
      guard try self.readRow(type, into: &row) else { return try self.rest(type) }
    } catch {
      throw type.columns == nil ? error : error.inRow(self.rows + 1)
    }
    self.rows += 1
    return .row
  }

  /// - Returns: false while it is not all there; so too `readRow`.
  private mutating func readHead() throws(RowError) -> Bool {
    let type = try self.readValue(limit: RowLimits.head) { decoder throws(RowError) in
      try Self.type(try decoder.json())
    }
    guard let type else { return false }
    self.type = try type.read(as: self.given)
    self.isHeadRead = true
    return true
  }

  private mutating func readRow(
    _ type: DataType, into row: inout [Value]
  ) throws(RowError) -> Bool {
    let isFirst = self.rows == 0
    let isRead: Void? = try self.readValue(limit: RowLimits.bytes) { decoder throws(RowError) in
      row.removeAll(keepingCapacity: true)
      if let columns = type.columns {
        try decoder.row(columns, into: &row)
      } else {
        guard isFirst else { throw RowError("more follows after the value") }
        row.append(try decoder.value(type))
      }
    }
    return isRead != nil
  }

  /// Reads the value in front, and takes it out.
  private mutating func readValue<Result>(
    limit: Int, _ read: (inout MessagePackDecoder) throws(RowError) -> Result
  ) throws(RowError) -> Result? {
    var length = 0
    let result = try self.incoming.bytes.withUnsafeReadableBytes {
      bytes throws(RowError) -> Result? in
      guard let found = try self.framing.length(in: bytes, limit: limit) else { return nil }
      length = found
      var decoder = MessagePackDecoder(UnsafeRawBufferPointer(rebasing: bytes[..<found]))
      return try read(&decoder)
    }
    self.incoming.skip(length)
    return result
  }

  /// What it means that no whole value is there.
  private func rest(_ type: DataType) throws(RowError) -> RowResult {
    guard self.incoming.isEnded else { return .needsMore }
    guard self.incoming.isEmpty else { throw RowError("the data ends inside it") }
    guard type.columns != nil || self.rows == 1 else {
      throw RowError("the data ends before its value")
    }
    return .end
  }

  private static func type(_ head: JSON) throws(RowError) -> DataType {
    guard case .object(let members) = head, let json = members["format"] else {
      throw RowError("it is no map with 'format'")
    }
    do throws(MantikError) {
      return try DataType(json: json, at: "format")
    } catch {
      throw RowError("\(error)")
    }
  }
}

/// Writes what `MessagePackReader` reads.
struct MessagePackWriter: RowWriter {
  let type: DataType
  let hasHead: Bool

  mutating func begin(_ output: inout Output) {
    guard self.hasHead else { return }
    output.writeMessagePackMap(1)
    output.writeMessagePack("format")
    output.writeMessagePack(self.type.json)
  }

  mutating func write(_ row: [Value], _ output: inout Output) {
    if self.type.columns != nil {
      output.writeMessagePackArray(row.count)
    }
    for value in row { output.writeMessagePack(value) }
  }
}

extension DataType {
  /// The type that data of this type is to be read as.
  func read(as given: DataType?) throws(RowError) -> DataType {
    guard let given else { return self }
    guard given.canRead(self) else {
      throw RowError("the data is \(self.json.text), and is to be read as \(given.json.text)")
    }
    return given
  }
}
