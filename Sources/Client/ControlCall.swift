// A call with one message out and whole messages in: About, Init, Quit, QuitSession, QueryTask.

internal import GRPC
internal import MNP
internal import NIOCore
internal import Transport

/// Makes the call and tells each answer, then the end. Confined to the loop of `connections`.
final class ControlCall<Answer: ControlMessage>: CallReceiver {
  private var call: ClientCall?
  private var collector = MessageCollector()
  private var failure: (status: GRPCStatus, cause: MNPError)?
  private let onAnswer: (Answer) -> Void
  private let onEnd: (GRPCStatus, (any Error)?) -> Void
  /// What the node named, once it has answered.
  private(set) var features: Features = []
  /// Set before `onEnd`, where there was no connection or it was lost.
  private(set) var loss: ClientCall.Loss?

  init(
    _ connections: Connections, to node: NodeURL, _ method: MNPMethod, _ request: ByteBuffer,
    timeout: TimeAmount?, onAnswer: @escaping (Answer) -> Void,
    onEnd: @escaping (GRPCStatus, (any Error)?) -> Void
  ) {
    self.onAnswer = onAnswer
    self.onEnd = onEnd
    let call = connections.open(
      to: PeerAddress(node), path: method.path, metadata: .naming(.supported), timeout: timeout,
      receiver: self)
    call.maximumMessageLength = maximumControlMessageBytes
    call.send(request)
    call.halfClose()
    self.call = call
  }

  func cancel() {
    call?.cancel(GRPCStatus(.cancelled, "the call was cancelled"))
  }

  private func refuse(_ error: MNPError) {
    failure = (GRPCStatus(answer: error), error)
    call?.cancel()
  }

  func callReceivedHeaders(_ metadata: Metadata) { features = metadata.features }

  func callReceivedMessage(length: Int) {
    do throws(MNPError) { try collector.begin(length: length) } catch { refuse(error) }
  }

  func callReceived(_ fragment: ByteBuffer) {
    collector.receive(fragment)
    call?.returnCredit(fragment.readableBytes)
  }

  func callReceivedMessageEnd() {
    guard failure == nil else { return }
    do throws(MNPError) { onAnswer(try Answer(decoding: collector.end())) } catch { refuse(error) }
  }

  func callReceivedEnd() {}
  func callBecameWritable() {}

  func callEnded(_ status: GRPCStatus, trailers: Metadata) {
    loss = call?.loss
    call = nil
    onEnd(failure?.status ?? status, failure?.cause)
  }
}
