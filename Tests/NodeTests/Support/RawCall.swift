// Calls below the client: whatever bytes a peer may send.

import GRPC
import MNP
import NIOCore
import NIOPosix
import Transport

/// Sends messages as they are given, and tells how the call ended.
enum RawCall {
  /// - Parameter halfCloses: false keeps the stream open until the node ends it.
  static func make(
    _ method: MNPMethod, of node: NodeURL, _ messages: [[ByteBuffer]], halfCloses: Bool = true,
    metadata: KeyValuePairs<String, String> = [:]
  ) async throws -> GRPCStatus {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let promise = loop.makePromise(of: GRPCStatus.self)
    var said = Metadata()
    for (name, text) in metadata { try said.add(name, text) }
    let metadata = said
    let connections = try await loop.submit {
      let connections = Connections(eventLoop: loop)
      let call = connections.open(
        to: PeerAddress(node), path: method.path, metadata: metadata, receiver: Receiver(promise))
      for message in messages { call.send(message) }
      if halfCloses { call.halfClose() }
      return NIOLoopBound(connections, eventLoop: loop)
    }.get()
    let status = try await promise.futureResult.get()
    try await loop.flatSubmit { connections.value.close() }.get()
    return status
  }

  /// One message of these bytes.
  static func make(
    _ method: MNPMethod, of node: NodeURL, bytes: [UInt8]
  ) async throws -> GRPCStatus {
    try await make(method, of: node, [[ByteBuffer(bytes: bytes)]])
  }

  private final class Receiver: CallReceiver {
    private let promise: EventLoopPromise<GRPCStatus>

    init(_ promise: EventLoopPromise<GRPCStatus>) { self.promise = promise }

    func callReceivedHeaders(_ metadata: Metadata) {}
    func callReceivedMessage(length: Int) {}
    func callReceived(_ fragment: ByteBuffer) {}
    func callReceivedMessageEnd() {}
    func callReceivedEnd() {}
    func callBecameWritable() {}
    func callEnded(_ status: GRPCStatus, trailers: Metadata) { promise.succeed(status) }
  }
}

/// The wire form of a few fields, by hand: what no encoder of ours would write.
enum Wire {
  static func text(_ field: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    var length: [UInt8] = []
    var rest = bytes.count
    while rest >= 0x80 {
      length.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return [field << 3 | 2] + length + [UInt8(rest)] + bytes
  }

  static func text(_ field: UInt8, _ text: String) -> [UInt8] { self.text(field, Array(text.utf8)) }
}
