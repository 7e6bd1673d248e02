// Drives a machine and writes down what it does.

import NIOCore

@testable import Builtins

/// A small generator with a seed, so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { self.state = seed }

  mutating func next() -> UInt64 {
    self.state &+= 0x9E37_79B9_7F4A_7C15
    return GeneratePattern.random(seed: self.state).word(0)
  }
}

/// A machine, with what it emitted, took and asked for. It breaks off with an issue when the
/// machine does what it must not: emit to a reader that does not read, act after its end.
struct Driver {
  var machine: any BuiltinMachine
  var reading: [Bool]
  var emitted: [[ByteBuffer]]
  var written: [Int]
  var taken: [Int]
  var wakes: [NIODeadline] = []
  var isFinished = false
  var failure: String?
  var faults: [String] = []

  init(_ machine: any BuiltinMachine, inputs: Int, outputs: Int) {
    self.machine = machine
    self.reading = Array(repeating: false, count: outputs)
    self.emitted = Array(repeating: [], count: outputs)
    self.written = Array(repeating: 0, count: inputs)
    self.taken = Array(repeating: 0, count: inputs)
  }

  mutating func write(_ text: String, _ input: Int = 0) {
    self.write(ByteBuffer(string: text), input)
  }

  mutating func write(_ bytes: ByteBuffer, _ input: Int = 0) {
    self.written[input] += bytes.readableBytes
    self.machine.write(bytes, input: input)
    self.run()
  }

  mutating func end(_ input: Int = 0) {
    self.machine.end(input: input)
    self.run()
  }

  mutating func read(_ output: Int = 0) {
    self.reading[output] = true
    self.machine.setReading(true, output: output)
    self.run()
  }

  mutating func pause(_ output: Int = 0) {
    self.reading[output] = false
    self.machine.setReading(false, output: output)
    self.run()
  }

  mutating func tick(nanoseconds: Int64) {
    self.machine.tick(NIODeadline.uptimeNanoseconds(UInt64(nanoseconds)))
    self.run()
  }

  /// Lets the machine act; after each emit, `pauses` says whether its reader has had enough.
  mutating func run(pauses: (Int) -> Bool = { _ in false }) {
    while !self.isFinished, let action = self.machine.next() {
      switch action {
      case .emit(let bytes, let output):
        if !self.reading[output] { self.faults.append("emit to output \(output), which is paused") }
        if bytes.readableBytes == 0 { self.faults.append("emit of nothing") }
        self.emitted[output].append(bytes)
        if pauses(output) {
          self.reading[output] = false
          self.machine.setReading(false, output: output)
        }
      case .took(let bytes, let input):
        self.taken[input] += bytes
        if bytes <= 0 { self.faults.append("took \(bytes)") }
        if self.taken[input] > self.written[input] { self.faults.append("took too much") }
      case .wake(let time):
        self.wakes.append(time)
      case .finished:
        self.isFinished = true
      case .failed(let reason):
        self.isFinished = true
        self.failure = reason
      }
    }
  }

  func text(_ output: Int = 0) -> String {
    String(decoding: self.bytes(output), as: UTF8.self)
  }

  func bytes(_ output: Int = 0) -> [UInt8] {
    self.emitted[output].flatMap { Array($0.readableBytesView) }
  }
}

/// Where a buffer's readable bytes lie in memory: equal means that nothing was copied.
func address(_ buffer: ByteBuffer) -> UInt {
  buffer.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
}

/// The two parts of a text cut at every offset, the empty ones at both ends included.
func cuts(_ text: String) -> [(String, String)] {
  let bytes = Array(text.utf8)
  return (0...bytes.count).map {
    (
      String(decoding: bytes[..<$0], as: UTF8.self),
      String(decoding: bytes[$0...], as: UTF8.self)
    )
  }
}
