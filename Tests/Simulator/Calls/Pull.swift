// The reading end of a pull: the engine's.

internal import Transport

protocol PullOwner: AnyObject {
  func pullReceived(_ chunk: Chunk)
  /// - Parameter done: the last message was `done`.
  func pullEnded(_ status: CallStatus, done: Bool)
}

/// A call that reads one output.
final class Pull: StreamEnd, Checked {
  private let host: Host
  private let world: World
  private let header: Frame
  private var stream: Stream?
  private var receiver: DataReceiver?
  private var owner: (any PullOwner)?
  private var isDone = false
  /// What its owner has and has not read yet.
  private var kept = 0
  private(set) var isAccepted = false
  var isTouched = false

  init(
    from host: Host, to node: Host, session: String, task: String, output: Int,
    owner: any PullOwner
  ) {
    self.host = host
    self.owner = owner
    world = host.world
    header = .pull(session: session, task: task, output: output)
    let connection = host.connection(to: node)
    let stream = connection.open(self)
    self.stream = stream
    receiver = DataReceiver(
      stream, on: host, side: .client,
      window: host.budget.reserveStart() ?? host.budget.forceStart())
    if connection.isConnected { connected() }
  }

  var received: Int64 { receiver?.received ?? 0 }

  /// The owner has read so much.
  func took(_ bytes: Int) {
    guard receiver != nil else { return }
    world.touch(self)
    kept -= bytes
    receiver?.returnCredit(bytes)
  }

  func cancel() {
    guard stream != nil else { return }
    stream?.send(.reset, from: .client)
    end(.cancelled("the pull was cancelled"))
  }

  // MARK: StreamEnd

  func connected() {
    stream?.send(header, from: .client)
  }

  func received(_ frame: Frame) {
    world.touch(self)
    switch frame {
    case .features:
      isAccepted = true
    case .data(let chunk):
      guard receiver?.receive(chunk) == true else { return }
      kept += chunk.count
      owner?.pullReceived(chunk)
    case .done:
      receiver?.receivedEnd()
      isDone = true
    case .answer(let status):
      end(status)
    case .reset:
      end(.cancelled("the node reset the pull"))
    default:
      world.require(false, "a pull's answer with \(frame)")
    }
  }

  func connectionLost(_ reason: String) {
    stream = nil
    end(.unavailable(reason))
  }

  private func end(_ status: CallStatus) {
    receiver?.stop()
    stream?.close(.client)
    stream = nil
    let owner = owner
    self.owner = nil
    owner?.pullEnded(status, done: isDone)
    receiver = nil
  }

  func check() {
    receiver?.check(kept: kept)
  }
}
