// concat: all of input 0, then all of input 1, and so on.

package import NIOCore

/// N to 1, by number. Later inputs are held back: they keep what they were given, and get no
/// credit until it is their turn. Without any input it ends at once.
package struct Concat: BuiltinMachine {
  private var inputs: [InputQueue]
  private var reading = false
  private var current = 0
  private var owed = 0

  package init(inputs: Int) {
    self.inputs = Array(repeating: InputQueue(), count: inputs)
  }

  package mutating func write(_ bytes: ByteBuffer, input: Int) {
    self.inputs[input].append(bytes)
  }

  package mutating func end(input: Int) {
    self.inputs[input].end()
  }

  package mutating func setReading(_ reading: Bool, output: Int) {
    self.reading = reading
  }

  package mutating func next() -> BuiltinAction? {
    if self.owed > 0 {
      defer { self.owed = 0 }
      return .took(self.owed, input: self.current)
    }
    while self.current < self.inputs.count, self.inputs[self.current].isDone { self.current += 1 }
    guard self.current < self.inputs.count else { return .finished }
    guard self.reading, !self.inputs[self.current].isEmpty else { return nil }
    let bytes = self.inputs[self.current].readFront()
    self.owed = bytes.readableBytes
    return .emit(bytes, output: 0)
  }
}
