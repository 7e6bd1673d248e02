// Cuts a stream of bytes into lines of bounded length.

internal import NIOCore

/// Lines of standard error. A line beyond the limit comes in pieces; invalid UTF-8 is replaced.
struct LineSplitter {
  /// Bytes of a line, without its newline.
  static let limit = 8 * 1024

  /// The beginning of a line whose newline has not come; at most `limit` bytes.
  private var pending: [UInt8] = []

  /// Emits every line that the bytes complete.
  mutating func feed(_ bytes: ByteBuffer, _ emit: (String) -> Void) {
    bytes.readableBytesView.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let newline = rest.firstIndex(of: UInt8(ascii: "\n"))
        var line = rest[..<(newline ?? rest.endIndex)]
        rest = rest[(newline.map { $0 + 1 } ?? rest.endIndex)...]
        while pending.count + line.count > Self.limit {
          let room = Self.limit - pending.count
          pending.append(contentsOf: line.prefix(room))
          line = line.dropFirst(room)
          emitPiece(emit)
        }
        pending.append(contentsOf: line)
        if newline != nil { emitLine(emit) }
      }
    }
  }

  /// The stream has ended: emits a last line that has no newline.
  mutating func finish(_ emit: (String) -> Void) {
    if !pending.isEmpty { emitLine(emit) }
  }

  private mutating func emitLine(_ emit: (String) -> Void) {
    emit(String(decoding: pending, as: UTF8.self))
    pending.removeAll(keepingCapacity: true)
  }

  /// Emits a full `pending` but for a character that it may have cut in two.
  private mutating func emitPiece(_ emit: (String) -> Void) {
    var end = pending.count
    let isContinuation = { (byte: UInt8) in byte & 0xC0 == 0x80 }
    while end > pending.count - 3, isContinuation(pending[end - 1]) { end -= 1 }
    // Where no lead byte stands before them, they were never a character.
    if pending[end - 1] >= 0xC0 { end -= 1 } else { end = pending.count }
    emit(String(decoding: pending[..<end], as: UTF8.self))
    pending.removeFirst(end)
  }
}

/// The last lines, oldest first.
struct Tail {
  static let limit = 20
  private(set) var lines: [String] = []

  mutating func append(_ line: String) {
    if lines.count == Self.limit { lines.removeFirst() }
    lines.append(line)
  }
}
