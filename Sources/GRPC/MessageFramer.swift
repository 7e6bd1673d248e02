// Puts the prefix in front of a message that is sent.

package import NIOCore

package enum MessageFramer {
  /// Appends the prefix of an uncompressed message of `length` payload bytes.
  package static func writePrefix(length: Int, into buffer: inout ByteBuffer) {
    precondition(length <= Int(UInt32.max), "gRPC's length prefix has four bytes")
    buffer.writeMultipleIntegers(UInt8(0), UInt32(length))
  }

  package static func prefix(length: Int) -> ByteBuffer {
    var buffer = ByteBuffer()
    self.writePrefix(length: length, into: &buffer)
    return buffer
  }
}
