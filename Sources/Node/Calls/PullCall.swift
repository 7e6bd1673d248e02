// The sending end of Pull: from the task's output port to the call.

internal import Client
internal import GRPC
internal import MNP
internal import NIOCore
internal import Transport

/// One Pull call, on its connection's loop.
///
/// Each chunk that the operator wrote becomes a message of its own and leaves with the loop's turn.
/// A chunk's credit goes back to the task as long as the call's queue has room, so that the operator
/// is not read faster than the peer takes.
final class PullCall: CallReceiver {
  private enum State {
    case reading
    /// `done` and the status are queued behind the last bytes, which the peer may never take.
    case ending
    case over
  }

  private let call: ServerCall
  private let task: TaskHandle
  private let output: Int
  private let features: Features
  /// Payload bytes in a full queue, whose credit is kept until it has room again.
  private var withheld = 0
  private var state = State.reading
  /// Where the puller compares it with what came.
  private var checksum: RunningChecksum?
  private lazy var puller = Puller(on: call.eventLoop) { [weak self] in self?.receive($0) }

  init(_ call: ServerCall, task: TaskHandle, output: Int, features: Features) {
    self.call = call
    self.task = task
    self.output = output
    self.features = features
    if features.intersection(call.head.metadata.features).contains(.crc) {
      checksum = RunningChecksum()
    }
  }

  /// Answers a Pull request on `call`.
  ///
  /// - Returns: the receiver that the call is to have from now on; nil when it was refused.
  static func open(_ call: ServerCall, request: ByteBuffer, node: Node) -> PullCall? {
    let message: PullRequest
    do throws(MNPError) {
      message = try PullRequest(decoding: request)
    } catch {
      call.refuse(.invalidArgument, "malformed PullRequest: \(error)")
      return nil
    }
    let output = Int(message.port)
    switch node.task(
      session: message.sessionID, task: message.taskID, port: .output(output), on: call.eventLoop,
      creating: true)
    {
    case .found(let task):
      return PullCall(call, task: task, output: output, features: node.features)
    case .unknown:
      call.refuse(.notFound, "there is no task \(message.taskID)")
    case .refused(let status):
      call.finish(status, trailers: Metadata())
    }
    return nil
  }

  /// Attaches to the port. The call must have this receiver by now.
  func start() {
    call.sendHeaders(.naming(features))
    post(.open)
  }

  func callReceivedHeaders(_ metadata: Metadata) {}
  func callReceivedMessage(length: Int) {}
  func callReceived(_ fragment: ByteBuffer) { call.returnCredit(fragment.readableBytes) }
  func callReceivedMessageEnd() {}
  func callReceivedEnd() {}

  func callBecameWritable() {
    guard withheld > 0 else { return }
    let bytes = withheld
    withheld = 0
    post(.credit(bytes))
  }

  func callEnded(_ status: GRPCStatus, trailers: Metadata) {
    defer { state = .over }
    switch state {
    case .reading: post(.lost(status.reason))
    case .ending: post(status.isOK ? .delivered : .lost(status.reason))
    case .over: break
    }
  }

  private func post(_ event: PullEvent) {
    task.mailbox.post(.pull(output: output, by: puller, event))
  }

  private func receive(_ reply: PullReply) {
    guard case .reading = state else { return }
    switch reply {
    case .bytes(let bytes):
      checksum?.add(bytes)
      call.send([PullEncoder.prefix(count: bytes.readableBytes), bytes])
      if call.isWritable {
        post(.credit(bytes.readableBytes))
      } else {
        withheld += bytes.readableBytes
      }
    case .done:
      state = .ending
      call.send([PullEncoder.done(checksum?.sum)])
      call.finish(.ok, trailers: Metadata())
    case .fail(let status):
      state = .over
      call.finish(status, trailers: Metadata())
    }
  }
}
