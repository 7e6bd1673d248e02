// What a port was sent, as its two ends count it: bytes, and their CRC32C.

internal import CISAL
internal import CMNP
public import NIOCore

/// The sums of one port's data, in its last message between two of our nodes that both named
/// ``Features/crc``. Ours (field 1001 of PushRequest, 1000 of PullResponse, 1002 of a port's status).
public struct Checksum: ControlMessage, Hashable, CustomStringConvertible {
  public var bytes: Int64
  /// Castagnoli's (RFC 3720, section 12.1), over all of the port's data.
  public var crc32c: UInt32
  /// Of a push: the CRC32C of where it goes (``RunningChecksum/init(of:)``), since a bit that flips in an
  /// id would send all of it to another task. 0 where it is not said.
  public var target: UInt32

  public init(bytes: Int64, crc32c: UInt32, target: UInt32 = 0) {
    self.bytes = bytes
    self.crc32c = crc32c
    self.target = target
  }

  /// The CRC as 8 hexadecimal digits.
  public var hexadecimal: String {
    let digits = String(crc32c, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  public var description: String { "\(bytes) bytes with CRC32C \(hexadecimal)" }

  /// How what was received differs from what `sent` says was sent; nil where it does not. `sent` is
  /// missing where its field was hit.
  public func difference(from sent: Checksum?) -> String? {
    guard let sent else {
      return "the data was changed on its way: its last message has lost its checksum; \(self) came"
    }
    if sent.bytes != bytes || sent.crc32c != crc32c {
      return "the data was changed on its way: \(sent) were sent, \(self) came"
    }
    if sent.target != target, sent.target != 0 {
      return
        "the data was meant for another session, task or port: its address was changed on its way"
    }
    return nil
  }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }

  /// More bytes than this are no checksum: what a version to come might add is far below it.
  static let maximumBytes = 256
}

/// Sums a port's data while it passes.
public struct RunningChecksum: Sendable {
  private var bytes: Int64 = 0
  /// As the library has it: not yet inverted.
  private var state: UInt32 = ~0
  private let target: UInt32
  private static let most = 1 << 30

  /// For data without an address, as that of a pull.
  public init() { target = 0 }

  /// For a push: `header` says where it goes.
  public init(of header: PushHeader) {
    var address = RunningChecksum()
    address.add(
      ByteBuffer(string: "\(header.sessionID)/\(header.taskID)/\(header.port)"))
    target = address.sum.crc32c
  }

  /// The next bytes. Of those that are in the cache, 10 GB/s and more.
  public mutating func add(_ data: ByteBuffer) {
    data.withUnsafeReadableBytes { raw in
      guard let base = raw.baseAddress else { return }
      // The library takes a pointer that it could write to, and does not; and it counts in 32 bits.
      let start = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
      for offset in stride(from: 0, to: raw.count, by: Self.most) {
        state = crc32_iscsi(start + offset, Int32(min(Self.most, raw.count - offset)), state)
      }
    }
    bytes += Int64(data.readableBytes)
  }

  /// Of what was added so far.
  public var sum: Checksum { Checksum(bytes: bytes, crc32c: ~state, target: target) }
}

extension Checksum: Translated {
  init(_ c: Headrace__V1__Checksum) throws(MNPError) {
    bytes = c.bytes
    crc32c = c.crc32c
    target = c.target
  }

  func fill(_ c: inout Headrace__V1__Checksum, _ arena: inout PackArena) {
    c.bytes = bytes
    c.crc32c = crc32c
    c.target = target
  }
}
