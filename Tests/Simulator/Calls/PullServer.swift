// The sending end of a pull: from the task's output port to the stream.

internal import Sessions
internal import Transport

/// Node's PullCall over its ServerCall.
final class PullServer: StreamEnd {
  private enum State {
    case reading, ending, over
  }

  private let node: SimulatedNode
  private let world: World
  private let stream: Stream
  private let window: Int
  private let output: Int
  private var task: SimulatedTask?
  private var state = State.reading
  /// Payload bytes in a full queue, whose credit is kept until it has room again.
  private var withheld = 0
  private let toTask: Mailbox
  private let toCall: Mailbox
  private lazy var sender = DataSender(
    on: node, side: .server, late: isOnHomeLoop ? 0 : OutputPace.crossingWindow,
    onWritable: { [weak self] in self?.becameWritable() },
    onEnded: { [weak self] in self?.statusLeft() })

  var isOnHomeLoop: Bool { toCall.isDirect }

  init(_ node: SimulatedNode, _ stream: Stream, window: Int, output: Int) {
    self.node = node
    self.stream = stream
    self.window = window
    self.output = output
    world = node.world
    let isHome = node.picksHomeLoop()
    toTask = Mailbox(on: node, isDirect: isHome)
    toCall = Mailbox(on: node, isDirect: isHome)
  }

  func open(_ lookup: SimulatedNode.Lookup) {
    switch lookup {
    case .found(let task):
      self.task = task
      sender.attach(stream)
      stream.send(.features, from: .server)
      toTask.post { [self] in task.openPull(output, by: self) }
    case .refused(let status):
      finish(status)
    }
  }

  private func becameWritable() {
    guard withheld > 0 else { return }
    let bytes = withheld
    withheld = 0
    credit(bytes)
  }

  private func credit(_ bytes: Int) {
    guard let task else { return }
    toTask.post { [self] in task.pullTook(bytes, output: output, by: self) }
  }

  private func statusLeft() {
    guard case .ending = state else { return }
    if let task { toTask.post { [self] in task.pullDelivered(output, by: self) } }
    close()
  }

  // MARK: StreamEnd

  func connected() {}

  func received(_ frame: Frame) {
    switch frame {
    case .update(let bytes): sender.receivedUpdate(bytes)
    case .reset: ended("the puller reset the pull")
    default: world.require(false, "a pull with \(frame)")
    }
  }

  func connectionLost(_ reason: String) {
    ended(reason)
  }

  private func ended(_ reason: String) {
    if case .over = state { return }
    if let task { toTask.post { [self] in task.pullLost(output, by: self, reason) } }
    close()
  }

  private func close() {
    state = .over
    task = nil
    sender.drop()
    node.budget.release(window)
    stream.close(.server)
  }

  // MARK: From the task

  func send(_ chunk: Chunk) {
    toCall.post { [self] in
      guard case .reading = state else { return }
      sender.write(chunk)
      if sender.marks.isWritable { credit(chunk.count) } else { withheld += chunk.count }
      node.peaks.queue = max(node.peaks.queue, sender.marks.queued)
    }
  }

  func done() {
    toCall.post { [self] in
      guard case .reading = state else { return }
      state = .ending
      sender.end(with: [.done, .answer(.ok)])
    }
  }

  func fail(_ status: CallStatus) {
    toCall.post { [self] in finish(status) }
  }

  /// It overtakes what still waits.
  private func finish(_ status: CallStatus) {
    guard case .reading = state else { return }
    stream.send(.answer(status), from: .server)
    close()
  }
}
