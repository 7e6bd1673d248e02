// Pushes as fast as the receiver takes it, for a time.

internal import Client
internal import GRPC
internal import MNP
internal import NIOCore
internal import Pipeline
internal import Transport

/// One push, on its loop. The same slice is written again and again: no byte is made or copied here.
final class PushLoad: PushStreamDelegate {
  struct Sent: Sendable {
    var bytes: Int
    var messages: Int
  }

  private let message: ByteBuffer
  private let promise: EventLoopPromise<Sent>
  private var stream: PushStream?
  private var timer: Scheduled<Void>?
  private var messages = 0
  private var isOver = false

  private init(_ message: ByteBuffer, _ promise: EventLoopPromise<Sent>) {
    self.message = message
    self.promise = promise
  }

  /// Pushes `message` until `time` is over, then says `done`.
  ///
  /// - Returns: what was sent, once the receiver has answered OK.
  static func run(
    _ message: ByteBuffer, to port: NodeURL, task: TaskID, for time: TimeAmount,
    on loop: BenchLoop
  ) async throws -> Sent {
    let header = try PushHeader(to: port, task: task)
    return try await loop.run { connections, promise in
      let load = PushLoad(message, promise)
      load.stream = PushStream(
        connections, to: port, header: header, features: loop.features, delegate: load)
      load.timer = connections.eventLoop.assumeIsolated().scheduleTask(in: time) { load.stop() }
      load.fill()
    }
  }

  private func fill() {
    guard let stream else { return }
    while !isOver, stream.isWritable {
      stream.write(message)
      messages += 1
    }
  }

  private func stop() {
    isOver = true
    stream?.done()
  }

  func pushBecameWritable() { fill() }

  func pushEnded(_ status: GRPCStatus, features: Features) {
    timer?.cancel()
    stream = nil
    if status.isOK {
      promise.succeed(Sent(bytes: messages * message.readableBytes, messages: messages))
    } else {
      promise.fail(RunFailure(status))
    }
  }
}

extension PushHeader {
  /// - Throws: where the URL names no session and port.
  init(to url: NodeURL, task: TaskID) throws {
    guard let session = url.session, let port = url.port else {
      throw RunFailure(.dataBroken, "\(url) names no port")
    }
    self.init(sessionID: session, taskID: task, port: port)
  }
}

extension RunFailure {
  init(_ status: GRPCStatus) {
    let kind: Kind =
      switch status.code {
      case .unavailable: .unreachable
      case .deadlineExceeded: .deadline
      case .aborted: .operatorFailed
      default: .dataBroken
      }
    self.init(kind, status.message.isEmpty ? "\(status.code)" : status.message)
  }
}
