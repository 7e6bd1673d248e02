// What an input port holds while its bytes cannot be passed on yet.

internal import Glibc
internal import NIOCore

/// The bytes of one input, in order, bounded by the credit that the task grants.
///
/// Large fragments stay the slices they are. Small ones that must wait are copied together,
/// because each slice keeps the whole buffer alive that it was read into: a window full of
/// one-byte fragments would otherwise hold a buffer for each byte.
struct InputQueue {
  /// Fragments below this size are gathered when they have to wait, in bytes.
  static let smallFragment = 4096
  /// A gathered buffer is full at this size, in bytes.
  static let gatheredCapacity = 16384

  /// What is to be read next; empty only when the whole queue is empty.
  private(set) var front = ByteBuffer()
  private var rest = CircularBuffer<ByteBuffer>()
  /// Small fragments, ours alone: it can be appended to without a copy of what it holds.
  private var gathered = ByteBuffer()
  private(set) var isEnded = false

  var isEmpty: Bool { self.front.readableBytes == 0 }

  /// Ended, and everything was read.
  var isDone: Bool { self.isEnded && self.isEmpty }

  mutating func append(_ bytes: ByteBuffer) {
    assert(!self.isEnded, "bytes after the end of an input")
    let count = bytes.readableBytes
    guard count > 0, !self.isEnded else { return }
    if self.isEmpty {
      self.front = bytes
      return
    }
    guard count < Self.smallFragment else {
      self.flushGathered()
      self.rest.append(bytes)
      return
    }
    if self.gathered.readableBytes + count > Self.gatheredCapacity { self.flushGathered() }
    if self.gathered.readableBytes == 0 {
      self.gathered = ByteBufferAllocator().buffer(capacity: Self.gatheredCapacity)
    }
    self.gathered.writeImmutableBuffer(bytes)
  }

  mutating func end() {
    self.isEnded = true
  }

  /// Takes the first `count` bytes of `front`, without a copy.
  mutating func read(_ count: Int) -> ByteBuffer {
    guard count < self.front.readableBytes, let slice = self.front.readSlice(length: count) else {
      return self.readFront()
    }
    return slice
  }

  /// Takes all of `front`, without a copy.
  mutating func readFront() -> ByteBuffer {
    let whole = self.front
    if let next = self.rest.popFirst() {
      self.front = next
    } else {
      self.front = self.gathered
      self.gathered = ByteBuffer()
    }
    return whole
  }

  private mutating func flushGathered() {
    guard self.gathered.readableBytes > 0 else { return }
    self.rest.append(self.gathered)
    self.gathered = ByteBuffer()
  }
}

extension ByteBuffer {
  /// How many readable bytes there are up to and including the first newline; nil without one.
  var lengthOfFirstLine: Int? {
    self.withUnsafeReadableBytes { bytes in
      guard let start = bytes.baseAddress,
        let newline = memchr(start, Int32(UInt8(ascii: "\n")), bytes.count)
      else { return nil }
      return UnsafeRawPointer(newline) - start + 1
    }
  }
}
