// NIO channels on one end of a pipe, made at once.

internal import Glibc
internal import NIOCore
internal import NIOPosix

enum PipeChannels {
  /// A channel that only writes. Takes the descriptor over. Call it on the loop.
  static func open(writeEnd: Descriptor, on eventLoop: any EventLoop) throws(SystemError)
    -> any Channel
  {
    let number = writeEnd.release()
    return try finished(
      NIOPipeBootstrap(group: eventLoop)
        .takingOwnershipOfDescriptor(output: number))
  }

  /// A channel that only reads, and only when asked to, a buffer of `reads` bytes at a time.
  static func open(readEnd: Descriptor, reads: ClosedRange<Int>, on eventLoop: any EventLoop)
    throws(SystemError) -> any Channel
  {
    let number = readEnd.release()
    return try finished(
      NIOPipeBootstrap(group: eventLoop)
        .channelOption(.autoRead, value: false)
        .channelOption(.maxMessagesPerRead, value: 1)
        .channelOption(
          .recvAllocator,
          value: AdaptiveRecvByteBufferAllocator(
            minimum: reads.lowerBound, initial: reads.lowerBound, maximum: reads.upperBound)
        )
        .takingOwnershipOfDescriptor(input: number))
  }

  /// On the loop itself a pipe's bootstrap has finished when it returns. Where it failed it has
  /// closed the descriptor.
  private static func finished(_ future: EventLoopFuture<any Channel>) throws(SystemError)
    -> any Channel
  {
    var result: Result<any Channel, any Error>?
    future.assumeIsolated().whenComplete { result = $0 }
    switch result {
    case .success(let channel): return channel
    case .failure(let error):
      let code = (error as? IOError)?.errnoCode ?? EIO
      throw SystemError("cannot watch a pipe", errno: code)
    case nil: throw SystemError("cannot watch a pipe", errno: EIO)
    }
  }
}
