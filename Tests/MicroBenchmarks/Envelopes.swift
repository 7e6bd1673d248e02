// The envelopes of Push and Pull, read and written.

import MNP
import NIOCore

/// One push of many messages, each of which comes whole.
///
/// - Returns: the messages whose data came out whole.
func parsePush(messages count: Int, of size: Int) throws -> Int {
  var parser = PushParser()
  let opening = PushEncoder.opening(
    PushHeader(sessionID: SessionID.random(), taskID: TaskID.random(), port: 0))
  parser.begin(length: opening.readableBytes)
  guard try parser.receive(opening) == nil, try !parser.end() else { return 0 }
  let message = enveloped(PushEncoder.prefix(count: size), size)
  var messages = 0
  for _ in 0..<count {
    parser.begin(length: message.readableBytes)
    if try parser.receive(message)?.readableBytes == size { messages += 1 }
    guard try !parser.end() else { return 0 }
  }
  return messages
}

/// The same of a pull.
func parsePull(messages count: Int, of size: Int) throws -> Int {
  var parser = PullParser()
  let message = enveloped(PullEncoder.prefix(count: size), size)
  var messages = 0
  for _ in 0..<count {
    parser.begin(length: message.readableBytes)
    if try parser.receive(message)?.readableBytes == size { messages += 1 }
    guard try !parser.end() else { return 0 }
  }
  return messages
}

/// What precedes each slice of data.
func encodePush(messages count: Int, of size: Int) -> Int {
  (0..<count).count { _ in PushEncoder.prefix(count: size).readableBytes > 0 }
}

func encodePull(messages count: Int, of size: Int) -> Int {
  (0..<count).count { _ in PullEncoder.prefix(count: size).readableBytes > 0 }
}

/// Small data, which is copied behind its prefix where there is room for it already.
func encodeSmall(messages count: Int) -> Int {
  let data = payload(100)
  var staging = ByteBufferAllocator().buffer(capacity: 64 << 10)
  var messages = 0
  for _ in 0..<count {
    if staging.writableBytes < 128 { staging.clear() }
    PushEncoder.writePrefix(count: data.readableBytes, into: &staging)
    staging.writeImmutableBuffer(data)
    messages += 1
  }
  return messages
}

private func enveloped(_ prefix: ByteBuffer, _ size: Int) -> ByteBuffer {
  var message = prefix
  message.writeImmutableBuffer(payload(size))
  return message
}
