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
package final class PushStream {
  private enum State {
    case open, done
    /// It breaks off, and the receiver is told why as soon as it is known to understand that.
    case failing(Failure)
    /// It has been told; its answer, or the end of the time for it, ends the call.
    case failed
    case ended
  }

  private var state = State.open
  private var call: ClientCall?
  private var delegate: (any PushStreamDelegate)?
  private let asked: Features
  private var answer = MessageCollector()
  private var answers = 0
  /// Of what was written, as long as the receiver may compare it with what came.
  private var checksum: RunningChecksum?
  private var goodbye: Scheduled<Void>?
  /// Why we ended the call, for what the call itself cannot know.
  private var failure: GRPCStatus?

  /// What both sides named, once the receiver has answered: nil before.
  package private(set) var features: Features?

  /// Begins the push to `port` of `session` on `node`; the header's ids go out at once. `features`
  /// are asked for: `await` only by a forwarder, since a receiver that waits for its task does not
  /// answer before its outputs are read. `timeout` is for all of the push.
  package init(
    _ connections: Connections, to node: NodeURL, header: PushHeader, features: Features = [],
    timeout: TimeAmount? = nil, delegate: any PushStreamDelegate
  ) {
    self.delegate = delegate
    asked = features
    if features.contains(.crc) { checksum = RunningChecksum(of: header) }
    let call = connections.open(
      to: PeerAddress(node), path: MNPMethod.push.path, metadata: .naming(features),
      timeout: timeout, receiveWindow: AdaptiveWindow.minimum, receiver: self)
    call.maximumMessageLength = maximumControlMessageBytes
    call.send(PushEncoder.opening(header))
    self.call = call
  }

  /// Whether more should be written now. After false, `pushBecameWritable` follows.
  package var isWritable: Bool { isOpen && call?.isWritable == true }

  private var isOpen: Bool {
    if case .open = state { true } else { false }
  }

  /// Sends data, in messages of at most 1 MiB. It is taken whatever `isWritable` says. The buffer
  /// must not be written to afterwards.
  package func write(_ data: ByteBuffer) {
    guard isOpen, let call else { return }
    checksum?.add(data)
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
    guard isOpen, let call else { return }
    state = .done
    call.send(PushEncoder.done(checksum?.sum))
    call.halfClose()
  }

  /// Breaks the push off; it ends with `status`. The receiver's task fails where data has moved.
  package func cancel(_ status: GRPCStatus = GRPCStatus(.cancelled, "the push was cancelled")) {
    call?.cancel(status)
  }

  /// Breaks the push off as `cancel` does, and where the receiver takes part in `Features.await`
  /// tells it why first, so that the reason travels down the chain. A reset would overtake that: the
  /// call ends with the receiver's answer, or within a second where a full queue, or a receiver
  /// that is not there, holds the message back.
  package func fail(_ failure: Failure) {
    guard isOpen, asked.contains(.await), let call else { return cancel() }
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
    failure = GRPCStatus(answer: error)
    call?.cancel()
  }
}

extension PushStream: CallReceiver {
  package func callReceivedHeaders(_ metadata: Metadata) {
    let features = asked.intersection(metadata.features)
    if !features.contains(.crc) { checksum = nil }
    self.features = features
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
    if isOpen { delegate?.pushBecameWritable() }
  }

  package func callEnded(_ status: GRPCStatus, trailers: Metadata) {
    let outcome = outcome(status)
    let delegate = delegate
    state = .ended
    goodbye?.cancel()
    call = nil
    self.delegate = nil
    delegate?.pushEnded(outcome, features: features ?? [])
  }
}

extension PeerAddress {
  package init(_ node: NodeURL) {
    self.init(host: node.host, tcpPort: node.tcpPort, tls: node.usesTLS)
  }
}
