// generate: bytes from nothing, at no cost worth measuring, for tests and measurements.

internal import NIOCore

/// What `generate` writes. Each pattern defines the byte at every offset, so that a reader can
/// check any part of it on its own:
///
/// - `zero`: every byte is 0.
/// - `counter`: word i of 8 bytes, little-endian, is i. So the byte at offset o is
///   `(o / 8) >> (8 * (o % 8)) & 0xff`.
/// - `random:SEED`: word i of 8 bytes, little-endian, is number i of SplitMix64 started with SEED
///   (decimal, 0 to 2^64 - 1). With all arithmetic modulo 2^64:
///   `z = SEED + (i + 1) * 0x9E3779B97F4A7C15`;
///   `z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9`;
///   `z = (z ^ (z >> 27)) * 0x94D049BB133111EB`;
///   word i is `z ^ (z >> 31)`.
///
/// A total that is no multiple of 8 cuts the last word short.
package enum GeneratePattern: Equatable, Sendable {
  case zero
  case counter
  case random(seed: UInt64)

  /// Reads `zero`, `counter` or `random:SEED`; nil for anything else.
  package init?(_ text: String) {
    switch text {
    case "zero": self = .zero
    case "counter": self = .counter
    default:
      guard text.hasPrefix("random:") else { return nil }
      let digits = text.dropFirst("random:".count)
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seed = UInt64(digits) else {
        return nil
      }
      self = .random(seed: seed)
    }
  }

  /// Word `index` of the pattern.
  package func word(_ index: UInt64) -> UInt64 {
    switch self {
    case .zero: 0
    case .counter: index
    case .random(let seed): Self.splitMix64(seed: seed, index: index)
    }
  }

  /// Fills whole words; `first` is the number of the first one.
  func fill(_ words: UnsafeMutableBufferPointer<UInt64>, first: UInt64) {
    switch self {
    case .zero:
      words.update(repeating: 0)
    case .counter:
      for i in words.indices { words[i] = (first &+ UInt64(truncatingIfNeeded: i)).littleEndian }
    case .random(let seed):
      for i in words.indices {
        let index = first &+ UInt64(truncatingIfNeeded: i)
        words[i] = Self.splitMix64(seed: seed, index: index).littleEndian
      }
    }
  }

  @inline(__always)
  private static func splitMix64(seed: UInt64, index: UInt64) -> UInt64 {
    var z = seed &+ (index &+ 1) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// 0 to 1: so many bytes of a pattern, or without end.
package struct Generate: BuiltinMachine {
  /// Bytes in one emit, except the last.
  static let slabSize = 256 * 1024
  /// Slabs in the ring. It covers what an output's queue holds (its high watermark is 512 KiB) and
  /// a batch on its way to the socket, so that a slab is free again when its turn comes. Should
  /// one not be, `clear()` gives it fresh memory: slower, never wrong.
  static let ringSize = 8

  private let pattern: GeneratePattern
  /// nil is endless.
  private var remaining: Int?
  private var offset: UInt64 = 0
  private var reading = false
  private var ring: [ByteBuffer] = []
  private var turn = 0

  /// - Parameter bytes: how many bytes to generate; nil is endless.
  package init(bytes: Int?, pattern: GeneratePattern) {
    self.remaining = bytes
    self.pattern = pattern
  }

  package mutating func setReading(_ reading: Bool, output: Int) {
    self.reading = reading
  }

  package mutating func next() -> BuiltinAction? {
    if self.remaining == 0 { return .finished }
    guard self.reading else { return nil }
    let count = min(self.remaining ?? Self.slabSize, Self.slabSize)
    let slab = self.nextSlab()
    self.offset &+= UInt64(count)
    self.remaining? -= count
    return .emit(slab.getSlice(at: 0, length: count) ?? slab, output: 0)
  }

  /// A slab with the pattern from `offset` on.
  private mutating func nextSlab() -> ByteBuffer {
    if self.pattern == .zero {
      if self.ring.isEmpty { self.ring.append(self.newSlab()) }
      return self.ring[0]
    }
    if self.ring.count < Self.ringSize {
      self.ring.append(self.newSlab())
      return self.ring[self.ring.count - 1]
    }
    let index = self.turn
    self.turn = (self.turn + 1) % Self.ringSize
    self.ring[index].clear()
    self.fill(&self.ring[index])
    return self.ring[index]
  }

  private func newSlab() -> ByteBuffer {
    var slab = ByteBufferAllocator().buffer(capacity: Self.slabSize)
    self.fill(&slab)
    return slab
  }

  private func fill(_ slab: inout ByteBuffer) {
    // A slab begins at a multiple of its size, so it begins with a whole word.
    slab.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.slabSize) { memory in
      let words = UnsafeMutableRawBufferPointer(rebasing: memory.prefix(Self.slabSize))
        .bindMemory(to: UInt64.self)
      self.pattern.fill(words, first: self.offset / 8)
      return Self.slabSize
    }
  }
}
