// How a port whose connection lives on another loop than its task gets its events across.

/// Node's Mailbox: a plain call on the same loop; from another, in batches, a wake-up later.
final class Mailbox {
  let isDirect: Bool
  private let host: Host
  private var waiting: [() -> Void] = []

  init(on host: Host, isDirect: Bool) {
    self.host = host
    self.isDirect = isDirect
  }

  func post(_ deliver: @escaping () -> Void) {
    guard !isDirect else { return deliver() }
    waiting.append(deliver)
    guard waiting.count == 1 else { return }
    host.later(Int64(1000 + host.world.dice.below(50_000))) { [self] in
      let batch = waiting
      waiting = []
      for message in batch { message() }
    }
  }
}
