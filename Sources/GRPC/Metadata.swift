// The custom metadata of a call: what stands in headers and trailers beside gRPC's own fields.

package import HTTP2

/// Ordered pairs, names in lower case, several of one name allowed.
///
/// Names that end in `-bin` carry bytes (Base64 on the wire), all others printable ASCII.
/// Source: grpc/doc/PROTOCOL-HTTP2.md, "Custom-Metadata".
package struct Metadata: Hashable, Sendable {
  package enum Value: Hashable, Sendable {
    case text(String)
    case bytes([UInt8])
  }

  package struct Entry: Hashable, Sendable {
    package let name: String
    package let value: Value
  }

  package private(set) var entries: [Entry] = []

  package init() {}

  package var isEmpty: Bool { self.entries.isEmpty }

  /// The first text of this name, if there is one.
  package subscript(_ name: String) -> String? {
    for entry in self.entries where entry.name == name {
      if case .text(let text) = entry.value { return text }
    }
    return nil
  }

  /// The first bytes of this name (which ends in `-bin`), if there are any.
  package func bytes(_ name: String) -> [UInt8]? {
    for entry in self.entries where entry.name == name {
      if case .bytes(let bytes) = entry.value { return bytes }
    }
    return nil
  }

  /// Adds a text. Throws INVALID_ARGUMENT for a name that cannot be custom metadata, or a text
  /// that is not printable ASCII (peers would drop the whole call).
  package mutating func add(_ name: String, _ text: String) throws(GRPCStatus) {
    try Self.checkName(name, binary: false)
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 <= 0x7E }) else {
      throw GRPCStatus(
        .invalidArgument, "the metadata '\(name)' has a value that is not printable ASCII")
    }
    self.entries.append(Entry(name: name, value: .text(text)))
  }

  /// Adds bytes. Throws INVALID_ARGUMENT for a name that does not end in `-bin`.
  package mutating func add(_ name: String, bytes: [UInt8]) throws(GRPCStatus) {
    try Self.checkName(name, binary: true)
    self.entries.append(Entry(name: name, value: .bytes(bytes)))
  }

  private static func checkName(_ name: String, binary: Bool) throws(GRPCStatus) {
    let legal = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
      default:
        false
      }
    }
    guard legal && !name.isEmpty && !self.isReserved(name) && name.hasSuffix("-bin") == binary
    else {
      throw GRPCStatus(.invalidArgument, "'\(name)' cannot be the name of metadata of this kind")
    }
  }

  /// Fields that belong to HTTP or to gRPC and are therefore no custom metadata.
  static func isReserved(_ name: String) -> Bool {
    name.hasPrefix(":") || name.hasPrefix("grpc-") || name == "content-type" || name == "te"
      || name == "user-agent" || name == "host" || name == "content-length"
  }
}

// MARK: - The wire

extension Metadata {
  /// Custom metadata of a received header block.
  ///
  /// `limit` bounds it in bytes, counted as HTTP/2 counts a header list: RESOURCE_EXHAUSTED above.
  /// Bytes that are not Base64: INTERNAL, as in gRPC's other implementations.
  package init(received fields: [HTTPField], limit: Int) throws(GRPCStatus) {
    var size = 0
    for field in fields where !Self.isReserved(field.name) {
      size += field.size
      guard size <= limit else {
        throw GRPCStatus(.resourceExhausted, "metadata larger than \(limit) bytes")
      }
      guard field.name.hasSuffix("-bin") else {
        self.entries.append(Entry(name: field.name, value: .text(field.value)))
        continue
      }
      // Proxies join fields of one name with commas, which Base64 does not use.
      for part in field.value.split(separator: ",", omittingEmptySubsequences: false) {
        let encoded = part.drop(while: { $0 == " " })
        guard let bytes = Base64.decode(encoded) else {
          throw GRPCStatus(.internalError, "the metadata '\(field.name)' is not Base64")
        }
        self.entries.append(Entry(name: field.name, value: .bytes(bytes)))
      }
    }
  }

  func append(to fields: inout [HTTPField]) {
    for entry in self.entries {
      switch entry.value {
      case .text(let text):
        fields.append(HTTPField(entry.name, text))
      case .bytes(let bytes):
        fields.append(HTTPField(entry.name, Base64.encode(bytes, padded: false)))
      }
    }
  }
}
