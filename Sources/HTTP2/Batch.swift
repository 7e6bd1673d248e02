// One round of output: frames gathered for one vectored write.

internal import NIOCore

/// Collects frames until about `limit` bytes. Frame headers, small frames and small payloads are
/// written behind each other into one buffer; large payloads stay slices between its parts.
struct Batch {
  private enum Piece {
    case gathered(upTo: Int)
    case slice(ByteBuffer)
  }

  /// Below this a copy is cheaper than another vector.
  private static let copyBelow = 1 << 10

  let limit: Int
  private(set) var count = 0
  /// Whether something had to wait for the next batch.
  var isBlocked = false
  private var pieces: [Piece] = []
  private var gathered = ByteBuffer()

  init(limit: Int) {
    self.limit = limit
  }

  var isFull: Bool { count >= limit }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    // One allocation for a usual batch, and none for an empty one.
    if gathered.capacity == 0 { gathered.reserveCapacity(512) }
    gathered.writeBytes(bytes)
    count += bytes.count
  }

  mutating func append(_ slice: ByteBuffer) {
    count += slice.readableBytes
    if slice.readableBytes < Self.copyBelow {
      gathered.writeImmutableBuffer(slice)
    } else {
      pieces.append(.gathered(upTo: gathered.writerIndex))
      pieces.append(.slice(slice))
    }
  }

  /// Slicing comes last: a ByteBuffer that is written to after it was sliced is copied whole.
  consuming func finish(into out: inout [ByteBuffer]) {
    pieces.append(.gathered(upTo: gathered.writerIndex))
    for piece in pieces {
      switch piece {
      case .slice(let slice):
        out.append(slice)
      case .gathered(let end):
        if let part = gathered.readSlice(length: end - gathered.readerIndex),
          part.readableBytes > 0
        {
          out.append(part)
        }
      }
    }
  }
}
