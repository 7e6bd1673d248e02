// Bytes of a port, by their numbers instead of their contents.

/// Neighbouring bytes of one port's data: the first one's number, and how many there are.
struct Chunk: Equatable {
  var offset: Int64
  var count: Int

  var end: Int64 { offset + Int64(count) }

  /// Takes up to `limit` bytes from the front.
  mutating func split(_ limit: Int) -> Chunk {
    let part = Chunk(offset: offset, count: min(count, limit))
    offset += Int64(part.count)
    count -= part.count
    return part
  }
}

/// Chunks that wait, in the order in which they came.
struct ChunkQueue {
  private var chunks: [Chunk] = []
  private var head = 0
  private(set) var bytes = 0

  var isEmpty: Bool { bytes == 0 }

  mutating func append(_ chunk: Chunk) {
    guard chunk.count > 0 else { return }
    chunks.append(chunk)
    bytes += chunk.count
  }

  mutating func take(_ limit: Int) -> Chunk? {
    guard head < chunks.count, limit > 0 else { return nil }
    let part = chunks[head].split(limit)
    bytes -= part.count
    if chunks[head].count == 0 {
      head += 1
      if head == chunks.count {
        chunks.removeAll(keepingCapacity: true)
        head = 0
      } else if head >= 64, head * 2 > chunks.count {
        chunks.removeFirst(head)
        head = 0
      }
    }
    return part
  }

  mutating func removeAll() {
    chunks = []
    head = 0
    bytes = 0
  }

  /// For the mutation that must be found.
  mutating func swapLastTwo() {
    guard chunks.count - head >= 2 else { return }
    chunks.swapAt(chunks.count - 1, chunks.count - 2)
  }
}
