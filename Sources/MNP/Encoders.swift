// The envelopes of Push and Pull as their senders write them: a few bytes before each slice of data.

public import NIOCore

/// The most data that we put into one message: peers refuse messages above 4 MiB.
public let maximumDataPerMessage = 1 << 20

/// Writes the messages of a push: ``opening(_:)``, then for each slice of data ``prefix(count:)``
/// followed by the slice itself, then ``done()`` once, as the last one.
///
/// Each result is a buffer of its own: appending the slice to it, or it to the slice, would copy.
public enum PushEncoder {
  /// The first message, whole: where the data goes, and none of it.
  public static func opening(_ header: PushHeader) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: 64)
    buffer.writeField(1, header.sessionID.description)
    buffer.writeField(2, header.taskID.description)
    if header.port != 0 { buffer.writeField(3, UInt64(bitPattern: Int64(header.port))) }
    if header.dataSize != 0 { buffer.writeField(4, UInt64(bitPattern: header.dataSize)) }
    return buffer
  }

  /// What precedes `count` bytes of data in their message, `count` above 0.
  public static func prefix(count: Int) -> ByteBuffer { dataPrefix(PushFields.dataField, count) }

  /// Writes the same where there is room for it already: for small data that is copied anyway.
  public static func writePrefix(count: Int, into buffer: inout ByteBuffer) {
    buffer.writeDataPrefix(PushFields.dataField, count)
  }

  /// The bytes of the prefix, 2 to 11.
  public static func prefixLength(count: Int) -> Int { 1 + varintLength(UInt64(count)) }

  /// The last message, whole. A `checksum` is for a receiver that named ``Features/crc``, or may still
  /// do so: others skip it.
  public static func done(_ checksum: Checksum? = nil) -> ByteBuffer {
    lastMessage(done: 5, checksum, PushFields.checksumField)
  }

  /// The last message in place of ``done()``, whole: why the push breaks off. Only for a receiver
  /// that named ``Features/await``: others would skip it and take the end of the stream for that of
  /// the data. Where it does not fit into an envelope, the lines of standard error go.
  public static func failure(_ failure: Failure) -> ByteBuffer {
    var message = failure.encoded()
    if message.readableBytes > maximumEnvelopeBytes / 2 {
      var short = failure
      short.stderrTail = []
      short.message = String(failure.message.prefix(1024))
      message = short.encoded()
    }
    var buffer = ByteBufferAllocator().buffer(capacity: message.readableBytes + 8)
    buffer.writeField(PushFields.failureField, message)
    return buffer
  }
}

/// Writes the messages of a pull: for each slice of data ``prefix(count:sizeHint:)`` followed by
/// the slice itself, then ``done()`` once, as the last one.
public enum PullEncoder {
  /// What precedes `count` bytes of data in their message, `count` above 0. The hint, where the
  /// size of it all is known, belongs into the first message alone.
  public static func prefix(count: Int, sizeHint: Int64? = nil) -> ByteBuffer {
    dataPrefix(PullFields.dataField, count, sizeHint: sizeHint)
  }

  /// Writes the prefix, without a hint, where there is room for it already.
  public static func writePrefix(count: Int, into buffer: inout ByteBuffer) {
    buffer.writeDataPrefix(PullFields.dataField, count)
  }

  /// The bytes of the prefix without a hint, 2 to 11.
  public static func prefixLength(count: Int) -> Int { 1 + varintLength(UInt64(count)) }

  /// The last message, whole. Without data, as some peers look only here and others not at all.
  /// A `checksum` is for a receiver that named ``Features/crc``.
  public static func done(_ checksum: Checksum? = nil) -> ByteBuffer {
    lastMessage(done: 2, checksum, PullFields.checksumField)
  }
}

private func lastMessage(
  done: UInt8, _ checksum: Checksum?, _ checksumField: UInt32
) -> ByteBuffer {
  var buffer = ByteBuffer(bytes: [done << 3, 1])
  if let checksum { buffer.writeField(checksumField, checksum.encoded()) }
  return buffer
}

private func dataPrefix(_ field: UInt32, _ count: Int, sizeHint: Int64? = nil) -> ByteBuffer {
  var buffer = ByteBufferAllocator().buffer(capacity: 24)
  if let sizeHint, sizeHint > 0 { buffer.writeField(1, UInt64(sizeHint)) }
  buffer.writeDataPrefix(field, count)
  return buffer
}

private func varintLength(_ value: UInt64) -> Int {
  (max(1, UInt64.bitWidth - value.leadingZeroBitCount) + 6) / 7
}

extension ByteBuffer {
  fileprivate mutating func writeDataPrefix(_ field: UInt32, _ count: Int) {
    precondition(count > 0, "a message without data has no data field")
    writeVarint(UInt64(field << 3 | 2))
    writeVarint(UInt64(count))
  }

  fileprivate mutating func writeField(_ number: UInt32, _ value: UInt64) {
    writeVarint(UInt64(number << 3))
    writeVarint(value)
  }

  fileprivate mutating func writeField(_ number: UInt32, _ text: String) {
    writeVarint(UInt64(number << 3 | 2))
    writeVarint(UInt64(text.utf8.count))
    writeString(text)
  }

  fileprivate mutating func writeField(_ number: UInt32, _ message: ByteBuffer) {
    writeVarint(UInt64(number << 3 | 2))
    writeVarint(UInt64(message.readableBytes))
    writeImmutableBuffer(message)
  }

  fileprivate mutating func writeVarint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      writeInteger(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    writeInteger(UInt8(value))
  }
}
