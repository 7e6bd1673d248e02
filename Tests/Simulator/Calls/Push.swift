// The sending end of a push, of a node's forward or of the engine.

internal import HTTP2
internal import Transport

/// An input port somewhere.
struct Destination: Equatable, CustomStringConvertible {
  var node: Int
  var session: String
  var input: Int

  var description: String { "node \(node)/\(session)/\(input)" }
}

protocol PushOwner: AnyObject {
  func pushBecameWritable()
  /// Once, last, and never from within a method of the push.
  func pushEnded(_ status: CallStatus)
}

/// Client's PushStream over its ClientCall.
final class Push: StreamEnd {
  private enum State: Equatable {
    case open, done
    /// It breaks off, and the receiver is told why as soon as it is known to understand that.
    case failing(String)
    case failed
    case ended
  }

  private let host: Host
  private let world: World
  private let isAwaiting: Bool
  private let header: Frame
  private var state = State.open
  private var stream: Stream?
  private var owner: (any PushOwner)?
  private var goodbye: SimulatedTimer?
  private(set) var isAccepted = false
  private lazy var sender = DataSender(
    on: host, side: .client, onWritable: { [weak self] in self?.becameWritable() }, onEnded: {})
  /// Before there is a connection less is held.
  private static let heldLimit = 64 << 10

  init(
    from host: Host, to node: Host, _ destination: Destination, task: String, awaiting: Bool,
    owner: any PushOwner
  ) {
    self.host = host
    self.owner = owner
    world = host.world
    isAwaiting = awaiting
    header = .push(
      session: destination.session, task: task, input: destination.input, awaiting: awaiting)
    let connection = host.connection(to: node)
    stream = connection.open(self)
    if connection.isConnected { connected() }
  }

  var queued: Int { sender.marks.queued }
  var peak: Int { sender.peak }
  private var isOver: Bool { state == .ended }

  var isWritable: Bool {
    guard state == .open else { return false }
    return sender.isConnected ? sender.marks.isWritable : queued <= Self.heldLimit
  }

  func write(_ chunk: Chunk) {
    if state == .open { sender.write(chunk) }
  }

  func done() {
    guard state == .open else { return }
    state = .done
    sender.end(with: [.done])
  }

  func cancel(_ reason: String = "the push was cancelled") {
    guard !isOver else { return }
    stream?.send(.reset, from: .client)
    // When the loop's turn ends.
    stop()
    host.later(0) { [self] in tell(.cancelled(reason)) }
  }

  func fail(_ failure: String) {
    guard state == .open, isAwaiting else { return cancel() }
    state = .failing(failure)
    goodbye = SimulatedTimer(on: host, after: 1_000_000_000) { [weak self] in self?.cancel() }
    if isAccepted { sayWhy() }
  }

  private func sayWhy() {
    guard case .failing(let failure) = state else { return }
    state = .failed
    sender.end(with: [.failure(failure)])
  }

  private func becameWritable() {
    if state == .open { owner?.pushBecameWritable() }
  }

  // MARK: StreamEnd

  func connected() {
    guard let stream, !isOver else { return }
    let wasFull = queued > Self.heldLimit
    stream.send(header, from: .client)
    sender.attach(stream)
    if wasFull, state == .open {
      host.later(0) { [self] in
        if isWritable { owner?.pushBecameWritable() }
      }
    }
  }

  func received(_ frame: Frame) {
    switch frame {
    case .features:
      isAccepted = true
      sayWhy()
    case .update(let bytes): sender.receivedUpdate(bytes)
    case .answer(let status): end(outcome(status))
    case .reset: end(.cancelled("the receiver reset the push"))
    default: world.require(false, "a push's answer with \(frame)")
    }
  }

  func connectionLost(_ reason: String) {
    stream = nil
    end(.unavailable(reason))
  }

  private func outcome(_ status: CallStatus) -> CallStatus {
    guard status.isOK else { return status }
    return switch state {
    case .open: .cancelled("the receiver ended the push before it had been sent all of it")
    case .failing, .failed: .cancelled("the push was cancelled")
    case .done, .ended: status
    }
  }

  private func end(_ status: CallStatus) {
    guard !isOver else { return }
    stop()
    tell(status)
  }

  private func stop() {
    state = .ended
    goodbye?.cancel()
    sender.drop()
    stream?.close(.client)
    stream = nil
  }

  private func tell(_ status: CallStatus) {
    let owner = owner
    self.owner = nil
    owner?.pushEnded(status)
  }
}
