// The bytes that wait on one stream to be put into DATA frames.

internal import NIOCore

/// A queue of slices. Large buffers stay what they are; small ones are copied together, so that a
/// hundred thousand messages of 100 bytes become a few large DATA frames and not as many vectors.
struct OutboundQueue {
  /// Copying this much costs about what a retained slice, its frame piece and its iovec cost.
  static let copyBelow = 4 << 10
  private static let smallestStaging = 512
  private static let largestStaging = 64 << 10

  private var slices = CircularBuffer<ByteBuffer>(initialCapacity: 4)

  // Written to only while nothing else shares its storage: writing to a sliced ByteBuffer copies
  // all of it. So it is sealed (moved to `slices`, for good) before anything is taken from it.
  private var staging = ByteBuffer()
  private var stagingSize = smallestStaging
  private(set) var readableBytes = 0

  var isEmpty: Bool { readableBytes == 0 }

  mutating func append(_ bytes: ByteBuffer) {
    let count = bytes.readableBytes
    guard count > 0 else { return }
    if count >= Self.copyBelow {
      seal()
      slices.append(bytes)
    } else {
      makeRoom(count)
      staging.writeImmutableBuffer(bytes)
    }
    readableBytes += count
  }

  /// Lets `fill` write about `capacity` bytes behind what is queued, without a buffer in between.
  /// - Returns: how many it wrote.
  mutating func append(capacity: Int, _ fill: (inout ByteBuffer) -> Void) -> Int {
    makeRoom(capacity)
    let before = staging.readableBytes
    fill(&staging)
    let count = staging.readableBytes - before
    readableBytes += count
    return count
  }

  /// Takes exactly `count` bytes from the front, slice by slice.
  mutating func take(_ count: Int, _ body: (ByteBuffer) -> Void) {
    precondition(count <= readableBytes)
    seal()
    readableBytes -= count
    var left = count
    while left > 0 {
      let index = slices.startIndex
      if slices[index].readableBytes <= left {
        let slice = slices.removeFirst()
        left -= slice.readableBytes
        body(slice)
      } else if let slice = slices[index].readSlice(length: left) {
        left = 0
        body(slice)
      }
    }
  }

  mutating func removeAll() {
    slices.removeAll()
    staging = ByteBuffer()
    readableBytes = 0
  }

  private mutating func makeRoom(_ count: Int) {
    guard staging.writableBytes < count else { return }
    if staging.readableBytes > 0 {
      // It filled up before it was taken: the writer is faster than the frames, so take more.
      stagingSize = min(stagingSize * 2, Self.largestStaging)
      seal()
    }
    staging = ByteBufferAllocator().buffer(capacity: max(count, stagingSize))
  }

  private mutating func seal() {
    guard staging.readableBytes > 0 else { return }
    if staging.readableBytes < stagingSize / 4 {
      stagingSize = max(stagingSize / 2, Self.smallestStaging)
    }
    slices.append(staging)
    staging = ByteBuffer()
  }
}
