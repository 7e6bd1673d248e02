// Pulls, counts, and keeps nothing.

internal import Client
internal import GRPC
internal import MNP
internal import NIOCore
internal import Pipeline
internal import Transport

/// One pull, on its loop.
final class PullDrain: PullStreamDelegate {
  private var stream: PullStream?
  private var bytes = 0
  private let onData: ((Int) -> Void)?
  private let onEnd: (Result<Int, RunFailure>) -> Void

  /// - Parameters:
  ///   - onData: hears of each piece, by its bytes.
  ///   - onEnd: the count of them all, or why it broke.
  init(
    _ connections: Connections, from port: NodeURL, request: PullRequest, features: Features,
    onData: ((Int) -> Void)? = nil, onEnd: @escaping (Result<Int, RunFailure>) -> Void
  ) {
    self.onData = onData
    self.onEnd = onEnd
    stream = PullStream(
      connections, from: port, request: request, features: features, delegate: self)
  }

  /// Pulls all of a port, and returns how many bytes it was.
  static func run(from port: NodeURL, task: TaskID, on loop: BenchLoop) async throws -> Int {
    let request = try PullRequest(from: port, task: task)
    return try await loop.run { connections, promise in
      // The call holds it until the pull has ended.
      _ = PullDrain(connections, from: port, request: request, features: loop.features) {
        promise.completeWith($0.mapError { $0 as any Error })
      }
    }
  }

  func pullReceived(_ data: ByteBuffer) {
    let count = data.readableBytes
    bytes += count
    stream?.returnCredit(count)
    onData?(count)
  }

  func pullEnded(_ status: GRPCStatus) {
    stream = nil
    onEnd(status.isOK ? .success(bytes) : .failure(RunFailure(status)))
  }
}

extension PullRequest {
  /// - Throws: where the URL names no session and port.
  init(from url: NodeURL, task: TaskID) throws {
    guard let session = url.session, let port = url.port else {
      throw RunFailure(.dataBroken, "\(url) names no port")
    }
    self.init(sessionID: session, taskID: task, port: port)
  }
}
