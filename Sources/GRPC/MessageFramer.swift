// Puts the prefix in front of a message that is sent.

package import NIOCore

package enum MessageFramer {
  /// Appends the prefix of an uncompressed message of `length` payload bytes.
  package static func writePrefix(length: Int, into buffer: inout ByteBuffer) {
    precondition(length <= Int(UInt32.max), "gRPC's length prefix has four bytes")
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: MessageDeframer.prefixLength) {
      bytes in
      bytes[0] = 0
      bytes.storeBytes(of: UInt32(length).bigEndian, toByteOffset: 1, as: UInt32.self)
      return MessageDeframer.prefixLength
    }
  }

  package static func prefix(length: Int) -> ByteBuffer {
    var buffer = ByteBuffer()
    self.writePrefix(length: length, into: &buffer)
    return buffer
  }
}
