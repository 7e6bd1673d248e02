// The receiving half of a stream: its window, and the credit for what came.

internal import HTTP2
internal import NIOCore
internal import Transport

/// What the transport's ReceivingHalf and the connection do for a stream, with the same machines:
/// the window grows as its consumer drains it, credit goes back in steps.
final class DataReceiver {
  private let world: World
  private let host: Host
  private let side: Side
  private let stream: Stream
  private var window: AdaptiveWindow
  private var credit: ReceiveCredit
  /// Bytes that the peer may still send, as this side knows it.
  private(set) var available = AdaptiveWindow.start
  private(set) var received: Int64 = 0
  private var returned: Int64 = 0
  private var isStopped = false
  /// The peer has said its last: nothing more is granted.
  private var peerEnded = false
  /// The largest that the window has been: what may be held.
  private(set) var bound: Int
  private(set) var peak = 0

  /// `window` has been taken from the host's budget.
  init(_ stream: Stream, on host: Host, side: Side, window: Int) {
    self.stream = stream
    self.host = host
    self.side = side
    self.window = AdaptiveWindow(size: window, now: host.world.deadline)
    // The peer starts with the usual window; another size comes into force as credit goes back.
    credit = ReceiveCredit(window: window)
    bound = max(window, AdaptiveWindow.start)
    world = host.world
  }

  /// Bytes that came and whose credit was not returned.
  var held: Int { credit.held }

  /// - Returns: false where the stream is over on this side.
  func receive(_ chunk: Chunk) -> Bool {
    guard !isStopped else { return false }
    world.require(
      chunk.offset == received, "byte \(chunk.offset) came where \(received) is the next")
    world.require(
      chunk.count <= available, "\(chunk.count) bytes came where \(available) may be sent")
    available -= chunk.count
    received += Int64(chunk.count)
    credit.hold(chunk.count)
    peak = max(peak, credit.held)
    return true
  }

  func returnCredit(_ bytes: Int) {
    guard !isStopped, bytes > 0 else { return }
    if world.mutation == .dropsCredit, world.dice.chance(1, of: 30) { return }
    if window.consume(bytes) { adapt() }
    credit.release(bytes)
    returned += Int64(bytes)
    grant()
  }

  private func adapt() {
    let old = window.size
    let roundTrip = TimeAmount.nanoseconds(2 * world.network.latency + world.network.jitter)
    let new = window.decide(
      now: world.deadline, roundTrip: roundTrip, pressure: host.budget.pressure)
    guard new < old || (new > old && host.budget.reserve(new - old)) else { return }
    if new < old { host.budget.release(old - new) }
    window.resize(to: new)
    credit.window = new
    bound = max(bound, new)
    grant()
  }

  private func grant() {
    guard !peerEnded else { return }
    let bytes = credit.grant(available: available)
    guard bytes > 0 else { return }
    available += bytes
    if world.mutation == .losesUpdate, world.dice.chance(1, of: 10) { return }
    stream.send(.update(bytes), from: side)
  }

  func receivedEnd() {
    peerEnded = true
  }

  func stop() {
    guard !isStopped else { return }
    isStopped = true
    if world.mutation != .leaksWindow { host.budget.release(window.size) }
  }

  /// - Parameter kept: what this side's owner has of the bytes.
  func check(kept: Int) {
    guard !isStopped else { return }
    world.require(
      received == returned + Int64(credit.held),
      "\(received) bytes came, of which \(returned) went and \(credit.held) are held")
    world.require(
      credit.held == kept, "the credit of \(credit.held) bytes is kept, for \(kept) on \(host)")
    world.require(
      credit.held + available <= bound,
      "\(credit.held) held and \(available) granted, with a window of \(bound)")
    guard let sender = stream.sender, sender.isConnected, !stream.connection.isCut, !peerEnded
    else { return }
    let issued = sender.window + stream.dataUnderWay + stream.creditUnderWay
    world.require(
      available == issued,
      "\(available) bytes of credit are out, and \(issued) are somewhere: \(sender.window) at the "
        + "sender, \(stream.dataUnderWay) as data and \(stream.creditUnderWay) as updates under way"
    )
  }
}
