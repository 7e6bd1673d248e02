// A session that begins with its node: MNP_INIT, by which engines prepare the containers that they start.

internal import Client
internal import FoundationEssentials
internal import MNP
internal import NIOCore
internal import NIOPosix
internal import Transport

/// The session of `MNP_INIT`, an InitRequest in base64.
struct StartSession {
  static let variable = "MNP_INIT"

  private let request: InitRequest

  /// Nil where the variable is not set, or empty.
  init?(environment: [String: String]) throws {
    guard let text = environment[Self.variable], !text.isEmpty else { return nil }
    request = try InitRequest(base64: text, Self.variable)
    guard request.sessionID != nil else {
      throw CommandFailure(
        code: Exit.fileIsWrong, description: "\(Self.variable) names no session")
    }
  }

  /// Opens it on a node of this process, as any engine would.
  ///
  /// - Throws: where it fails.
  func open(on node: PeerAddress) async throws {
    let client = MNPClient(
      eventLoop: MultiThreadedEventLoopGroup.singleton.next(), transport: TransportConfiguration())
    let url = NodeURL(usesTLS: false, host: node.host, tcpPort: node.tcpPort)
    let last: InitResponse
    do {
      last = try await client.initialize(url, request)
    } catch let error as MNPClientError {
      throw CommandFailure(
        code: Exit.operatorFailed, description: "\(Self.variable): \(error.message)")
    }
    try? await client.close()
    guard last.state == .ready else {
      throw CommandFailure(
        code: Exit.operatorFailed, description: "\(Self.variable): \(last.error)")
    }
  }
}

extension InitRequest {
  /// - Parameter name: of the flag or variable that it comes from.
  init(base64 text: String, _ name: String) throws {
    guard let data = Data(base64Encoded: text) else {
      throw UsageError("\(name) is no base64")
    }
    try self.init(bytes: ByteBuffer(bytes: data), name)
  }

  init(bytes: ByteBuffer, _ name: String) throws {
    do throws(MNPError) {
      try self.init(decoding: bytes)
    } catch {
      throw CommandFailure(code: Exit.fileIsWrong, description: "\(name): \(error)")
    }
  }
}
