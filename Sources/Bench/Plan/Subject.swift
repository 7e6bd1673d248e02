// What a figure is about.

/// Names one measurement among the others of a bench. Two runs of the same measurement have equal
/// subjects.
package struct Subject: Hashable, Sendable {
  package enum Name: String, Sendable, CaseIterable {
    /// Into a node that takes everything.
    case push
    /// In through one node and back.
    case echo
    /// In through several nodes, each wired to the next, and back.
    case chain
    /// In through the pipes of a program and back.
    case command = "operator"
    /// From a node that makes data, through a program, into a node that takes it.
    case generated = "generate-operator-discard"
    /// Into a node that already runs.
    case remote
    /// TCP alone, from process to process.
    case rawTCP = "raw-tcp"
    /// TCP alone, in through processes that pass on what they read, and back.
    case rawRelay = "raw-relay"
    /// The round trip of a record through raw relays.
    case rawLatency = "raw-latency"
    case firstByte = "first-byte"
    /// The way of a record through an open chain and back.
    case latency
    case about
    case start
    case memory
  }

  package var name: Name
  /// Bytes of a message, or of a record.
  package var size: Int?
  package var streams: Int?
  package var nodes: Int?
  /// Bytes of a write and of a read of a socket.
  package var write: Int?
  package var read: Int?
  package var command: String?

  package init(
    _ name: Name, size: Int? = nil, streams: Int? = nil, nodes: Int? = nil, write: Int? = nil,
    read: Int? = nil, command: String? = nil
  ) {
    self.name = name
    self.size = size
    self.streams = streams
    self.nodes = nodes
    self.write = write
    self.read = read
    self.command = command
  }

  /// `push 64K, 4 streams`, for people.
  package var label: String {
    var text = name.rawValue
    if let size { text += " \(SizeList.text(size))" }
    if let write, let read { text += " w\(SizeList.text(write)) r\(SizeList.text(read))" }
    if let streams, streams > 1 { text += ", \(streams) streams" }
    if let nodes, nodes > 1 || name == .firstByte || name == .rawRelay || name == .rawLatency {
      text += ", \(nodes) \(nodes == 1 ? "node" : "nodes")"
    }
    if let command { text += ", \(command)" }
    return text
  }
}
