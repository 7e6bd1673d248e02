// Operators that wait for each other in a circle: found, and named, instead of being sat out.

internal import MNP

/// A circle of waits, as the nodes' answers to one round of questions show it.
///
/// An operator that stands still (its node has looked: nothing of it runs, or will without its ports)
/// waits for somebody at each port that is full or empty. What goes on by itself, a timer, a
/// computation, the outside, ends every wait for it; so do bytes that are still on their way. Who is
/// left when all those are taken away waits for nobody but the others, for ever.
struct WaitCircle: Equatable {
  /// One operator's wait for another.
  struct Wait: Equatable {
    enum Reason: Equatable {
      /// The reader waits: nothing comes.
      case isEmpty
      /// The writer waits: the reader does not take what is there.
      case isFull
    }

    var who: String
    var whom: String
    /// The input between them.
    var input: PlanPortID
    var reason: Reason
  }

  /// Each wait is for the one whose wait follows, the last for the first.
  let waits: [Wait]

  /// - Parameter answers: of all nodes, asked with `look`.
  /// - Returns: nil where there is none, or where it cannot be told.
  init?(_ answers: [String: QueryTaskResponse], in plan: Plan) {
    var waits: [String: [Wait]] = [:]
    for node in plan.nodes {
      guard let answer = answers[node.name], answer.state == .exists, answer.still else { continue }
      waits[node.name] = Self.waits(of: node.name, answers, plan)
    }
    // Whoever waits for somebody that is not stuck will go on, and so will who waits for that one.
    var free: [String]
    repeat {
      free = waits.filter { _, list in
        list.isEmpty || list.contains { waits[$0.whom] == nil }
      }.map(\.key)
      for name in free { waits[name] = nil }
    } while !free.isEmpty
    guard let start = plan.nodes.first(where: { waits[$0.name] != nil })?.name else { return nil }
    var path: [Wait] = []
    var next = start
    while !path.contains(where: { $0.who == next }), let wait = waits[next]?.first {
      path.append(wait)
      next = wait.whom
    }
    self.waits = Array(path.drop { $0.who != next })
  }

  /// Everybody for whom this one may be waiting; none where that cannot be told.
  private static func waits(
    of name: String, _ answers: [String: QueryTaskResponse], _ plan: Plan
  ) -> [Wait] {
    var waits: [Wait] = []
    for edge in plan.edges where edge.from.node == name || edge.to.node == name {
      guard
        let writer = answers[edge.from.node]?.outputs.dropFirst(edge.from.number).first,
        let reader = answers[edge.to.node]?.inputs.dropFirst(edge.to.number).first
      else { return [] }
      if reader.held > 0 {
        guard edge.from.node == name, writer.held > 0 else { continue }
        waits.append(Wait(who: name, whom: edge.to.node, input: edge.to, reason: .isFull))
      } else if !reader.done {
        // Bytes, or an end, are on their way.
        guard writer.held == 0, !writer.done, writer.bytes == reader.bytes else { return [] }
        guard edge.to.node == name else { continue }
        waits.append(Wait(who: name, whom: edge.from.node, input: edge.to, reason: .isEmpty))
      }
    }
    // The run's own ends go on by themselves.
    for source in plan.sources where source.port.node == name {
      guard let port = answers[name]?.inputs.dropFirst(source.port.number).first,
        port.held > 0 || port.done
      else { return [] }
    }
    for sink in plan.sinks where sink.port.node == name {
      guard let port = answers[name]?.outputs.dropFirst(sink.port.number).first, port.held == 0
      else { return [] }
    }
    return waits
  }

  /// In the words of the pipeline file, with what to do about it.
  func failure(in plan: Plan) -> RunFailure {
    let texts = waits.map { wait in
      let port = plan.label(wait.input, .input)
      let reason =
        wait.reason == .isEmpty ? "\(port) is empty" : "\(port) is full"
      return "\(wait.who) waits for \(wait.whom) (\(reason))"
    }
    return RunFailure(
      .circle,
      "operators wait for each other in a circle, and nothing moves any more:"
        + " \(texts.joined(separator: "; ")); \(advice(plan))")
  }

  private func advice(_ plan: Plan) -> String {
    let full = waits.filter { $0.reason == .isFull }
    let spill = full.first { plan.node($0.who)?.definition.program == .builtin(.spill) }
    if let spill {
      let port = plan.label(spill.input, .input)
      return "the spill file before \(port) is full: give it more with --spill-limit"
    }
    // A tee that the run put in is nothing that a wire of the file leads to.
    let wire = full.first { plan.node($0.whom)?.isAutomatic == false } ?? full.first
    let port = wire.map { plan.label($0.input, .input) } ?? ""
    return "'buffer: disk' on the wire to \(port) lets what comes before it go on"
  }
}

/// Tells a run that stands still from one that is slow: looks closer once nothing moves, and believes
/// in a circle that stays the same.
struct WaitWatch {
  /// Nothing has moved for so long before the nodes are asked to look.
  static let patience = Duration.milliseconds(500)
  /// Between two looks where the first has found nothing: a run may wait for a person for hours.
  static let rest = Duration.seconds(2)
  /// A circle is believed in after so many equal looks, over at least this time.
  static let looks = 3
  static let certainty = Duration.seconds(1)

  private var moved: [String: [PortStatus]] = [:]
  private var lookAt: ContinuousClock.Instant
  private var circle: WaitCircle?
  private var circleSince: ContinuousClock.Instant
  private var seen = 0

  /// Whether the next questions are to be asked with `look`.
  private(set) var wantsLook = false
  /// A circle was seen, and is to be seen again soon.
  var isSuspicious: Bool { circle != nil }

  init(since start: ContinuousClock.Instant) {
    lookAt = start
    circleSince = start
  }

  /// - Parameters:
  ///   - answers: of all nodes, asked with `look` where that was wanted.
  ///   - now: when they came.
  /// - Returns: a circle that is certain.
  mutating func update(
    _ answers: [String: QueryTaskResponse], in plan: Plan, now: ContinuousClock.Instant
  ) -> WaitCircle? {
    let counts = answers.mapValues { $0.inputs + $0.outputs }
    guard counts == moved else {
      (moved, circle, wantsLook) = (counts, nil, false)
      lookAt = now + Self.patience
      return nil
    }
    if wantsLook {
      let found = WaitCircle(answers, in: plan)
      if found != circle { (circle, circleSince, seen) = (found, now, 0) }
      seen += 1
      if found != nil, seen >= Self.looks, now - circleSince >= Self.certainty { return found }
      if found == nil { lookAt = now + Self.rest }
    }
    wantsLook = now >= lookAt
    return nil
  }
}
