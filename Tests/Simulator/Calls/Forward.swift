// Sends what an output produces straight to the next node's input port.

/// Node's Forwarder.
final class Forward: PushOwner {
  enum Event {
    case writable, answered
    case failed(String)
  }

  let destination: Destination
  private let node: SimulatedNode
  private let task: String
  private var push: Push?
  private var onEvent: ((Event) -> Void)?

  init(_ node: SimulatedNode, to destination: Destination, task: String) {
    self.node = node
    self.destination = destination
    self.task = task
  }

  func open(_ onEvent: @escaping (Event) -> Void) {
    self.onEvent = onEvent
    push = Push(
      from: node, to: node.peer(destination.node), destination, task: task, awaiting: true,
      owner: self)
    onEvent(.writable)
  }

  /// - Returns: whether it can take more; if not, `.writable` follows.
  func send(_ chunk: Chunk) -> Bool {
    guard let push else { return true }
    push.write(chunk)
    node.peaks.queue = max(node.peaks.queue, push.queued)
    return push.isWritable
  }

  func finish() {
    push?.done()
  }

  func fail(_ failure: String) {
    onEvent = nil
    push?.fail(failure)
  }

  func pushBecameWritable() {
    onEvent?(.writable)
  }

  func pushEnded(_ status: CallStatus) {
    push = nil
    let report = onEvent
    onEvent = nil
    // The reason as it came: with each hop's own words it would grow with the length of the chain.
    report?(status.isOK ? .answered : .failed(status.reason))
  }
}
