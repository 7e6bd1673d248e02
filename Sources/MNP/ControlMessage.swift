// The messages that protobuf-c reads and writes: all but the envelopes of Push and Pull.

internal import CMNP
public import NIOCore

/// The most bytes a control message may have. gRPC's own default, so peers agree.
public let maximumControlMessageBytes = 4 << 20

/// A message that is read and written whole.
public protocol ControlMessage: Hashable, Sendable {
  /// Reads the message from its whole bytes (without gRPC's prefix); unknown fields are passed
  /// over. Costs at most 16 MiB of memory while it runs.
  ///
  /// Throws: ``MNPError`` `malformed` for what is no such message or not UTF-8, `tooLarge` above
  /// ``maximumControlMessageBytes`` or that memory, `invalidIdentifier` for an id in it.
  init(decoding buffer: ByteBuffer) throws(MNPError)

  /// The message's bytes, without gRPC's prefix.
  func encoded() -> ByteBuffer
}

/// A message without fields: the requests of About and Quit, the answers to Quit, QuitSession and
/// Push.
public struct EmptyMessage: ControlMessage {
  public init() {}
  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { ByteBuffer() }
}

extension EmptyMessage: Translated {
  init(_ c: Headrace__Google__Protobuf__Empty) throws(MNPError) {}
  func fill(_ c: inout Headrace__Google__Protobuf__Empty, _ arena: inout PackArena) {}
}
