// The simulated world: its clock, its dice, what happens next, and whether all of it was right.

internal import NIOCore

/// What was found wrong, once: the first breach stops the run.
package struct Violation: Equatable, Sendable {
  package var what: String
  /// Nanoseconds of the simulated clock.
  package var time: Int64
  /// How many events had happened.
  package var event: Int
}

/// Something with invariants of its own, which is looked at after every event that has touched it.
protocol Checked: AnyObject {
  var isTouched: Bool { get set }
  func check()
}

/// One thread, no I/O: everything that happens is an event of the queue, at a time of the queue.
final class World {
  /// Nanoseconds since the beginning.
  private(set) var now: Int64 = 0
  private(set) var events = 0
  private(set) var violation: Violation?
  /// The newest lines of what happened, where somebody wants to read them.
  private(set) var story: [String] = []
  var dice: Dice
  let mutation: Mutation?
  let network: NetworkSettings
  /// In and before the operators of all nodes: now, and at the fullest moment.
  private(set) var held = 0
  private(set) var mostHeld = 0
  /// Every task that was ever created, to compare what one node says with what another knows.
  var census = Census()
  private let isTraced: Bool
  private let storyLimit: Int
  private var queue = EventQueue()
  private var touched: [any Checked] = []

  init(
    seed: UInt64, network: NetworkSettings = NetworkSettings(), mutation: Mutation? = nil,
    traced: Int = 0
  ) {
    dice = Dice(seed: seed)
    self.network = network
    self.mutation = mutation
    isTraced = traced > 0
    storyLimit = traced
  }

  var deadline: NIODeadline { .uptimeNanoseconds(UInt64(now)) }

  // MARK: What happens

  func after(_ delay: Int64, _ action: @escaping () -> Void) {
    queue.schedule(at: now + delay, action)
  }

  func at(_ time: Int64, _ action: @escaping () -> Void) {
    queue.schedule(at: max(now, time), action)
  }

  fileprivate func ticket(after delay: Int64, _ action: @escaping () -> Void) -> EventQueue.Ticket {
    queue.schedule(at: now + delay, action)
  }

  fileprivate func cancel(_ ticket: EventQueue.Ticket) {
    queue.cancel(ticket)
  }

  /// Lets happen what is due until `time`, or until something is wrong.
  ///
  /// - Parameter goesOn: asked now and then, since it may have much to look at.
  func run(until time: Int64, while goesOn: () -> Bool = { true }) {
    while violation == nil, let next = queue.nextTime {
      if events % 32 == 0, !goesOn() { return }
      guard next <= time else {
        now = time
        return
      }
      guard let event = queue.pop(), let action = event.action else { continue }
      now = event.time
      events += 1
      action()
      checkTouched()
    }
  }

  func hold(_ bytes: Int) {
    held += bytes
    mostHeld = max(mostHeld, held)
  }

  // MARK: What must hold

  func touch(_ subject: any Checked) {
    guard !subject.isTouched else { return }
    subject.isTouched = true
    touched.append(subject)
  }

  private func checkTouched() {
    guard !touched.isEmpty else { return }
    let subjects = touched
    touched.removeAll(keepingCapacity: true)
    for subject in subjects {
      subject.isTouched = false
      subject.check()
    }
  }

  func require(_ condition: Bool, _ what: @autoclosure () -> String) {
    guard !condition, violation == nil else { return }
    violation = Violation(what: what(), time: now, event: events)
    tell("VIOLATION: \(violation?.what ?? "")")
  }

  func tell(_ line: @autoclosure () -> String) {
    guard isTraced else { return }
    if story.count >= 2 * storyLimit { story.removeFirst(storyLimit) }
    story.append("\(Self.milliseconds(now)) ms  #\(events)  \(line())")
  }

  static func milliseconds(_ time: Int64) -> String {
    let micros = time / 1000
    let rest = String(micros % 1000 + 1000).dropFirst()
    return "\(micros / 1000).\(rest)"
  }
}

/// Something to be done later that can be called off. Its host counts it until then.
final class SimulatedTimer {
  private let host: Host
  private var ticket: EventQueue.Ticket?

  init(on host: Host, after delay: Int64, _ action: @escaping () -> Void) {
    self.host = host
    host.timers += 1
    ticket = host.world.ticket(after: delay) { [weak self] in
      self?.ticket = nil
      host.timers -= 1
      action()
    }
  }

  func cancel() {
    guard let ticket else { return }
    self.ticket = nil
    host.timers -= 1
    host.world.cancel(ticket)
  }
}
