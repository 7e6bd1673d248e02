// grpc-message on the wire: UTF-8, with everything but printable ASCII percent-encoded.

/// Source: grpc/doc/PROTOCOL-HTTP2.md, "Percent-Encoded".
package enum PercentEncoding {
  private static let hexDigits = Array("0123456789ABCDEF".utf8)

  /// What stands for the middle of a text that was too long.
  package static let omission = " … "
  private static let encodedOmission = encode(omission)

  /// Encodes `text`. Where it would exceed `limit` bytes its middle is left out, between two characters: a
  /// failure that has come over many nodes begins with the last of them and ends with its cause.
  package static func encode(_ text: String, limit: Int) -> String {
    let whole = encode(text)
    let room = limit - encodedOmission.utf8.count
    guard whole.utf8.count > limit else { return whole }
    guard room > 0 else { return "" }
    let head = pieces(of: text, within: room / 2).joined()
    let tail = pieces(of: text.reversed(), within: room - head.utf8.count).reversed().joined()
    return head + encodedOmission + tail
  }

  /// As many characters as `room` bytes hold, each encoded.
  private static func pieces(of text: some Sequence<Character>, within room: Int) -> [String] {
    var left = room
    return text.lazy.map { encode(String($0)) }.prefix {
      left -= $0.utf8.count
      return left >= 0
    }
  }

  package static func encode(_ text: String) -> String {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if byte >= 0x20 && byte <= 0x7E && byte != UInt8(ascii: "%") {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        encoded.append(hexDigits[Int(byte >> 4)])
        encoded.append(hexDigits[Int(byte & 0xF)])
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// Decodes what any peer sent. Never fails: a percent sign that starts no escape stands for
  /// itself, and invalid UTF-8 is repaired, since a garbled message is better than a lost status.
  package static func decode(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = hexValue(bytes[index + 1]), let low = hexValue(bytes[index + 2])
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
