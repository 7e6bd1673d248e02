// The receiving end of Push: from the call to the task's input port.

internal import Client
internal import GRPC
internal import MNP
internal import NIOCore
internal import Transport

/// One Push call, on its connection's loop.
///
/// The envelope is parsed as it comes. Large payloads go to the task as the slices they are; small
/// ones that came in one piece are copied together, since a task pays for each chunk, and a slice
/// keeps its whole read buffer. Stream credit goes back when the operator has taken the bytes.
/// Only `done` is an end: anything else that ends the call before it is told to the task as a loss.
final class PushCall: CallReceiver {
  private let call: ServerCall
  private let node: Node
  /// What both sides named.
  private let features: Features
  private var parser = PushParser()
  /// What the pusher says for the case that its connection is lost, or after that.
  private let resume: ResumeRequest?
  private var task: TaskHandle?
  private var input = 0
  /// Bytes that the piece before had to copy together: what to have room for.
  private var gatheredBefore = 0
  private var isDone = false
  private var isAnswered = false
  private var firstMessageDeadline: Scheduled<Void>?
  /// Holds this call, until it ends: a weak reference would make each use of the call slow.
  private lazy var pusher = Pusher(on: call.eventLoop) { self.receive($0) }

  init(_ call: ServerCall, node: Node) {
    self.call = call
    self.node = node
    features = call.head.metadata.features.intersection(node.features)
    resume = features.contains(.resume) ? call.head.metadata.resumeRequest : nil
    // The peer learns what we can do before it has sent a byte: that decides whether its forwarder
    // may wait for the end of our task. One that has come back is told together with where it goes on.
    if resume?.base == nil { call.sendHeaders(.naming(node.features)) }
    firstMessageDeadline = call.eventLoop.assumeIsolated().scheduleTask(
      in: node.configuration.limits.firstMessageDeadline
    ) { [weak self] in
      self?.answer(
        GRPCStatus(.deadlineExceeded, "the push was opened, but no message came"))
    }
  }

  func callReceivedHeaders(_ metadata: Metadata) {}

  /// Local while it works, as the deframer is: there are millions of messages a second.
  private struct Piece {
    /// The first small payload, as the slice that it is: often it is the only one.
    var first: ByteBuffer?
    /// Small payloads, in order, once there are several.
    var gathered = ByteBuffer()
    /// Messages that have ended.
    var messages = 0
    /// Bytes that are no payload, which are done with; the payload's credit is the task's to return.
    var overhead = 0

    /// Takes a small payload; `room` is what to have room for once there are several.
    mutating func gather(_ payload: ByteBuffer, room: Int) {
      if gathered.readableBytes == 0 {
        guard let first else {
          first = payload
          return
        }
        gathered = ByteBufferAllocator().buffer(
          capacity: max(first.readableBytes + payload.readableBytes, room))
        gathered.writeImmutableBuffer(first)
        self.first = nil
      }
      gathered.writeImmutableBuffer(payload)
    }
  }

  func callReceived(_ parts: inout MessageParts) throws(GRPCStatus) -> Bool {
    var parser = self.parser
    var piece = Piece()
    defer {
      self.parser = parser
      flush(&piece)
      if piece.overhead > 0 { call.returnCredit(piece.overhead) }
    }
    while let part = try parts.next() {
      do throws(MNPError) {
        switch part {
        case .begin(let length):
          parser.begin(length: length)
        case .fragment(let fragment):
          let payload = try parser.receive(fragment)
          piece.overhead += fragment.readableBytes - (payload?.readableBytes ?? 0)
          guard let payload else { continue }
          guard task != nil || open(parser.header) else { return true }
          if payload.readableBytes < Self.gatheredBelow {
            piece.gather(payload, room: gatheredBefore)
          } else {
            flush(&piece)
            post(.bytes(payload))
          }
        case .end:
          let isDone = try parser.end()
          if parser.isBrokenOff, features.contains(.await), let failure = parser.failure {
            flush(&piece)
            lose(failure.words)
            answer(GRPCStatus(.cancelled, "the push was broken off by its sender"))
            return true
          }
          guard task != nil || open(parser.header) else { return true }
          piece.messages += 1
          guard isDone else { continue }
          flush(&piece)
          self.isDone = true
          post(.done(parser.checksum))
        }
      } catch {
        flush(&piece)
        refuse(error)
        return true
      }
      if isAnswered { return true }
    }
    return true
  }

  // The transport hands out pieces.
  func callReceivedMessage(length: Int) {}
  func callReceived(_ fragment: ByteBuffer) {}
  func callReceivedMessageEnd() {}

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
    if !isAnswered { lose(status.reason, interrupted: resume != nil && call.wentWithConnection) }
    isAnswered = true
    task = nil
    // It held this call.
    pusher = Pusher(on: call.eventLoop) { _ in }
  }

  // MARK: Inside

  /// A copy of so many bytes costs less than a chunk of its own.
  private static var gatheredBelow: Int { 1024 }

  /// Tells the task what there is, unless the push is over.
  private func flush(_ piece: inout Piece) {
    if let first = piece.first {
      post(.bytes(first))
      piece.first = nil
    } else if piece.gathered.readableBytes > 0 {
      gatheredBefore = piece.gathered.readableBytes
      post(.bytes(piece.gathered))
      piece.gathered = ByteBuffer()
    }
    if piece.messages > 0 {
      post(.messages(piece.messages))
      piece.messages = 0
    }
  }

  /// Opens the task that the first message names, once its ids are complete; false when they are not,
  /// or the push was refused.
  private func open(_ header: PushHeader?) -> Bool {
    guard !isAnswered, let header else { return false }
    firstMessageDeadline?.cancel()
    input = Int(header.port)
    // What has got through cannot be missing: only a push whose first attempt never came may begin.
    let mayBegin = (resume?.base ?? 0) == 0
    switch node.task(
      session: header.sessionID, task: header.taskID, port: .input(input), on: call.eventLoop,
      creating: mayBegin)
    {
    case .found(let task):
      self.task = task
      // The connection that it has lost may have been on another loop: what came there comes first.
      if resume?.base != nil { task.mailbox.settle() }
      post(.open(header, features, resume))
    case .unknown:
      answer(
        GRPCStatus(
          .failedPrecondition,
          "node \(node.configuration.name) does not know the task \(header.taskID), whose push wants to "
            + "go on at byte \(resume?.base ?? 0)"))
    case .refused(let status):
      answer(status)
    }
    return task != nil
  }

  private func refuse(_ error: MNPError) {
    lose("malformed message: \(error)")
    answer(GRPCStatus(.invalidArgument, "malformed PushRequest: \(error)"))
  }

  private func post(_ event: PushEvent) {
    task?.mailbox.post(.push(input: input, from: pusher, event))
  }

  private func lose(_ reason: String, interrupted: Bool = false) {
    post(interrupted ? .interrupted(reason) : .lost(reason))
    task = nil
  }

  private func receive(_ reply: PushReply) {
    guard !isAnswered else { return }
    switch reply {
    case .credit(let bytes):
      call.returnCredit(bytes)
    case .resumed(let offset):
      call.sendHeaders(.resuming(from: offset, node.features))
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
