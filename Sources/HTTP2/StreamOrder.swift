// Which stream identifiers a client has passed over, and may not come back to.

/// The order in which a client opens its streams.
///
/// The first use of an identifier closes all lower ones that were never used, and HEADERS on one of
/// those is a connection error (RFC 9113, section 5.1.1). nghttp2 cannot tell such a stream from one
/// that has been and is closed, and ignores the frame. We remember what was passed over, which is
/// little: most clients pass over nothing.
struct StreamOrder {
  /// Ranges that are remembered; beyond it the older half is forgotten, and what comes on those is
  /// ignored as on closed streams. At 8 bytes each.
  static let rememberedGaps = 1024

  private var highest: StreamID = -1
  /// Odd identifiers, ascending, both ends passed over.
  private var gaps: [ClosedRange<StreamID>] = []

  /// HEADERS came on this stream.
  /// - Returns: false where it had been passed over.
  mutating func received(on id: StreamID) -> Bool {
    // Even ones, and 0, are the library's to refuse.
    guard id & 1 == 1 else { return true }
    guard id > highest else { return !isSkipped(id) }
    if id > highest + 2 {
      if gaps.count == Self.rememberedGaps { gaps.removeFirst(gaps.count / 2) }
      gaps.append(highest + 2...id - 2)
    }
    highest = id
    return true
  }

  private func isSkipped(_ id: StreamID) -> Bool {
    var (low, high) = (0, gaps.count)
    while low < high {
      let middle = (low + high) / 2
      if gaps[middle].upperBound < id { low = middle + 1 } else { high = middle }
    }
    return low < gaps.count && gaps[low].contains(id)
  }
}
