// Sizes of messages as people write them: 100,4K,64K.

internal import Builtins

package enum SizeList {
  package static let standard = [100, 4 << 10, 64 << 10, 1 << 20, 16 << 20]
  /// The most that one message may have: it is held in memory as a whole.
  package static let limit = 1 << 30

  /// Counts of bytes, separated by commas: digits, then nothing, K, M or G as powers of 1024. Each
  /// at least 1 and at most ``limit``; in ascending order, each once. Nil for anything else.
  package static func parse(_ text: String) -> [Int]? {
    var sizes: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let size = parseByteCount(String(part)), (1...limit).contains(size) else { return nil }
      sizes.insert(size)
    }
    return sizes.sorted()
  }

  /// `64K`: the shortest way to write it that ``parse(_:)`` reads.
  package static func text(_ size: Int) -> String {
    for (unit, letter) in [(1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")]
    where size >= unit && size % unit == 0 {
      return "\(size / unit)\(letter)"
    }
    return "\(size)"
  }
}
