// The seven calls and their paths.

/// A call of the protocol.
public enum MNPMethod: String, CaseIterable, Sendable {
  case about = "About"
  case initialize = "Init"
  case quit = "Quit"
  case quitSession = "QuitSession"
  case push = "Push"
  case pull = "Pull"
  case queryTask = "QueryTask"

  /// HTTP/2's `:path`. The protocol's service has no package.
  public var path: String { "/MnpService/\(rawValue)" }

  /// The call with this path, byte for byte; nil where there is none.
  public init?(path: String) {
    guard let method = MNPMethod.allCases.first(where: { $0.path == path }) else { return nil }
    self = method
  }
}
