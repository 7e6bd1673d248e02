// The receiving end of a push: from the stream to the task's input port.

internal import Transport

/// Node's PushCall over its ServerCall.
final class PushServer: StreamEnd, Checked {
  let number: Int
  private let node: SimulatedNode
  private let world: World
  private let stream: Stream
  private let receiver: DataReceiver
  private let isAwaiting: Bool
  private(set) var input: Int
  private var task: SimulatedTask?
  /// The task that it wrote to, also when it has been answered.
  private var written: SimulatedTask?
  private var isDone = false
  private var isAnswered = false
  /// The task has let go of it: the answer may still cross to this loop.
  private var isReplied = false
  private let toTask: Mailbox
  private let toCall: Mailbox
  /// Bytes, and credit, on their way between the loops.
  private var crossing = 0
  var isTouched = false

  init(_ node: SimulatedNode, _ stream: Stream, window: Int, input: Int, awaiting: Bool) {
    self.node = node
    self.stream = stream
    self.input = input
    world = node.world
    number = world.census.nextNumber()
    isAwaiting = awaiting
    receiver = DataReceiver(stream, on: node, side: .server, window: window)
    let isHome = node.picksHomeLoop()
    toTask = Mailbox(on: node, isDirect: isHome)
    toCall = Mailbox(on: node, isDirect: isHome)
    stream.send(.features, from: .server)
  }

  /// The first message has named session and task.
  func open(_ lookup: SimulatedNode.Lookup) {
    switch lookup {
    case .found(let task):
      self.task = task
      written = task
      toTask.post { [self] in task.openPush(input, from: self, awaiting: isAwaiting) }
    case .refused(let status):
      answer(status)
    }
  }

  // MARK: StreamEnd

  func connected() {}

  func received(_ frame: Frame) {
    world.touch(self)
    switch frame {
    case .data(let chunk):
      guard receiver.receive(chunk) else { return }
      guard let task else { return receiver.returnCredit(chunk.count) }
      crossing += chunk.count
      toTask.post { [self] in
        crossing -= chunk.count
        world.touch(self)
        task.pushed(chunk, input: input, from: self)
      }
    case .done:
      receiver.receivedEnd()
      isDone = true
      if let task { toTask.post { [self] in task.pushDone(input, from: self) } }
      if world.mutation == .answersEarly { answer(.ok) }
    case .failure(let reason):
      receiver.receivedEnd()
      lose(reason)
      answer(.cancelled("the push was broken off by its sender"))
    case .reset:
      ended("the sender reset the push")
    default:
      world.require(false, "a push with \(frame)")
    }
  }

  func connectionLost(_ reason: String) {
    if world.mutation == .takesLossForEnd, let task, !isDone {
      return task.pushDone(input, from: self)
    }
    ended(reason)
  }

  private func ended(_ reason: String) {
    if !isAnswered { lose(reason) }
    isAnswered = true
    task = nil
    receiver.stop()
    stream.close(.server)
  }

  private func lose(_ reason: String) {
    guard let task else { return }
    self.task = nil
    if world.mutation == .swallowsLoss { return }
    toTask.post { [self] in task.pushLost(input, from: self, awaiting: isAwaiting, reason) }
  }

  // MARK: From the task

  /// So many payload bytes are gone.
  func credit(_ bytes: Int) {
    crossing += bytes
    toCall.post { [self] in
      crossing -= bytes
      world.touch(self)
      if !isAnswered { receiver.returnCredit(bytes) }
    }
  }

  func replied(_ status: CallStatus) {
    isReplied = true
    toCall.post { [self] in
      task = nil
      answer(status)
    }
  }

  private func answer(_ status: CallStatus) {
    guard !isAnswered else { return }
    isAnswered = true
    if status.isOK, let written {
      world.require(isDone, "a push was answered OK before its done")
      if isAwaiting {
        world.require(
          written.isFinished, "an awaiting push was answered OK before the end of \(written)")
      }
    }
    receiver.stop()
    stream.send(.answer(status), from: .server)
    stream.close(.server)
  }

  // MARK: Invariants

  func check() {
    guard !isAnswered, !isReplied, let written else { return }
    receiver.check(kept: crossing + written.untaken(of: self))
    node.peaks.window = max(node.peaks.window, receiver.peak)
  }
}
