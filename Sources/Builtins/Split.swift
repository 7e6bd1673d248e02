// split: the lines of one input, dealt to the outputs in turn.

package import NIOCore

/// 1 to N, at least 1: line k goes to output k mod N, its newline included; a last line without one
/// stays without one. A line is passed on as it comes, whatever its length. When the output whose
/// turn it is does not read, the input is held back.
package struct Split: BuiltinMachine {
  /// Pieces below this size are joined for each output, in bytes; larger ones are not copied.
  static let smallPiece = 4096
  /// No more than this is joined into one buffer, in bytes.
  static let joinedSize = 65536

  private var input = InputQueue()
  private var reading: [Bool]
  /// What each output gets next: never more than `joinedSize` and one small piece. It is emitted
  /// before `next()` rests, unless its output stopped reading meanwhile.
  private var joined: [ByteBuffer]
  /// The output of the line in progress.
  private var target = 0
  private var owed = 0

  package init(outputs: Int) {
    self.reading = Array(repeating: false, count: outputs)
    self.joined = Array(repeating: ByteBuffer(), count: outputs)
  }

  package mutating func write(_ bytes: ByteBuffer, input: Int) {
    self.input.append(bytes)
  }

  package mutating func end(input: Int) {
    self.input.end()
  }

  package mutating func setReading(_ reading: Bool, output: Int) {
    self.reading[output] = reading
  }

  package mutating func next() -> BuiltinAction? {
    if self.owed > 0 {
      defer { self.owed = 0 }
      return .took(self.owed, input: 0)
    }
    if let action = self.deal() { return action }
    if let output = self.reading.indices.first(where: {
      self.reading[$0] && self.joined[$0].readableBytes > 0
    }) {
      return self.emitJoined(output)
    }
    return self.input.isDone && self.joined.allSatisfy { $0.readableBytes == 0 } ? .finished : nil
  }

  /// Deals lines until the input is empty or the output whose turn it is cannot take more; returns
  /// early with a piece that is too large to be joined.
  private mutating func deal() -> BuiltinAction? {
    while !self.input.isEmpty, self.reading[self.target] {
      let output = self.target
      let front = self.input.front
      let line = self.reading.count == 1 ? nil : front.lengthOfFirstLine
      let count = line ?? front.readableBytes
      let isSmall = count < Self.smallPiece
      if self.joined[output].readableBytes >= (isSmall ? Self.joinedSize : 1) {
        return self.emitJoined(output)
      }
      let piece = self.input.read(count)
      if line != nil { self.target = output + 1 == self.reading.count ? 0 : output + 1 }
      guard isSmall else {
        self.owed = count
        return .emit(piece, output: output)
      }
      if self.joined[output].readableBytes == 0, self.input.isEmpty {
        self.joined[output] = piece
      } else {
        self.joined[output].writeImmutableBuffer(piece)
      }
    }
    return nil
  }

  private mutating func emitJoined(_ output: Int) -> BuiltinAction {
    let bytes = self.joined[output]
    self.joined[output] = ByteBuffer()
    self.owed = bytes.readableBytes
    return .emit(bytes, output: output)
  }
}
