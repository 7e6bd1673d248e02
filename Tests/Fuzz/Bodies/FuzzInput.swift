// An input taken as a row of choices.

internal import NIOCore

/// Reads an input from its beginning. Past its end there are zeros, so that every input is whole,
/// and what is built from it ends.
struct FuzzInput {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: some Collection<UInt8>) {
    self.bytes = Array(bytes)
  }

  var isEmpty: Bool { position >= bytes.count }

  mutating func byte() -> UInt8 {
    guard position < bytes.count else { return 0 }
    position += 1
    return bytes[position - 1]
  }

  mutating func flag() -> Bool { byte() & 1 == 1 }

  /// Below `count`, which is 1 to 256.
  mutating func choice(_ count: Int) -> Int { Int(byte()) % count }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[choice(elements.count)] }

  mutating func number16() -> Int { Int(byte()) << 8 | Int(byte()) }

  mutating func number32() -> UInt32 { UInt32(number16()) << 16 | UInt32(number16()) }

  mutating func number64() -> UInt64 { UInt64(number32()) << 32 | UInt64(number32()) }

  /// At most `count` bytes.
  mutating func take(_ count: Int) -> [UInt8] {
    let end = min(position + count, bytes.count)
    defer { position = end }
    return Array(bytes[position..<end])
  }

  mutating func rest() -> [UInt8] { take(bytes.count - position) }

  /// Text of at most `count` bytes; what is not UTF-8 is repaired.
  mutating func text(_ count: Int) -> String { String(decoding: take(count), as: UTF8.self) }

  /// A row of cuts, from two bytes.
  mutating func cuts() -> Cuts { Cuts(seed: number16()) }
}

/// Where bytes are cut: nowhere, behind each, or at places that a seed gives.
struct Cuts {
  private let seed: Int

  init(seed: Int) {
    self.seed = seed
  }

  func pieces(of bytes: [UInt8]) -> [ByteBuffer] {
    let whole = ByteBuffer(bytes: bytes)
    return ranges(count: bytes.count).compactMap {
      whole.getSlice(at: $0.lowerBound, length: $0.count)
    }
  }

  func ranges(count: Int) -> [Range<Int>] {
    guard count > 0 else { return [] }
    var generator = SplitMix(state: UInt64(seed))
    var ranges: [Range<Int>] = []
    var start = 0
    while start < count {
      let length: Int
      switch seed & 3 {
      case 0: length = count
      case 1: length = 1
      // Small pieces often, large ones now and then.
      default: length = 1 + Int(generator.next() % (generator.next() % 4 == 0 ? 600 : 12))
      }
      let end = min(count, start + length)
      ranges.append(start..<end)
      start = end
    }
    return ranges
  }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
