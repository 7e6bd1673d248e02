// gRPC's messages out of the bytes of a stream.

import GRPC
import NIOCore

/// - Returns: the messages that had begun and ended when `count` were asked for.
func deframe(messages count: Int, of size: Int) throws -> Int {
  var message = ByteBuffer(integer: UInt8(0))
  message.writeInteger(UInt32(size))
  message.writeImmutableBuffer(payload(size))
  let stream = MessageStream(message)
  var deframer = MessageDeframer(maximumLength: 4 << 20, isServer: true)
  var messages = 0
  while messages < count {
    for read in stream.reads {
      var read = read
      while messages < count, let part = try deframer.next(from: &read) {
        if case .end = part { messages += 1 }
      }
    }
  }
  return messages
}
