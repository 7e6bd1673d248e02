// discard: takes everything, keeps nothing.

package import NIOCore

/// N to 0. Ends when all inputs are done.
package struct Discard: BuiltinMachine {
  private var taken: [Int]
  private var open: Int

  package init(inputs: Int) {
    self.taken = Array(repeating: 0, count: inputs)
    self.open = inputs
  }

  package mutating func write(_ bytes: ByteBuffer, input: Int) {
    self.taken[input] += bytes.readableBytes
  }

  package mutating func end(input: Int) {
    self.open -= 1
  }

  package mutating func next() -> BuiltinAction? {
    if let input = self.taken.firstIndex(where: { $0 > 0 }) {
      defer { self.taken[input] = 0 }
      return .took(self.taken[input], input: input)
    }
    return self.open == 0 ? .finished : nil
  }
}
