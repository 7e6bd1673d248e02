// echo: what comes in at input i goes out at output i.

package import NIOCore

/// As many outputs as inputs, i to i, each pair at its own pace. Ends when all inputs are done.
package struct Echo: BuiltinMachine {
  private var inputs: [InputQueue]
  private var reading: [Bool]
  /// Where the search for the next port begins, so that a busy port does not starve the others.
  private var turn = 0
  private var owed: (bytes: Int, input: Int)?

  package init(ports: Int) {
    self.inputs = Array(repeating: InputQueue(), count: ports)
    self.reading = Array(repeating: false, count: ports)
  }

  package mutating func write(_ bytes: ByteBuffer, input: Int) {
    self.inputs[input].append(bytes)
  }

  package mutating func end(input: Int) {
    self.inputs[input].end()
  }

  package mutating func setReading(_ reading: Bool, output: Int) {
    self.reading[output] = reading
  }

  package mutating func next() -> BuiltinAction? {
    if let owed = self.owed {
      self.owed = nil
      return .took(owed.bytes, input: owed.input)
    }
    var port = self.turn
    for _ in self.inputs.indices {
      if self.reading[port], !self.inputs[port].isEmpty {
        let bytes = self.inputs[port].readFront()
        self.owed = (bytes.readableBytes, port)
        self.turn = port + 1 == self.inputs.count ? 0 : port + 1
        return .emit(bytes, output: port)
      }
      port = port + 1 == self.inputs.count ? 0 : port + 1
    }
    return self.inputs.allSatisfy(\.isDone) ? .finished : nil
  }
}
