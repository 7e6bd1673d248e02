// The receiving end of Push: from the call to the task's input port.

internal import Client
internal import GRPC
internal import MNP
internal import NIOCore
internal import Transport

/// One Push call, on its connection's loop.
///
/// The envelope is parsed as it comes; payload slices go to the task as they are, and their stream
/// credit goes back when the operator has taken them. Only `done` is an end: anything else that
/// ends the call before it is told to the task as a loss.
final class PushCall: CallReceiver {
  private let call: ServerCall
  private let node: Node
  private let features: Features
  private var parser = PushParser()
  private var task: TaskHandle?
  private var input = 0
  private var isDone = false
  private var isAnswered = false
  private var firstMessageDeadline: Scheduled<Void>?
  private lazy var pusher = Pusher(on: call.eventLoop) { [weak self] in self?.receive($0) }

  init(_ call: ServerCall, node: Node) {
    self.call = call
    self.node = node
    features = call.head.metadata.features
    // The peer learns what we can do before it has sent a byte: that decides whether its forwarder
    // may wait for the end of our task.
    call.sendHeaders(Features.metadata)
    firstMessageDeadline = call.eventLoop.assumeIsolated().scheduleTask(
      in: node.configuration.limits.firstMessageDeadline
    ) { [weak self] in
      self?.answer(
        GRPCStatus(.deadlineExceeded, "the push was opened, but no message came"))
    }
  }

  func callReceivedHeaders(_ metadata: Metadata) {}

  func callReceivedMessage(length: Int) {
    parser.begin(length: length)
  }

  func callReceived(_ fragment: ByteBuffer) {
    guard !isAnswered else { return }
    do throws(MNPError) {
      let payload = try parser.receive(fragment)
      // What is not payload is done with; the payload's credit is the task's to return.
      let overhead = fragment.readableBytes - (payload?.readableBytes ?? 0)
      if overhead > 0 { call.returnCredit(overhead) }
      if let payload { receive(payload) }
    } catch {
      refuse(error)
    }
  }

  func callReceivedMessageEnd() {
    guard !isAnswered else { return }
    do throws(MNPError) {
      let isDone = try parser.end()
      if let failure = parser.failure, features.contains(.await) {
        lose(failure.words)
        return answer(GRPCStatus(.cancelled, "the push was broken off by its sender"))
      }
      guard let task = openedTask() else { return }
      post(.messageEnded, to: task)
      if isDone {
        self.isDone = true
        post(.done, to: task)
      }
    } catch {
      refuse(error)
    }
  }

  func callReceivedEnd() {
    guard !isDone else { return }
    lose("the pusher ended its stream without done")
    answer(
      GRPCStatus(.dataLoss, "the push ended without done: that is no end of data"))
  }

  func callBecameWritable() {}

  func callEnded(_ status: GRPCStatus, trailers: Metadata) {
    firstMessageDeadline?.cancel()
    // After done too: an awaiting push that goes away says that the run it belongs to has failed.
    if !isAnswered { lose(status.reason) }
    isAnswered = true
    task = nil
  }

  // MARK: Inside

  private func receive(_ payload: ByteBuffer) {
    guard let task = openedTask() else { return }
    post(.bytes(payload), to: task)
  }

  /// The task that the first message names, opened when its ids are complete; nil when the push was
  /// refused.
  private func openedTask() -> TaskHandle? {
    if let task { return task }
    guard !isAnswered, let header = parser.header else { return nil }
    firstMessageDeadline?.cancel()
    let input = Int(header.port)
    switch node.task(
      session: header.sessionID, task: header.taskID, port: .input(input), on: call.eventLoop,
      creating: true)
    {
    case .found(let task):
      self.task = task
      self.input = input
      post(.open(awaiting: features.contains(.await)), to: task)
    case .unknown:
      answer(GRPCStatus(.notFound, "there is no task \(header.taskID)"))
    case .refused(let status):
      answer(status)
    }
    return task
  }

  private func refuse(_ error: MNPError) {
    lose("malformed message: \(error)")
    answer(GRPCStatus(.invalidArgument, "malformed PushRequest: \(error)"))
  }

  private func post(_ event: PushEvent, to task: TaskHandle) {
    task.mailbox.post(.push(input: input, from: pusher, event))
  }

  private func lose(_ reason: String) {
    guard let task else { return }
    self.task = nil
    post(.lost(reason), to: task)
  }

  private func receive(_ reply: PushReply) {
    guard !isAnswered else { return }
    switch reply {
    case .credit(let bytes):
      call.returnCredit(bytes)
    case .answer(let status):
      task = nil
      answer(status)
    }
  }

  private func answer(_ status: GRPCStatus) {
    guard !isAnswered else { return }
    isAnswered = true
    firstMessageDeadline?.cancel()
    if status.isOK { call.send([EmptyMessage().encoded()]) }
    call.finish(status, trailers: Metadata())
  }
}
