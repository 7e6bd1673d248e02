// tee: one input, and every output gets all of it.

package import NIOCore

/// 1 to N, at least 1. A fragment counts as taken when every output has it, so the slowest reader
/// sets the pace, and an output is never more than one fragment ahead of another.
package struct Tee: BuiltinMachine {
  private var input = InputQueue()
  private var reading: [Bool]
  /// The outputs below this number have the fragment at the front already.
  private var given = 0
  private var owed = 0

  package init(outputs: Int) {
    self.reading = Array(repeating: false, count: outputs)
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
    if self.input.isEmpty { return self.input.isDone ? .finished : nil }
    // The first output waits for all: without that a fast reader would get a fragment which the
    // slow one may hold up for ever, and pause in the middle of what it was promised.
    let ready = self.given == 0 ? !self.reading.contains(false) : self.reading[self.given]
    guard ready else { return nil }
    let output = self.given
    guard output + 1 == self.reading.count else {
      self.given += 1
      return .emit(self.input.front, output: output)
    }
    self.given = 0
    let bytes = self.input.readFront()
    self.owed = bytes.readableBytes
    return .emit(bytes, output: output)
  }
}
