// What reads rows from bytes, whatever their form and however they are cut.

package import NIOCore

/// What `RowReader.next` found.
package enum RowResult {
  /// A row, with a value for each column; of a type that is no table, its one value.
  case row
  /// More bytes are needed first, or the end.
  case needsMore
  /// All rows were read, and nothing is behind them.
  case end
}

/// Reads one form, row by row. What it holds is at most what came last and one row, as `RowLimits`
/// has it.
package protocol RowReader {
  /// The type of what it reads, as soon as it is known: from the start, or from the data's head.
  var type: DataType? { get }

  /// Bytes in order, cut anywhere.
  mutating func append(_ bytes: ByteBuffer)

  /// No more bytes follow.
  mutating func end()

  /// Puts the next row into `row`, whose old values go.
  mutating func next(_ row: inout [Value]) throws(RowError) -> RowResult
}

/// Writes one form, row by row, to the end of `output`. The rows have the type it was made for.
package protocol RowWriter {
  /// What stands before the rows.
  mutating func begin(_ output: inout Output)

  mutating func write(_ row: [Value], _ output: inout Output)

  /// No row is at hand: what was held back for company goes out.
  mutating func flush(_ output: inout Output)

  /// What stands behind the rows.
  mutating func end(_ output: inout Output)
}

extension RowWriter {
  package mutating func begin(_ output: inout Output) {}
  package mutating func flush(_ output: inout Output) {}
  package mutating func end(_ output: inout Output) {}
}

/// Bytes that have come and are not read yet.
struct Incoming {
  private(set) var bytes = ByteBuffer()
  private(set) var isEnded = false

  var isEmpty: Bool { self.bytes.readableBytes == 0 }

  /// Nothing is there and nothing more comes.
  var isDone: Bool { self.isEnded && self.isEmpty }

  mutating func append(_ more: ByteBuffer) {
    guard !self.isEmpty else {
      self.bytes = more
      return
    }
    self.bytes.discardReadBytes()
    self.bytes.writeImmutableBuffer(more)
  }

  mutating func end() { self.isEnded = true }

  /// Takes the first `count` bytes, which are there.
  mutating func take(_ count: Int) -> ByteBuffer {
    self.bytes.readSlice(length: count) ?? ByteBuffer()
  }

  mutating func skip(_ count: Int) { self.bytes.moveReaderIndex(forwardBy: count) }

  /// The first byte that is not blank to JSON; those before it go.
  mutating func peekBehindBlanks() -> UInt8? {
    while let byte = self.bytes.getInteger(at: self.bytes.readerIndex, as: UInt8.self) {
      guard byte.isJSONBlank else { return byte }
      self.skip(1)
    }
    return nil
  }
}
