// merge: whole lines of several inputs, as they become ready.

package import NIOCore

/// N to 1: a whole line from one input, then the next that is ready. A line ends at a newline; one
/// that is missing at the end of an input is added.
///
/// A line is passed on as it comes, whatever its length. While it is in progress the other inputs
/// are held back, so memory is what the task granted as credit and no more.
package struct Merge: BuiltinMachine {
  /// Pieces below this size are joined, in bytes; larger ones are passed on without a copy.
  static let smallPiece = 4096
  /// No more than this is joined into one buffer, in bytes.
  static let joinedSize = 65536

  private var inputs: [InputQueue]
  private var reading = false
  /// Whose line is in progress, or who is asked first for the next line.
  private var current = 0
  private var isInLine = false
  /// How many inputs hold bytes; with one alone, its lines need not be told apart.
  private var holding = 0
  private var taken: [Int]
  private var owed: [Int] = []

  package init(inputs: Int) {
    self.inputs = Array(repeating: InputQueue(), count: inputs)
    self.taken = Array(repeating: 0, count: inputs)
  }

  package mutating func write(_ bytes: ByteBuffer, input: Int) {
    let wasEmpty = self.inputs[input].isEmpty
    self.inputs[input].append(bytes)
    if wasEmpty, !self.inputs[input].isEmpty { self.holding += 1 }
  }

  package mutating func end(input: Int) {
    self.inputs[input].end()
  }

  package mutating func setReading(_ reading: Bool, output: Int) {
    self.reading = reading
  }

  package mutating func next() -> BuiltinAction? {
    if let input = self.owed.popLast() {
      defer { self.taken[input] = 0 }
      return .took(self.taken[input], input: input)
    }
    if self.reading, let bytes = self.gather() { return .emit(bytes, output: 0) }
    return !self.isInLine && self.inputs.allSatisfy(\.isDone) ? .finished : nil
  }

  /// The next buffer to emit: one large piece, or many small ones.
  private mutating func gather() -> ByteBuffer? {
    var joined = ByteBuffer()
    while joined.readableBytes < Self.joinedSize {
      if self.isInLine, self.inputs[self.current].isDone {
        joined.writeInteger(UInt8(ascii: "\n"))
        self.lineEnded()
        continue
      }
      guard let count = self.nextPiece() else { break }
      if count >= Self.smallPiece {
        if joined.readableBytes > 0 { break }
        return self.take(count)
      }
      let piece = self.take(count)
      if joined.readableBytes == 0, self.holding == 0 { return piece }
      joined.writeImmutableBuffer(piece)
    }
    return joined.readableBytes > 0 ? joined : nil
  }

  /// Picks the input whose turn it is, and says how much of its front can be passed on.
  private mutating func nextPiece() -> Int? {
    guard self.holding > 0 else { return nil }
    if self.isInLine {
      guard !self.inputs[self.current].isEmpty else { return nil }
    } else {
      while self.inputs[self.current].isEmpty { self.current = self.after(self.current) }
    }
    let front = self.inputs[self.current].front
    if self.holding == 1 { return front.readableBytes }
    return front.lengthOfFirstLine ?? front.readableBytes
  }

  private mutating func take(_ count: Int) -> ByteBuffer {
    let piece = self.inputs[self.current].read(count)
    if self.inputs[self.current].isEmpty { self.holding -= 1 }
    if self.taken[self.current] == 0 { self.owed.append(self.current) }
    self.taken[self.current] += count
    if piece.readableBytesView.last == UInt8(ascii: "\n") {
      self.lineEnded()
    } else {
      self.isInLine = true
    }
    return piece
  }

  private mutating func lineEnded() {
    self.isInLine = false
    self.current = self.after(self.current)
  }

  private func after(_ input: Int) -> Int {
    input + 1 == self.inputs.count ? 0 : input + 1
  }
}
