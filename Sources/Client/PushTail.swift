// What a push has written and its receiver may not have yet: the tail that a new connection begins with.

internal import NIOCore

/// A pure value: bytes and offsets in, what to do out.
///
/// Two kinds of offsets meet here. *Port* offsets count payload, for as long as the push lives. *Call*
/// offsets count what one call has sent, envelopes included, and begin at 0 with each call. A mark is a
/// call offset that a PING follows on the wire: its answer says that the receiver has handled everything
/// before it (RFC 9113, section 6.7, and frames are handled in order), so that the payload before the
/// mark is the port's.
struct PushTail {
  private struct Piece {
    var bytes: ByteBuffer
    /// The call offset behind the piece; nil where the present call has not sent it.
    var end: Int
  }

  /// Small pieces are joined by copying: a slice would keep its whole read buffer.
  static let joined = 4 << 10
  private static let joint = 64 << 10

  /// Bytes that are kept at most, but for the last write.
  let window: Int
  private var pieces = CircularBuffer<Piece>()
  /// Whether the last piece is a buffer of ours with room in it.
  private var ownsLast = false
  /// Port offset of the first byte that is kept.
  private(set) var base: Int64 = 0
  /// Port offset behind the last byte that was written.
  private(set) var end: Int64 = 0
  /// The call offset of the PING that is under way.
  private var mark: Int?
  /// The call offset that the last answered PING stood for.
  private var acknowledged = 0

  init(window: Int) { self.window = window }

  var retained: Int { Int(end - base) }

  /// The writer is to wait.
  var isFull: Bool { retained >= window }

  /// - Parameter callOffset: behind the bytes, in the call that they were just given to.
  mutating func append(_ bytes: ByteBuffer, callOffset: Int) {
    let count = bytes.readableBytes
    guard count > 0 else { return }
    end += Int64(count)
    if count <= Self.joined {
      if ownsLast, let last = pieces.indices.last, pieces[last].bytes.writableBytes >= count {
        // In place: a copy of the element would be a second reference, and copy its bytes.
        pieces[last].bytes.writeImmutableBuffer(bytes)
        pieces[last].end = callOffset
        return
      }
      var own = ByteBufferAllocator().buffer(capacity: Self.joint)
      own.writeImmutableBuffer(bytes)
      pieces.append(Piece(bytes: own, end: callOffset))
      ownsLast = true
    } else {
      pieces.append(Piece(bytes: bytes, end: callOffset))
      ownsLast = false
    }
  }

  /// Whether a PING is worth its while now; it is then sent, and stands for everything before `sent`.
  ///
  /// - Parameter sent: the call offset up to which bytes are in frames, before which no PING comes.
  mutating func takeMark(sent: Int) -> Bool {
    guard mark == nil, sent > acknowledged, isFull || sent - acknowledged >= step else {
      return false
    }
    mark = sent
    return true
  }

  /// A quarter of the window, at most 1 MiB: one PING is under way at a time, so a round trip bounds them
  /// as well.
  private var step: Int { min(window / 4, 1 << 20) }

  /// The PING of the mark was answered.
  mutating func markAnswered() {
    guard let mark else { return }
    self.mark = nil
    acknowledged = mark
    while let first = pieces.first, first.end <= mark {
      base += Int64(first.bytes.readableBytes)
      pieces.removeFirst()
    }
    if pieces.isEmpty { ownsLast = false }
  }

  /// A new call goes on from `offset`, which the receiver has named.
  ///
  /// - Returns: what is to be written again, in order, each to be told by ``resent(_:callOffset:)``; nil
  ///   where the receiver has less than it had acknowledged, or more than was ever written.
  mutating func rewind(to offset: Int64) -> Int? {
    guard (base...end).contains(offset) else { return nil }
    while base < offset, let first = pieces.first {
      let count = Int64(first.bytes.readableBytes)
      if base + count <= offset {
        base += count
        pieces.removeFirst()
      } else {
        pieces[pieces.startIndex].bytes.moveReaderIndex(forwardBy: Int(offset - base))
        base = offset
      }
    }
    ownsLast = false
    mark = nil
    acknowledged = 0
    for index in pieces.indices { pieces[index].end = .max }
    return pieces.count
  }

  /// The piece of this number, to be written again after ``rewind(to:)``.
  func piece(_ number: Int) -> ByteBuffer {
    pieces[pieces.index(pieces.startIndex, offsetBy: number)].bytes
  }

  mutating func resent(_ number: Int, callOffset: Int) {
    pieces[pieces.index(pieces.startIndex, offsetBy: number)].end = callOffset
  }

  /// The connection is gone: nothing that is under way will be answered.
  mutating func connectionLost() {
    mark = nil
  }
}
