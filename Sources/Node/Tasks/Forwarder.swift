// Sends what an output produces straight to the next node's input port.

internal import Client
internal import GRPC
internal import MNP
internal import NIOCore
internal import Transport

/// The reader of an output that has a destination: a push to the next node, under the same task id.
///
/// Lives on the task's home loop. It asks for the answer at the end of the task behind it (feature
/// `await`), so that a failure anywhere down the chain comes back up to the first node.
final class Forwarder {
  enum Event {
    /// The queue has room again, or the push has just opened.
    case writable
    /// OK: the next node has all of it, or has finished its task with it.
    case answered
    case failed(String)
  }

  private let connections: Connections
  private let destination: NodeURL
  private let header: PushHeader
  private let features: Features
  private let resume: ResumeSettings
  private var stream: PushStream?
  private var onEvent: ((Event) -> Void)?

  /// - Parameters:
  ///   - destination: names session and port.
  ///   - features: what this node can do, and has not switched off.
  init(
    _ connections: Connections, to destination: NodeURL, task: TaskID, features: Features,
    resume: ResumeSettings
  ) throws(MNPError) {
    guard let session = destination.session, let port = destination.port else {
      throw MNPError(.invalidURL, "\(destination) names no port")
    }
    self.connections = connections
    self.destination = destination
    self.features = features.intersection([.await, .crc])
    self.resume = resume
    header = PushHeader(sessionID: session, taskID: task, port: port)
  }

  /// Opens the push with an empty first message, so that the next node's task starts at once.
  func open(_ onEvent: @escaping (Event) -> Void) {
    self.onEvent = onEvent
    stream = PushStream(
      connections, to: destination, header: header, features: features, resume: resume,
      delegate: self)
    // A push takes what it is given before it is connected, up to its own bound.
    onEvent(.writable)
  }

  /// - Returns: whether it can take more; if not, `.writable` follows.
  func send(_ bytes: ByteBuffer) -> Bool {
    guard let stream else { return true }
    stream.write(bytes)
    return stream.isWritable
  }

  /// Says `done`; `.answered` or `.failed` follows.
  func finish() {
    stream?.done()
  }

  /// Breaks the push off, so that the next node sees a lost stream and no end, and tells it why.
  func fail(_ failure: Failure) {
    onEvent = nil
    stream?.fail(failure)
  }
}

extension Forwarder: PushStreamDelegate {
  func pushBecameWritable() {
    onEvent?(.writable)
  }

  func pushEnded(_ status: GRPCStatus, features: Features) {
    stream = nil
    let report = onEvent
    onEvent = nil
    report?(
      status.isOK
        ? .answered : .failed("the forward to \(destination) failed: \(status.message)"))
  }
}
