// The shape that all builtins share: inputs change a value, and it is asked for one action at a time.

package import NIOCore

/// A builtin operator as a pure state machine: no I/O, no clock, no callbacks.
///
/// Inputs only change the machine; `next()` decides what to do now, one action at a time. The
/// machine is asked again after every action, so an action whose effect comes back as an input
/// (an emit that makes its reader turn reading off) is seen before the next one is chosen.
///
/// Credit: what was written is held until it was emitted to a reader that reads, and only then
/// reported as taken. So a builtin holds exactly what its task granted, never more.
package protocol BuiltinMachine {
  /// Bytes of an input port, in order.
  mutating func write(_ bytes: ByteBuffer, input: Int)

  /// The input port ends well; nothing more is written to it.
  mutating func end(input: Int)

  /// Whether the output's reader can take more; false at first.
  mutating func setReading(_ reading: Bool, output: Int)

  /// The time now: once at the start, and when a `wake` that was asked for is due.
  mutating func tick(_ now: NIODeadline)

  /// What to do now, or nil to wait for the next input. Not called again after `finished`
  /// or `failed`.
  mutating func next() -> BuiltinAction?
}

/// What a builtin wants done.
package enum BuiltinAction: Equatable {
  /// Bytes for an output whose reader reads.
  case emit(ByteBuffer, output: Int)
  /// This many bytes of an input are passed on: their credit can be returned.
  case took(Int, input: Int)
  /// `tick` is wanted at this time, which may have passed already. At most one is outstanding.
  case wake(NIODeadline)
  /// The builtin has ended well: its inputs are done and everything is emitted.
  case finished
  /// The builtin cannot go on; the words are for people.
  case failed(String)
}

/// Most builtins have no use for the time, and those without inputs or outputs none for these.
extension BuiltinMachine {
  package mutating func write(_ bytes: ByteBuffer, input: Int) {}
  package mutating func end(input: Int) {}
  package mutating func setReading(_ reading: Bool, output: Int) {}
  package mutating func tick(_ now: NIODeadline) {}
}
