// HOST:PORT, as --listen and --advertise take it.

internal import ArgumentParser

/// A host and a TCP port. IPv6 hosts stand in brackets.
struct ListenAddress: ExpressibleByArgument, CustomStringConvertible, Equatable {
  var host: String
  var tcpPort: Int

  init(host: String, tcpPort: Int) {
    self.host = host
    self.tcpPort = tcpPort
  }

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":") else { return nil }
    let port = argument[argument.index(after: colon)...]
    guard let tcpPort = UInt16(port) else { return nil }
    var host = argument[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty else { return nil }
    self.init(host: String(host), tcpPort: Int(tcpPort))
  }

  var isLoopback: Bool {
    let name = host.lowercased()
    if name == "localhost" || name == "::1" { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// All addresses of the host: nobody can connect to that, so something else is to be told.
  var isUnspecified: Bool { host == "0.0.0.0" || host == "::" }

  var description: String { host.contains(":") ? "[\(host)]:\(tcpPort)" : "\(host):\(tcpPort)" }

  static var allValueStrings: [String] { [] }
}
