// Which HTTP proxy leads to a host, if any: from a setting, or from the usual environment.

package import GRPC
internal import NIOCore

/// A proxy that makes tunnels with CONNECT.
package struct Proxy: Hashable, Sendable {
  package var address: PeerAddress
  /// The value of Proxy-Authorization, where the URL has credentials.
  package var authorization: String?

  /// Parses `[http://][USER[:PASSWORD]@]HOST[:PORT]`. The port is 80 where there is none, the
  /// credentials are percent-decoded. Throws INVALID_ARGUMENT.
  package init(url: String) throws(GRPCStatus) {
    let invalid = GRPCStatus(
      .invalidArgument, "the proxy must be given as http://[USER:PASSWORD@]HOST[:PORT]")
    var rest = Substring(url)
    if let scheme = rest.firstRange(of: "://") {
      guard rest[..<scheme.lowerBound].lowercased() == "http" else {
        throw GRPCStatus(.invalidArgument, "only http:// proxies are supported")
      }
      rest = rest[scheme.upperBound...]
    }
    rest = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if let at = rest.lastIndex(of: "@") {
      let credentials = PercentEncoding.decode(String(rest[..<at]))
      let pair = credentials.contains(":") ? credentials : credentials + ":"
      self.authorization = "Basic " + Base64.encode(Array(pair.utf8), padded: true)
      rest = rest[rest.index(after: at)...]
    }
    guard let (host, port) = splitHostAndPort(rest), !host.isEmpty else { throw invalid }
    self.address = PeerAddress(host: host, tcpPort: port ?? 80)
  }
}

/// Chooses the proxy for a host.
package struct ProxySettings: Sendable {
  /// Everything is reached directly.
  package static let none = ProxySettings()

  private var always: Proxy?
  private var plain: Proxy?
  private var encrypted: Proxy?
  private var exceptions: [ProxyException] = []

  private init() {}

  /// `url` is the setting, and goes for every host. Without it the environment decides:
  /// `http_proxy` for mnp://, `https_proxy` for mnps://, `all_proxy` for both, each also in upper
  /// case; loopback is then reached directly, since no proxy could reach ours. What `no_proxy`
  /// names is reached directly in either case. Throws INVALID_ARGUMENT, with the variable's name.
  package init(url: String?, environment: [String: String]) throws(GRPCStatus) {
    if let list = Self.variable("no_proxy", environment) {
      self.exceptions = list.split { $0 == "," || $0 == " " }.map(ProxyException.init)
    }
    if let url {
      self.always = try Proxy(url: url)
      return
    }
    let all = try Self.proxy("all_proxy", environment)
    self.plain = try Self.proxy("http_proxy", environment) ?? all
    self.encrypted = try Self.proxy("https_proxy", environment) ?? all
  }

  package func proxy(for peer: PeerAddress) -> Proxy? {
    guard !self.exceptions.contains(where: { $0.matches(peer) }) else { return nil }
    if let always { return always }
    return peer.isLoopback ? nil : peer.tls ? self.encrypted : self.plain
  }

  private static func variable(_ name: String, _ environment: [String: String]) -> String? {
    if let value = environment[name], !value.isEmpty { return value }
    // A CGI program gets the request's header "Proxy" as HTTP_PROXY: whoever sends the request
    // would choose the proxy (CVE-2016-5385).
    if name == "http_proxy" && environment["REQUEST_METHOD"] != nil { return nil }
    guard let value = environment[name.uppercased()], !value.isEmpty else { return nil }
    return value
  }

  private static func proxy(
    _ name: String, _ environment: [String: String]
  ) throws(GRPCStatus) -> Proxy? {
    guard let value = self.variable(name, environment) else { return nil }
    do throws(GRPCStatus) {
      return try Proxy(url: value)
    } catch {
      throw GRPCStatus(.invalidArgument, "\(name): \(error.message)")
    }
  }
}

/// One entry of no_proxy: `*`, a host, a domain with all below it, an address, or a block of
/// addresses as 10.0.0.0/8; each but `*` with a TCP port or without.
struct ProxyException: Hashable, Sendable {
  private enum Pattern: Hashable {
    case all
    case domain(String)
    case block([UInt8], bits: Int)
  }

  private let pattern: Pattern
  private let tcpPort: Int?

  init(_ text: some StringProtocol) {
    let text = text.lowercased()
    if text == "*" {
      self.pattern = .all
      self.tcpPort = nil
      return
    }
    if let slash = text.firstIndex(of: "/"), let bits = Int(text[text.index(after: slash)...]),
      let bytes = addressBytes(String(text[..<slash])), (0...bytes.count * 8).contains(bits)
    {
      self.pattern = .block(bytes, bits: bits)
      self.tcpPort = nil
      return
    }
    let (host, port) = splitHostAndPort(text[...]) ?? (text, nil)
    self.tcpPort = port
    if let bytes = addressBytes(host) {
      self.pattern = .block(bytes, bits: bytes.count * 8)
    } else {
      self.pattern = .domain(String(host.drop { $0 == "*" }.drop { $0 == "." }))
    }
  }

  func matches(_ peer: PeerAddress) -> Bool {
    guard self.tcpPort == nil || self.tcpPort == peer.tcpPort else { return false }
    switch self.pattern {
    case .all:
      return true
    case .domain(let domain):
      let host = peer.host.lowercased()
      return !domain.isEmpty && (host == domain || host.hasSuffix("." + domain))
    case .block(let block, let bits):
      guard let bytes = addressBytes(peer.host), bytes.count == block.count else { return false }
      return (0..<bits).allSatisfy { bit in
        (bytes[bit / 8] ^ block[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
      }
    }
  }
}

/// HOST, HOST:PORT, an IPv6 address, or one in brackets with a port or without. Nil for a port
/// that is none.
private func splitHostAndPort(_ text: Substring) -> (host: String, tcpPort: Int?)? {
  var host = text
  var port: Substring?
  if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
    host = text[text.index(after: text.startIndex)..<end]
    let rest = text[text.index(after: end)...]
    guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
    port = rest.isEmpty ? nil : rest.dropFirst()
  } else if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
    host = text[..<colon]
    port = text[text.index(after: colon)...]
  }
  guard let port else { return (String(host), nil) }
  guard let number = Int(port), (1...65535).contains(number) else { return nil }
  return (String(host), number)
}

/// The 4 or 16 bytes of an IP address in text; nil for names.
private func addressBytes(_ text: String) -> [UInt8]? {
  switch try? SocketAddress(ipAddress: text, port: 0) {
  case .v4(let address):
    withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
  case .v6(let address):
    withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
  default:
    nil
  }
}
