// One push as its sender makes it, on the loop of its connection.

package import GRPC
package import MNP
package import NIOCore
package import Transport

/// Hears how a push goes, on its loop. Held until `pushEnded`.
package protocol PushStreamDelegate: AnyObject {
  /// `isWritable` is true again.
  func pushBecameWritable()

  /// Exactly once, last, and never from within a method of the push. OK only where the receiver
  /// said so after it had been sent everything; with `Features.await` among `features` (what both
  /// sides named) that means the end of the task behind it, otherwise that it took the bytes.
  func pushEnded(_ status: GRPCStatus, features: Features)
}

/// Sends the data of one input port. Confined to the loop of `connections`: not Sendable. Methods
/// of a push that has ended do nothing, since the receiver may end it at any time.
///
/// Where both sides named `Features.resume`, what the receiver may not have is kept (``PushTail``), and a
/// push that loses its connection goes on over another one from the byte that the receiver names.
package final class PushStream {
  private enum State {
    case open, done
    /// It breaks off, and the receiver is told why as soon as it is known to understand that.
    case failing(Failure)
    /// It has been told; its answer, or the end of the time for it, ends the call.
    case failed
    case ended
  }

  /// What there is between us and the receiver.
  private enum Link {
    /// A call that takes what is written.
    case up(ClientCall)
    /// A call that has asked where to go on; what is written is kept meanwhile.
    case asking(ClientCall)
    /// Nothing: the next attempt is scheduled, or the receiver is asked what it can do.
    case down
  }

  private let connections: Connections
  private let node: NodeURL
  private let peer: PeerAddress
  private let header: PushHeader
  private let deadline: NIODeadline?
  private let asked: Features
  private var state = State.open
  private var link = Link.down
  private var delegate: (any PushStreamDelegate)?
  private var answer = MessageCollector()
  private var answers = 0
  /// Of what was written, as long as the receiver may compare it with what came.
  private var checksum: RunningChecksum?
  private var goodbye: Scheduled<Void>?
  /// Why we ended the call, for what the call itself cannot know.
  private var failure: GRPCStatus?

  /// Nil where the loss of the connection is the end.
  private var tail: PushTail?
  private let token: String
  private var absence: PushAbsence
  private var attempts = 0
  private var retry: Scheduled<Void>?
  /// How the last connection, or the last attempt, ended.
  private var loss = GRPCStatus.ok
  private var probe: ControlCall<AboutResponse>?

  /// What both sides named, once the receiver has answered: nil before.
  package private(set) var features: Features?

  /// How often it has gone on over another connection.
  package private(set) var resumptions = 0

  /// Begins the push to `port` of `session` on `node`; the header's ids go out at once. `features`
  /// are asked for: `await` only by a forwarder, since a receiver that waits for its task does not
  /// answer before its outputs are read. `timeout` is for all of the push.
  package init(
    _ connections: Connections, to node: NodeURL, header: PushHeader, features: Features = [],
    resume: ResumeSettings = .init(), timeout: TimeAmount? = nil, delegate: any PushStreamDelegate
  ) {
    self.connections = connections
    self.node = node
    self.header = header
    self.delegate = delegate
    peer = PeerAddress(node)
    deadline = timeout.map { connections.eventLoop.now + $0 }
    asked = features.union(resume.features(to: peer))
    token = asked.contains(.resume) ? ResumeRequest.randomToken() : ""
    absence = PushAbsence(limit: resume.time)
    if asked.contains(.resume) {
      // Where there is little memory for all, a push takes less.
      let share = max(ResumeSettings.smallestWindow, connections.configuration.budget.limit / 16)
      tail = PushTail(window: min(resume.window, share))
    }
    if features.contains(.crc) { checksum = RunningChecksum(of: header) }
    link = .up(open(tail == nil ? nil : ResumeRequest(token: token)))
  }

  private func open(_ resume: ResumeRequest?) -> ClientCall {
    let call = connections.open(
      to: peer, path: MNPMethod.push.path, metadata: .push(asked, resume),
      timeout: deadline.map { max($0 - connections.eventLoop.now, .nanoseconds(1)) },
      receiveWindow: AdaptiveWindow.minimum, receiver: self)
    call.maximumMessageLength = maximumControlMessageBytes
    call.send(PushEncoder.opening(header))
    return call
  }

  private var call: ClientCall? {
    switch link {
    case .up(let call), .asking(let call): call
    case .down: nil
    }
  }

  /// Whether more should be written now. After false, `pushBecameWritable` follows.
  package var isWritable: Bool {
    guard isOpen, case .up(let call) = link, call.isWritable else { return false }
    return tail?.isFull != true
  }

  private var isOpen: Bool {
    if case .open = state { true } else { false }
  }

  /// Sends data, in messages of at most 1 MiB. It is taken whatever `isWritable` says. The buffer
  /// must not be written to afterwards.
  package func write(_ data: ByteBuffer) {
    guard isOpen else { return }
    checksum?.add(data)
    guard case .up(let call) = link else {
      tail?.append(data, callOffset: .max)
      return
    }
    send(data, on: call)
    guard tail != nil else { return }
    tail?.append(data, callOffset: call.writtenBytes)
    if features == nil, let window = tail?.window, call.sentBytes > window {
      // It takes our data without a word of its own: not a node of ours, which answers at once.
      tail = nil
    }
    markIfDue()
  }

  private func send(_ data: ByteBuffer, on call: ClientCall) {
    var rest = data
    while let part = rest.readSlice(length: min(rest.readableBytes, maximumDataPerMessage)),
      part.readableBytes > 0
    {
      let count = part.readableBytes
      if count <= PushStream.copiedBytes {
        call.send(length: PushEncoder.prefixLength(count: count) + count) { buffer in
          PushEncoder.writePrefix(count: count, into: &buffer)
          buffer.writeImmutableBuffer(part)
        }
      } else {
        call.send(PushEncoder.prefix(count: count), part)
      }
    }
  }

  /// Data up to here is cheaper copied behind its prefix than carried along as a slice.
  private static let copiedBytes = 1024

  /// Everything has been written. The receiver's answer comes by `pushEnded`.
  package func done() {
    guard isOpen else { return }
    state = .done
    if case .up(let call) = link { sayDone(on: call) }
  }

  private func sayDone(on call: ClientCall) {
    call.send(PushEncoder.done(checksum?.sum))
    call.halfClose()
  }

  /// Breaks the push off; it ends with `status`. The receiver's task fails where data has moved.
  package func cancel(_ status: GRPCStatus = GRPCStatus(.cancelled, "the push was cancelled")) {
    if let call {
      tail = nil
      call.cancel(status)
    } else if delegate != nil {
      // Not from within.
      connections.eventLoop.assumeIsolated().execute { self.end(status) }
    }
  }

  /// Breaks the push off as `cancel` does, and where the receiver takes part in `Features.await`
  /// tells it why first, so that the reason travels down the chain. A reset would overtake that: the
  /// call ends with the receiver's answer, or within a second where a full queue, or a receiver
  /// that is not there, holds the message back.
  package func fail(_ failure: Failure) {
    guard isOpen, asked.contains(.await), case .up(let call) = link else { return cancel() }
    tail = nil
    state = .failing(failure)
    goodbye = call.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.cancel() }
    if features != nil { sayWhy() }
  }

  private func sayWhy() {
    guard case .failing(let failure) = state, let call else { return }
    guard features?.contains(.await) == true else { return cancel() }
    state = .failed
    call.send(PushEncoder.failure(failure))
    call.halfClose()
  }

  /// How the push ended, given how the call did.
  private func outcome(_ status: GRPCStatus) -> GRPCStatus {
    if let failure { return failure }
    guard status.isOK else { return status }
    switch state {
    case .open:
      return GRPCStatus(.dataLoss, "the receiver ended the push before it had been sent all of it")
    case .failing, .failed:
      return GRPCStatus(.cancelled, "the push was cancelled")
    case .done, .ended:
      return answers == 1 ? status : GRPCStatus(.internalError, "\(answers) answers to one push")
    }
  }

  private func refuse(_ error: MNPError) {
    refuse(GRPCStatus(answer: error))
  }

  private func refuse(_ status: GRPCStatus) {
    failure = status
    call?.cancel()
  }

  private func end(_ status: GRPCStatus) {
    let delegate = delegate
    state = .ended
    link = .down
    tail = nil
    goodbye?.cancel()
    retry?.cancel()
    probe?.cancel()
    self.delegate = nil
    delegate?.pushEnded(status, features: features ?? [])
  }
}

// MARK: Going on over another connection

extension PushStream {
  private func markIfDue() {
    guard case .up(let call) = link, features?.contains(.resume) == true,
      tail?.takeMark(sent: call.sentBytes) == true
    else { return }
    call.mark()
  }

  /// The call has ended because there is no connection (any more).
  ///
  /// - Returns: false where the push ends with it.
  private func outlives(_ loss: ClientCall.Loss?, _ status: GRPCStatus) -> Bool {
    guard let loss, var tail, failure == nil else { return false }
    // Nobody has ever been reached: that is a wrong address rather than a bad line.
    guard loss == .connection || absence.began != nil else { return false }
    guard features?.contains(.resume) != false else { return false }
    tail.connectionLost()
    self.tail = tail
    link = .down
    tryAgain(status)
    return true
  }

  private func tryAgain(_ status: GRPCStatus) {
    loss = status
    let now = connections.eventLoop.now
    guard let delay = absence.next(now: now) else {
      return end(
        GRPCStatus(
          .unavailable,
          "the push lost its connection behind byte \(tail?.base ?? 0) and could not go on within "
            + "\(absence.limitInWords) (--resume-time): \(status.message)"))
    }
    retry = connections.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.askAgain() }
  }

  private func askAgain() {
    guard let tail else { return }
    answer = MessageCollector()
    answers = 0
    guard features == nil else {
      attempts += 1
      link = .asking(open(ResumeRequest(token: token, base: tail.base, attempt: attempts)))
      return
    }
    // The connection went before the first answer: whether it is a node that can do this is not known,
    // and to any other a second push would be another writer.
    var probed: ControlCall<AboutResponse>?
    probed = ControlCall(
      connections, to: node, .about, EmptyMessage().encoded(), timeout: absence.limit,
      onAnswer: { _ in },
      onEnd: { status, _ in
        let features = probed?.features ?? []
        let loss = probed?.loss
        probed = nil
        self.probe = nil
        guard self.delegate != nil else { return }
        if status.isOK, features.contains(.resume) {
          self.features = self.asked.intersection(features)
          self.askAgain()
        } else if loss != nil {
          self.tryAgain(status)
        } else {
          self.end(self.loss)
        }
      })
    probe = probed
  }

  /// The receiver has said how far its port is.
  private func goOn(_ call: ClientCall, from offset: Int64?) {
    guard let offset else {
      return refuse(
        GRPCStatus(.dataLoss, "the receiver did not say where the push is to go on"))
    }
    let base = tail?.base ?? 0
    guard let count = tail?.rewind(to: offset) else {
      return refuse(
        GRPCStatus(
          .dataLoss,
          "the receiver wants the push to go on at byte \(offset), which is not among the bytes "
            + "\(base) to \(tail?.end ?? 0) that are still here"))
    }
    link = .up(call)
    resumptions += 1
    absence.ended(at: offset)
    for number in 0..<count {
      guard let piece = tail?.piece(number) else { continue }
      send(piece, on: call)
      tail?.resent(number, callOffset: call.writtenBytes)
    }
    if case .done = state { sayDone(on: call) }
  }
}

extension PushStream: CallReceiver {
  package func callReceivedHeaders(_ metadata: Metadata) {
    let features = asked.intersection(metadata.features)
    if !features.contains(.crc) { checksum = nil }
    if !features.contains(.resume) { tail = nil }
    self.features = features
    if case .asking(let call) = link {
      goOn(call, from: metadata.resumeOffset)
      if isWritable { delegate?.pushBecameWritable() }
    }
    markIfDue()
    sayWhy()
  }

  package func callReceivedMessage(length: Int) {
    answers += 1
    do throws(MNPError) { try answer.begin(length: length) } catch { refuse(error) }
  }

  package func callReceived(_ fragment: ByteBuffer) {
    answer.receive(fragment)
    call?.returnCredit(fragment.readableBytes)
  }

  package func callReceivedMessageEnd() {
    do throws(MNPError) { _ = try EmptyMessage(decoding: answer.end()) } catch { refuse(error) }
  }

  package func callReceivedEnd() {}

  package func callBecameWritable() {
    markIfDue()
    if isWritable { delegate?.pushBecameWritable() }
  }

  package func callMarkAnswered() {
    guard let wasFull = tail?.isFull else { return }
    tail?.markAnswered()
    absence.progressed()
    markIfDue()
    if wasFull, isWritable { delegate?.pushBecameWritable() }
  }

  package func callEnded(_ status: GRPCStatus, trailers: Metadata) {
    guard !outlives(call?.loss, status) else { return }
    end(outcome(status))
  }
}

extension PeerAddress {
  package init(_ node: NodeURL) {
    self.init(host: node.host, tcpPort: node.tcpPort, tls: node.usesTLS)
  }
}
