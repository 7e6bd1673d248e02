// mnp:// URLs: a node, a session of it, a port of that.

/// `mnp://HOST:TCPPORT`, `mnp://HOST:TCPPORT/SESSION` or `mnp://HOST:TCPPORT/SESSION/PORT`;
/// `mnps://` for the same through TLS.
///
/// Ids stand in a URL as they are: nothing is percent-decoded, and a `?` or `#` is part of the id
/// in which it stands. IPv6 hosts stand in brackets.
public struct NodeURL: Hashable, Sendable, CustomStringConvertible {
  /// Where nodes listen when nobody says otherwise.
  public static let defaultTCPPort = 8502

  /// `mnps` instead of `mnp`.
  public var usesTLS: Bool
  /// A name or an address, without brackets.
  public var host: String
  /// 1 to 65535.
  public var tcpPort: Int
  public var session: SessionID?
  /// The port's number, from 0. Only with a session.
  public var port: Int32?

  public init(
    usesTLS: Bool = false, host: String, tcpPort: Int = NodeURL.defaultTCPPort,
    session: SessionID? = nil, port: Int32? = nil
  ) {
    self.usesTLS = usesTLS
    self.host = host
    self.tcpPort = tcpPort
    self.session = session
    self.port = session == nil ? nil : port
  }

  /// Reads any of the three forms; without a TCP port it is ``defaultTCPPort``.
  ///
  /// Throws: ``MNPError/Code/invalidURL`` (or `invalidIdentifier`, for the session) that says what
  /// is wrong with it.
  public init(_ text: String) throws(MNPError) {
    try self.init(text, needsTCPPort: false)
  }

  /// Reads an output's destination: a URL that names the TCP port, the session and its port.
  public init(destination text: String) throws(MNPError) {
    try self.init(text, needsTCPPort: true)
    guard session != nil, port != nil else {
      throw NodeURL.invalid(
        text, "a destination names an input port: mnp://HOST:TCPPORT/SESSION/PORT")
    }
  }

  /// The node alone, without session and port.
  public var node: NodeURL { NodeURL(usesTLS: usesTLS, host: host, tcpPort: tcpPort) }

  /// `HOST:TCPPORT`, as in HTTP's authority; IPv6 in brackets.
  public var authority: String {
    (host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host) + ":\(tcpPort)"
  }

  public var description: String {
    var text = (usesTLS ? "mnps://" : "mnp://") + authority
    if let session {
      text += "/\(session)"
      if let port { text += "/\(port)" }
    }
    return text
  }

  private init(_ text: String, needsTCPPort: Bool) throws(MNPError) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
      text[colon...].hasPrefix("://")
    else {
      throw NodeURL.invalid(text, "it does not begin with mnp://")
    }
    switch text[..<colon].lowercased() {
    case "mnp": usesTLS = false
    case "mnps": usesTLS = true
    case let scheme:
      throw NodeURL.invalid(text, "its scheme is \(quoted(scheme)), not mnp (or mnps)")
    }

    // By UTF-8, not by characters: a combining mark behind a slash would hide the slash.
    var parts = text[colon...].utf8.dropFirst(3).split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
    ).map { Substring($0) }
    if parts.count > 1, parts.last == "" { parts.removeLast() }
    guard parts.count <= 3 else {
      throw NodeURL.invalid(text, "nothing comes after mnp://HOST:TCPPORT/SESSION/PORT")
    }

    let address = try NodeURL.address(parts[0], in: text)
    host = address.host
    if let number = address.tcpPort {
      tcpPort = number
    } else if needsTCPPort {
      throw NodeURL.invalid(text, "a destination names its TCP port: mnp://HOST:TCPPORT/…")
    } else {
      tcpPort = NodeURL.defaultTCPPort
    }
    session = parts.count > 1 ? try SessionID(String(parts[1])) : nil
    port = parts.count > 2 ? try NodeURL.port(parts[2], in: text) : nil
  }

  private static func address(
    _ part: Substring, in text: String
  ) throws(MNPError) -> (host: String, tcpPort: Int?) {
    let host: Substring
    let rest: Substring
    if part.hasPrefix("[") {
      guard let end = part.firstIndex(of: "]") else {
        throw invalid(text, "the bracket of its IPv6 address is not closed")
      }
      host = part[part.index(after: part.startIndex)..<end]
      rest = part[part.index(after: end)...]
      guard host.contains(":"), host.utf8.allSatisfy(isAddressByte) else {
        throw invalid(text, "\(quoted(host)) is not an IPv6 address")
      }
    } else {
      let colon = part.firstIndex(of: ":") ?? part.endIndex
      host = part[..<colon]
      rest = part[colon...]
      if rest.dropFirst().contains(":") {
        throw invalid(text, "an IPv6 address stands in brackets: mnp://[::1]:8502")
      }
      if host.isEmpty { throw invalid(text, "it has no host") }
      if let wrong = host.unicodeScalars.first(where: { !isNameScalar($0) }) {
        throw invalid(text, "its host has the character \(quoted(String(wrong)))")
      }
    }
    if rest.isEmpty { return (String(host), nil) }
    let digits = rest.dropFirst()
    guard rest.first == ":", let number = decimal(digits), (1...65535).contains(number) else {
      throw invalid(text, "\(quoted(digits)) is not a TCP port (1 to 65535)")
    }
    return (String(host), number)
  }

  private static func port(_ part: Substring, in text: String) throws(MNPError) -> Int32 {
    guard let number = decimal(part).flatMap({ Int32(exactly: $0) }) else {
      throw invalid(text, "\(quoted(part)) is not a port number, which begin at 0")
    }
    return number
  }

  /// Digits alone: Int's own reader takes a sign too.
  private static func decimal(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    return Int(text)
  }

  /// What an IPv6 address and its zone (`%eth0`) are written with.
  private static func isAddressByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "."),
      UInt8(ascii: "%"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// Letters, digits, `.`, `-` and `_` (which container networks put into host names).
  private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && UInt8(exactly: scalar.value).map { isAddressByte($0) } == true
      && scalar != ":" && scalar != "%"
  }

  private static func invalid(_ text: String, _ reason: String) -> MNPError {
    MNPError(.invalidURL, "\(quoted(text)) is not a node's URL: \(reason)")
  }
}
