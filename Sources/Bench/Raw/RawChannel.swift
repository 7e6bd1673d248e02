// TCP over SwiftNIO with nothing on it: what is left when all protocol is taken away.

internal import NIOCore

extension Channel {
  /// The options of Transport's own connections, but for the size of a read.
  func prepareRaw(read: Int) throws {
    guard let options = syncOptions else {
      preconditionFailure("channels of NIOPosix take options at once")
    }
    try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
    try options.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: read))
    // Up to 1 MiB is read before anything is written.
    try options.setOption(.maxMessagesPerRead, value: UInt(max(1, (1 << 20) / read)))
    try options.setOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
    try options.setOption(.allowRemoteHalfClosure, value: true)
  }
}

/// What relays and the ends of chains read at a time, as Transport does.
let rawRead = 64 << 10
