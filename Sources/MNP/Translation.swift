// Between protobuf-c's structs and our values: who owns which memory, and for how long.

internal import CMNP
internal import NIOCore

/// A struct that protoc-c made, with the two functions that know its descriptor.
protocol CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void { get }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { get }
}

/// A value of ours that one of those structs stands for on the wire.
protocol Translated {
  associatedtype C: CMessage
  /// Copies out of `c`, whose pointers are valid during the call alone.
  init(_ c: C) throws(MNPError)
  /// Fills `c`, which is initialized and empty, with pointers into `arena`.
  func fill(_ c: inout C, _ arena: inout PackArena)
}

/// What decoding one message may allocate. Four times the largest message: twice would do for its
/// bytes (the message's own and those of a repeated field that replaces them), the rest is for the
/// structs of a long list.
let decodingBudget = 4 * maximumControlMessageBytes

/// Reads a message. protobuf-c's memory is freed before this returns, whatever happens.
func decode<Value: Translated>(
  _ buffer: ByteBuffer, budget: Int = decodingBudget
) throws(MNPError) -> Value {
  guard buffer.readableBytes <= maximumControlMessageBytes else {
    throw MNPError(
      .tooLarge,
      "a \(Value.self) of \(buffer.readableBytes) bytes; \(maximumControlMessageBytes) are the most"
    )
  }
  // On the heap because the allocator points into itself and must stay where it is.
  let memory = UnsafeMutablePointer<headrace_bounded_allocator>.allocate(capacity: 1)
  defer { memory.deallocate() }
  headrace_bounded_allocator_init(memory, budget)

  let unpacked = buffer.withUnsafeReadableBytes { bytes in
    Value.C.unpack(
      &memory.pointee.allocator, bytes.count,
      bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }
  guard let message = unpacked else {
    throw memory.pointee.exhausted != 0
      ? MNPError(.tooLarge, "a \(Value.self) that takes more memory than a message may")
      : .malformed("the bytes are not a \(Value.self)")
  }
  defer {
    // Every message struct begins with its base.
    protobuf_c_message_free_unpacked(
      UnsafeMutableRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self),
      &memory.pointee.allocator)
  }
  return try Value(message.pointee)
}

/// Writes a message.
func pack(_ value: some Translated) -> ByteBuffer {
  var arena = PackArena()
  let message = UnsafeMutableRawPointer(arena.message(value))
    .assumingMemoryBound(to: ProtobufCMessage.self)
  let size = protobuf_c_message_get_packed_size(message)
  var buffer = ByteBufferAllocator().buffer(capacity: size)
  buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { bytes in
    protobuf_c_message_pack(message, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }
  return buffer
}

/// The memory of one message on its way out: everything its pointers lead to, freed together.
struct PackArena: ~Copyable {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit {
    for block in blocks { block.deallocate() }
  }

  mutating func bytes(_ bytes: some Collection<UInt8>) -> ProtobufCBinaryData {
    guard !bytes.isEmpty else { return ProtobufCBinaryData(len: 0, data: nil) }
    let copy = allocate(UInt8.self, count: bytes.count)
    _ = UnsafeMutableBufferPointer(start: copy, count: bytes.count).initialize(
      fromContentsOf: bytes)
    return ProtobufCBinaryData(len: bytes.count, data: copy)
  }

  mutating func text(_ text: String) -> ProtobufCBinaryData { bytes(text.utf8) }

  mutating func message<Value: Translated>(_ value: Value) -> UnsafeMutablePointer<Value.C> {
    let message = allocate(Value.C.self, count: 1)
    Value.C.initialize(message)
    value.fill(&message.pointee, &self)
    return message
  }

  mutating func list<Value: Translated>(
    _ values: [Value]
  ) -> (count: Int, first: UnsafeMutablePointer<UnsafeMutablePointer<Value.C>?>?) {
    guard !values.isEmpty else { return (0, nil) }
    let list = allocate(UnsafeMutablePointer<Value.C>?.self, count: values.count)
    for (index, value) in values.enumerated() {
      (list + index).initialize(to: message(value))
    }
    return (values.count, list)
  }

  mutating func list(
    _ texts: [String]
  ) -> (count: Int, first: UnsafeMutablePointer<ProtobufCBinaryData>?) {
    guard !texts.isEmpty else { return (0, nil) }
    let list = allocate(ProtobufCBinaryData.self, count: texts.count)
    for (index, text) in texts.enumerated() {
      (list + index).initialize(to: self.text(text))
    }
    return (texts.count, list)
  }

  private mutating func allocate<T>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
    let block = UnsafeMutablePointer<T>.allocate(capacity: count)
    blocks.append(UnsafeMutableRawPointer(block))
    return block
  }
}

/// What C structs hold, as Swift values.
enum FromC {
  static func bytes(_ data: ProtobufCBinaryData) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: data.data, count: data.data == nil ? 0 : data.len)
  }

  /// proto3: text is UTF-8, and a message in which it is not is malformed. NUL is a character.
  static func text(_ data: ProtobufCBinaryData, _ field: StaticString) throws(MNPError) -> String {
    guard let text = String(validating: bytes(data), as: UTF8.self) else {
      throw .malformed("\(field) is not UTF-8")
    }
    return text
  }

  static func texts(
    _ list: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int, _ field: StaticString
  ) throws(MNPError) -> [String] {
    var texts: [String] = []
    for element in UnsafeBufferPointer(start: list, count: list == nil ? 0 : count) {
      texts.append(try text(element, field))
    }
    return texts
  }

  static func message<Value: Translated>(
    _ message: UnsafeMutablePointer<Value.C>?
  ) throws(MNPError) -> Value? {
    guard let message else { return nil }
    return try Value(message.pointee)
  }

  static func list<Value: Translated>(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<Value.C>?>?, _ count: Int
  ) throws(MNPError) -> [Value] {
    var values: [Value] = []
    for element in UnsafeBufferPointer(start: list, count: list == nil ? 0 : count) {
      if let value: Value = try message(element) { values.append(value) }
    }
    return values
  }
}
