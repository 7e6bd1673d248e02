// A stream of messages as they come from a socket: for the parts that read it.

import NIOCore

/// Messages of one size behind each other, cut into reads of 64 KiB as Transport makes them.
struct MessageStream {
  /// Slices of the stream, which begins with a message and ends with one.
  let reads: [ByteBuffer]

  private static let readSize = 64 << 10

  /// - Parameter message: the bytes of each message, its prefix included.
  init(_ message: ByteBuffer) {
    var stream = ByteBuffer()
    for _ in 0..<max(8, 4 * Self.readSize / message.readableBytes) {
      stream.writeImmutableBuffer(message)
    }
    var reads: [ByteBuffer] = []
    while stream.readableBytes > 0,
      let read = stream.readSlice(length: min(Self.readSize, stream.readableBytes))
    {
      reads.append(read)
    }
    self.reads = reads
  }
}

func payload(_ size: Int) -> ByteBuffer { ByteBuffer(repeating: 0x5A, count: size) }
