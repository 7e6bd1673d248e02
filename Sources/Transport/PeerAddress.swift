// Where a node listens, and how failures to reach it are told.

package import NIOCore
internal import NIOPosix

/// A host, by name or address (IPv6 without brackets), and its TCP port.
package struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
  package var host: String
  package var tcpPort: Int
  package var tls: Bool

  package init(host: String, tcpPort: Int, tls: Bool = false) {
    self.host = host
    self.tcpPort = tcpPort
    self.tls = tls
  }

  /// HOST:PORT, with IPv6 addresses in brackets.
  package var authority: String {
    self.host.contains(":") ? "[\(self.host)]:\(self.tcpPort)" : "\(self.host):\(self.tcpPort)"
  }

  package var description: String { self.authority }

  package init?(_ address: SocketAddress) {
    guard let host = address.ipAddress, let port = address.port else { return nil }
    self.init(host: host, tcpPort: port)
  }

  /// Whether it can only be on this host.
  package var isLoopback: Bool {
    self.host == "localhost" || self.host == "::1" || self.host.hasPrefix("127.")
  }
}

/// What went wrong, in words, of the errors that sockets give.
func describe(_ error: any Error) -> String {
  switch error {
  case let error as IOError:
    return String(cString: strerror(error.errnoCode))
  case ChannelError.connectTimeout(let timeout):
    return "no answer within \(timeout.nanoseconds / 1_000_000) ms"
  case let error as NIOConnectionError:
    let causes = error.connectionErrors.map { describe($0.error) }
    if let first = causes.first {
      return causes.allSatisfy { $0 == first } ? first : causes.joined(separator: "; ")
    }
    return "the name '\(error.host)' is not known"
  default:
    return "\(error)"
  }
}
