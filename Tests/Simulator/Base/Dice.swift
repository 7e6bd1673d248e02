// Numbers that look random and are the same from the same seed on every machine.

/// SplitMix64.
package struct Dice: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  package mutating func chance(_ part: Int, of whole: Int) -> Bool {
    below(whole) < part
  }

  /// 0 to `bound` - 1.
  package mutating func below(_ bound: Int) -> Int {
    Int(next() % UInt64(bound))
  }

  package mutating func pick(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.count)
  }

  /// Of the order of `range`'s ends: small values are as likely as large ones.
  package mutating func order(of range: ClosedRange<Int>) -> Int {
    var bound = range.upperBound
    while bound / 2 > range.lowerBound, chance(1, of: 2) { bound /= 2 }
    return pick(range.lowerBound...bound)
  }

  package mutating func pick<Value>(_ values: [Value]) -> Value {
    values[below(values.count)]
  }
}
