// Rows as record batches of an Arrow IPC stream.

internal import NIOCore

/// Reads `application/vnd.apache.arrow.stream` (Arrow's "IPC Streaming Format", metadata V4 and V5). A
/// batch is held while its rows are read.
struct ArrowReader: RowReader {
  private enum State {
    case schema
    case rows
    /// Behind the mark of the end.
    case end
  }

  private struct Batch {
    var columns: [ArrowColumn]
    var rows: Int
    var next = 0
  }

  private(set) var type: DataType?
  private let given: DataType?
  private var incoming = Incoming()
  private var state = State.schema
  private var fields: [ArrowField] = []
  private var columns: [Column] = []
  private var batch: Batch?
  private var rows = 0

  init(given: DataType?) {
    self.given = given
  }

  mutating func append(_ bytes: ByteBuffer) { self.incoming.append(bytes) }
  mutating func end() { self.incoming.end() }

  mutating func next(_ row: inout [Value]) throws(RowError) -> RowResult {
    while true {
      if try self.readRow(&row) { return .row }
      if self.state == .end {
        guard self.incoming.isEmpty else { throw RowError("more follows after the stream's end") }
        return self.incoming.isEnded ? .end : .needsMore
      }
      do throws(RowError) {
        guard try self.readMessage() else {
          guard self.incoming.isEnded else { return .needsMore }
          guard self.incoming.isEmpty, self.state == .rows else {
            throw RowError("the data ends inside a message")
          }
          // The mark of the end may be left out.
          self.state = .end
          continue
        }
      } catch {
        throw self.rows > 0 ? error.inside("behind row \(self.rows)") : error
      }
    }
  }

  private mutating func readRow(_ row: inout [Value]) throws(RowError) -> Bool {
    guard let batch = self.batch else { return false }
    row.removeAll(keepingCapacity: true)
    do throws(RowError) {
      for column in batch.columns { row.append(try column.value(batch.next)) }
    } catch {
      throw error.inRow(self.rows + 1)
    }
    self.rows += 1
    if batch.next + 1 < batch.rows {
      self.batch?.next += 1
    } else {
      self.batch = nil
    }
    return true
  }

  // MARK: Messages

  /// - Returns: false while the next message is not all there.
  private mutating func readMessage() throws(RowError) -> Bool {
    let bytes = self.incoming.bytes
    let start = bytes.readerIndex
    guard let first = bytes.getInteger(at: start, endianness: .little, as: UInt32.self) else {
      return false
    }
    // Before 0.15 there was the length alone.
    let prefix = first == .max ? 8 : 4
    guard
      let length = bytes.getInteger(at: start + prefix - 4, endianness: .little, as: UInt32.self)
    else { return false }
    guard length > 0 else {
      self.incoming.skip(prefix)
      self.state = .end
      return true
    }
    guard length <= RowLimits.head else {
      throw RowError(
        "this is no Arrow IPC stream, or its metadata is larger than \(RowLimits.head) bytes")
    }
    guard let metadata = bytes.getSlice(at: start + prefix, length: Int(length)) else {
      return false
    }
    let (message, bodyLength) = try ArrowMessage.read(metadata)
    guard bodyLength >= 0, bodyLength <= RowLimits.bytes else {
      throw RowError(
        "a batch has \(bodyLength) bytes, and at most \(RowLimits.bytes) are read: it has to be"
          + " written in smaller ones")
    }
    guard let body = bytes.getSlice(at: start + prefix + Int(length), length: bodyLength) else {
      return false
    }
    self.incoming.skip(prefix + Int(length) + bodyLength)
    switch (message, self.state) {
    case (.schema(let fields), .schema): try self.readSchema(fields)
    case (.batch(let head), .rows): try self.readBatch(head, body)
    case (.schema, _): throw RowError("a second schema came")
    case (.batch, _): throw RowError("a batch came before the schema")
    }
    return true
  }

  private mutating func readSchema(_ fields: [ArrowField]) throws(RowError) {
    let own = DataType.tabular(fields.map(\.column))
    let type = try own.read(as: self.given)
    self.fields = fields
    self.columns = type.columns ?? []
    self.type = type
    self.state = .rows
  }

  private mutating func readBatch(_ head: ArrowBatchHead, _ body: ByteBuffer) throws(RowError) {
    guard head.length >= 0, head.length <= RowLimits.bytes, head.nodes.count == self.fields.count,
      head.nodes.allSatisfy({ $0.length == head.length })
    else { throw RowError("a batch does not have the schema's columns") }
    var buffers: [ByteBuffer] = []
    for range in head.buffers {
      guard
        let buffer = body.getSlice(at: body.readerIndex + range.lowerBound, length: range.count)
      else { throw RowError("a buffer lies outside of its batch") }
      buffers.append(buffer)
    }
    var rest = buffers[...]
    var columns: [ArrowColumn] = []
    for (number, field) in self.fields.enumerated() {
      columns.append(
        try ArrowColumn(
          field, as: self.columns[number], rows: head.length, nulls: head.nodes[number].nulls,
          buffers: &rest))
    }
    guard head.length > 0 else { return }
    self.batch = Batch(columns: columns, rows: head.length)
  }
}

/// Writes what `ArrowReader` reads. Rows wait for a batch to be full, but for no others to come.
struct ArrowWriter: RowWriter {
  /// A batch is full with this many rows, or about as many bytes.
  private static let rowsPerBatch = 64 << 10
  private static let bytesPerBatch = 1 << 20

  private let fields: [ArrowField]
  private var columns: [ArrowColumnBuilder]
  private var rows = 0
  private var bytes = 0

  /// - Throws: for a column that is none of Arrow.
  init(columns: [Column]) throws(RowError) {
    var fields: [ArrowField] = []
    for column in columns { fields.append(try ArrowField(column)) }
    self.fields = fields
    self.columns = fields.map { ArrowColumnBuilder($0.type) }
  }

  mutating func begin(_ output: inout Output) {
    output.write(ArrowMessage.schema(self.fields))
  }

  mutating func write(_ row: [Value], _ output: inout Output) {
    for (number, value) in row.enumerated() {
      self.columns[number].append(value)
      if case .string(let text) = value { self.bytes += text.utf8.count }
      self.bytes += 8
    }
    self.rows += 1
    if self.rows >= Self.rowsPerBatch || self.bytes >= Self.bytesPerBatch { self.flush(&output) }
  }

  mutating func flush(_ output: inout Output) {
    guard self.rows > 0 else { return }
    var body = Output()
    var head = ArrowBatchHead(length: self.rows, nodes: [], buffers: [])
    for number in self.columns.indices {
      head.nodes.append((length: self.rows, nulls: self.columns[number].nulls))
      for buffer in self.columns[number].take() {
        let start = body.count
        body.write(buffer.bytes)
        head.buffers.append(start..<body.count)
        // Each begins at a multiple of 8.
        body.write(zeros: -body.count & 7)
      }
    }
    output.write(ArrowMessage.batch(head, bodyLength: body.count))
    output.write(body.bytes)
    (self.rows, self.bytes) = (0, 0)
  }

  mutating func end(_ output: inout Output) {
    self.flush(&output)
    output.write(littleEndian: UInt32.max)
    output.write(littleEndian: UInt32(0))
  }
}
