// Rows as lines of JSON: one object a line.

internal import Glibc
internal import NIOCore

/// Reads `application/x-ndjson`: an object with the columns' names or a list in their order on each
/// line. Empty lines are passed over.
struct JSONLinesReader: RowReader {
  let type: DataType?
  private let columns: [Column]
  private var incoming = Incoming()
  private var looked = 0
  private var lines = 0

  init(columns: [Column]) {
    self.type = .tabular(columns)
    self.columns = columns
  }

  mutating func append(_ bytes: ByteBuffer) { self.incoming.append(bytes) }
  mutating func end() { self.incoming.end() }

  /// Rows are counted as lines, which is how people find them.
  mutating func next(_ row: inout [Value]) throws(RowError) -> RowResult {
    do throws(RowError) {
      while let line = try self.line() {
        if line.readableBytesView.allSatisfy(\.isJSONBlank) {
          self.lines += 1
          continue
        }
        let json = try JSONReader.parse(line)
        row = try DataType.fields(of: json, self.columns, expecting: "a row")
        self.lines += 1
        return .row
      }
    } catch {
      throw error.inRow(self.lines + 1)
    }
    return self.incoming.isDone ? .end : .needsMore
  }

  private mutating func line() throws(RowError) -> ByteBuffer? {
    let looked = self.looked
    let length = self.incoming.bytes.withUnsafeReadableBytes { bytes -> Int? in
      guard let start = bytes.baseAddress, looked < bytes.count else { return nil }
      let found = memchr(start + looked, 0x0A, bytes.count - looked)
      return found.map { UnsafeRawPointer($0) - start + 1 }
    }
    self.looked = self.incoming.bytes.readableBytes
    guard (length ?? self.looked) <= RowLimits.bytes else {
      throw RowError("this is larger than \(RowLimits.bytes) bytes")
    }
    guard let length = length ?? (self.incoming.isEnded && self.looked > 0 ? self.looked : nil)
    else { return nil }
    self.looked = 0
    return self.incoming.take(length)
  }
}

/// Writes objects, which need no knowledge of the columns' order.
struct JSONLinesWriter: RowWriter {
  /// Each column's key as it stands before its value: `{"x":`, `,"y":`.
  private let keys: [[UInt8]]

  init(columns: [Column]) {
    self.keys = columns.enumerated().map { number, column in
      var key = Output()
      key.write(number == 0 ? "{" : ",")
      key.writeJSONString(column.name)
      key.write(":")
      return key.bytes
    }
  }

  mutating func write(_ row: [Value], _ output: inout Output) {
    if self.keys.isEmpty { output.write("{") }
    for (key, value) in zip(self.keys, row) {
      output.write(key)
      output.writeJSON(value)
    }
    output.write("}\n")
  }
}
