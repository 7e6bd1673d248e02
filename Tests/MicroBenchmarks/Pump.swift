// An operator's pipes: memory to the standard input of `cat`, and its standard output read.

import Bench
import NIOCore
import NIOPosix
import Operators

/// - Returns: the MiB that came out.
func pump(mebibytes count: Int) async throws -> Int {
  // Before threads: the keeper is a copy of this process as it is now.
  _ = Keeper.shared
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let moved = try await OperatorPump.run(
    ["cat"], slab: payload(256 << 10), most: count << 20, on: group.next())
  return moved.read == moved.bytes ? moved.read >> 20 : 0
}
