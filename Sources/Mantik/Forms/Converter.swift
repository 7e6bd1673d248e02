// From one form to another: bytes in, bytes out, row by row.

package import NIOCore

/// Converts one stream of data. Rows leave as they come: of those that are whole none waits for more.
package struct Converter {
  /// As soon as so much is written it goes out, in bytes.
  private static let outputSize = 64 << 10

  private var reader: any RowReader
  private let to: Form
  /// There as soon as the reader knows its type.
  private var writer: (any RowWriter)?
  private var row: [Value] = []
  private var output = Output()
  /// An error behind rows that have to leave first.
  private var failure: RowError?
  /// Everything was read and is written.
  package private(set) var isDone = false

  /// - Parameter type: what the data is, where its form does not say so, or is to be read as.
  /// - Throws: where a type is needed and missing, or is none for these forms.
  package init(from: Form, to: Form, type: DataType?) throws(RowError) {
    self.to = to
    self.reader = try Self.reader(from, type)
    // What is wrong with a type that is known is said before any data has come.
    if let type = type ?? self.reader.type { _ = try Self.writer(to, type) }
  }

  private static func reader(_ form: Form, _ type: DataType?) throws(RowError) -> any RowReader {
    switch form {
    case .bundle: return MessagePackReader(bundle: type)
    case .bundleJSON: return JSONReader(bundle: type)
    case .arrow: return ArrowReader(given: type)
    case .csv, .jsonl, .msgpack, .json: break
    }
    guard let type else {
      throw RowError("\(form.contentType) does not say of which type it is: type= has to say it")
    }
    switch form {
    case .msgpack: return MessagePackReader(values: type)
    case .json: return JSONReader(value: type)
    default:
      let columns = try Self.columns(type, form)
      return form == .csv ? CSVReader(columns: columns) : JSONLinesReader(columns: columns)
    }
  }

  private static func writer(_ form: Form, _ type: DataType) throws(RowError) -> any RowWriter {
    switch form {
    case .bundle: MessagePackWriter(type: type, hasHead: true)
    case .msgpack: MessagePackWriter(type: type, hasHead: false)
    case .bundleJSON: JSONWriter(type: type, isBundle: true)
    case .json: JSONWriter(type: type, isBundle: false)
    case .csv: CSVWriter(columns: try Self.columns(type, form))
    case .jsonl: JSONLinesWriter(columns: try Self.columns(type, form))
    case .arrow: try ArrowWriter(columns: try Self.columns(type, form))
    }
  }

  private static func columns(_ type: DataType, _ form: Form) throws(RowError) -> [Column] {
    guard let columns = type.columns else {
      throw RowError("\(form.contentType) holds tables, not \(type.name)")
    }
    guard !columns.isEmpty || form != .csv else {
      throw RowError("\(form.contentType) holds tables with columns, and this one has none")
    }
    return columns
  }

  // MARK: Bytes

  package mutating func receive(_ bytes: ByteBuffer) { self.reader.append(bytes) }

  /// Nothing more is received.
  package mutating func end() { self.reader.end() }

  /// The next bytes of the output: about 64 KiB, fewer where no more rows are there, more where a row
  /// is larger.
  ///
  /// - Returns: nothing where more has to be received first, and when it is done.
  package mutating func next() throws(RowError) -> ByteBuffer? {
    if let failure = self.failure { throw failure }
    guard !self.isDone else { return nil }
    self.output.removeAll()
    do throws(RowError) {
      try self.fill()
    } catch {
      guard self.output.count > 0 else { throw error }
      self.failure = error
    }
    return self.output.count > 0 ? self.output.buffer : nil
  }

  private mutating func fill() throws(RowError) {
    while self.output.count < Self.outputSize {
      let result = try self.reader.next(&self.row)
      try self.begin()
      switch result {
      case .row:
        self.writer?.write(self.row, &self.output)
      case .needsMore:
        self.writer?.flush(&self.output)
        return
      case .end:
        self.writer?.end(&self.output)
        self.isDone = true
        return
      }
    }
  }

  private mutating func begin() throws(RowError) {
    guard self.writer == nil, let type = self.reader.type else { return }
    var writer = try Self.writer(self.to, type)
    writer.begin(&self.output)
    self.writer = writer
  }
}
