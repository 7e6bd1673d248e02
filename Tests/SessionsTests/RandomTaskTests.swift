// Thousands of random lives of a task, with what must hold in each of them.

import Simulator
import Testing

@testable import Sessions

@Suite struct RandomTaskTests {
  /// A failure prints the seed and the whole story; to run one alone, narrow the range.
  @Test(arguments: UInt64(0)..<32)
  func whatHoldsInEveryLife(seed: UInt64) {
    var dice = Dice(seed: seed)
    for life in 0..<250 {
      let node = TaskModel(
        inputs: Int.random(in: 0...3, using: &dice),
        forwards: (0..<Int.random(in: 0...3, using: &dice)).map { _ in dice.chance(1, of: 2) },
        failsOnEarlyEnd: dice.chance(1, of: 6))
      let steps = Int.random(in: 0...60, using: &dice)
      for _ in 0..<steps where node.complaint == nil { node.step(&dice) }
      node.endWell()
      if let complaint = node.complaint {
        Issue.record("seed \(seed), life \(life): \(complaint)")
        return
      }
    }
  }
}

extension TaskModel {
  /// One thing that can happen now. What cannot is skipped.
  func step(_ dice: inout Dice) {
    switch Int.random(in: 0..<18, using: &dice) {
    case 0...1: start()
    case 2...6:
      guard let input = pushes.indices.randomElement(using: &dice) else { return }
      push(input, &dice)
    case 7...13:
      guard let output = readers.indices.randomElement(using: &dice) else { return }
      read(output, &dice)
    case 14:
      guard isStarted, exit == nil, dice.chance(1, of: 2) else { return }
      exit(succeeding: dice.chance(4, of: 5))
    case 15:
      guard isStarted, exit == nil, let input = pushes.indices.randomElement(using: &dice)
      else { return }
      close(input, unread: Int.random(in: 0...2, using: &dice))
    case 16:
      guard dice.chance(1, of: 8) else { return }
      cancel()
    default:
      guard machine.hasEnded, !isReleased, dice.chance(1, of: 4) else { return }
      release()
    }
  }

  // MARK: Start and end

  private func tell(_ what: String, _ event: (inout TaskMachine) -> [TaskAction]) {
    do throws(TaskRefusal) {
      try say(what, event)
    } catch {
      require(false, "refused \(error)")
    }
  }

  private func start() {
    tell("start") { $0.start() }
  }

  private func cancel() {
    if hasFinished { isCutOff = true } else { hasFailed = true }
    tell("cancel") { $0.cancel(TaskFailure(.cancelled, "quit")) }
  }

  private func release() {
    isReleased = true
    tell("release") { $0.release() }
  }

  private func exit(succeeding: Bool) {
    exit = succeeding
    let isEarly = pushes.contains { !$0.isDone || $0.unread > 0 }
    if !isOver, !succeeding || (failsOnEarlyEnd && isEarly) { hasFailed = true }
    tell("exit \(succeeding ? 0 : 3)") {
      $0.operatorExited(succeeding ? nil : TaskFailure(.operatorFailed, "code 3"))
    }
    for index in pushes.indices { pushes[index].isClosedByOperator = true }
  }

  private func close(_ input: Int, unread: Int) {
    guard !pushes[input].isClosedByOperator else { return }
    pushes[input].isClosedByOperator = true
    pushes[input].unread += unread
    tell("close \(input)") {
      $0.operatorClosed(input: input, unread: unread)
      return []
    }
  }

  // MARK: Pushes

  private func push(_ input: Int, _ dice: inout Dice) {
    if pushes[input].isInterrupted {
      // Nothing comes but itself, or the end of the time for that.
      if dice.chance(1, of: 4) { lose(input) } else { comeBack(input, &dice) }
      return
    }
    switch (pushes[input].state, Int.random(in: 0..<10, using: &dice)) {
    case (.open, 8) where pushes[input].token != nil,
      (.waiting, 8) where pushes[input].token != nil:
      interrupt(input)
    case (_, 9): comeBack(input, &dice)
    case (.open, 0...3): bytes(input, Int.random(in: 0...3, using: &dice))
    case (.open, 4...5): if dice.chance(1, of: 8) { corrupt(input) } else { done(input) }
    case (.open, 6), (.waiting, 0): lose(input)
    default: open(input, awaiting: dice.chance(1, of: 2), token: dice.chance(1, of: 2))
    }
  }

  private func interrupt(_ input: Int) {
    tell("interrupted \(input)") { $0.pushInterrupted(input: input, reason: "reset") }
    require(pushes[input].isInterrupted, "waited for")
  }

  /// Also where nobody has noticed the loss, and as somebody else.
  private func comeBack(_ input: Int, _ dice: inout Dice) {
    pushes[input].attempts += 1
    let before = pushes[input]
    let token = dice.chance(4, of: 5) ? before.token ?? "a" : "another"
    let isItself = before.token == token
    let base = Int64(Int.random(in: 0...before.received, using: &dice))
    var from: Int64?
    do throws(TaskRefusal) {
      try say("back \(input) as \(token) with \(base)") {
        machine throws(TaskRefusal) in
        let answer = try machine.continuePush(
          input: input, awaiting: before.isAwaiting, token: token, base: base,
          attempt: before.attempts)
        from = answer.received
        return answer.actions
      }
      require(!hasFailed, "a failed task takes nothing")
      require(from == Int64(before.received), "goes on from what is there")
      if before.state == .none {
        require(base == 0, "begins only at the beginning")
        pushes[input].state = .open
        pushes[input].token = token
      } else {
        require(isItself, "the one that wrote")
        require(
          [.open, .waiting].contains(before.state) || before.isAnswered, "it was not given up")
        pushes[input].isInterrupted = false
      }
    } catch {
      switch error {
      case .noSuchPort: require(false, "the port is there")
      case .taken:
        require(!hasFailed, "taken, of a failed task")
        require(
          !isItself || (before.state == .none && base > 0)
            || (before.state == .over && !before.isAnswered),
          "who wrote may go on")
      case .failed: require(hasFailed, "failed without a cause")
      }
    }
  }

  private func open(_ input: Int, awaiting: Bool, token: Bool) {
    do throws(TaskRefusal) {
      try say("push \(input)\(awaiting ? " awaiting" : "")") { machine throws(TaskRefusal) in
        try machine.openPush(
          input: input, awaiting: awaiting, token: token ? "a" : nil)
        return []
      }
      require(pushes[input].state == .none && !hasFailed, "one push, to a task that has not failed")
      pushes[input].state = .open
      pushes[input].token = token ? "a" : nil
      pushes[input].isAwaiting = awaiting
    } catch {
      switch error {
      case .noSuchPort: require(false, "the port is there")
      case .taken: require(pushes[input].state != .none && !hasFailed, "taken by nobody")
      case .failed: require(hasFailed, "failed without a cause")
      }
    }
  }

  private func bytes(_ input: Int, _ count: Int) {
    let isWanted = !pushes[input].isClosedByOperator && exit == nil
    pushes[input].received += count
    if !isWanted { pushes[input].unread += count }
    var isDelivered = false
    tell("bytes \(input)") {
      isDelivered = $0.pushReceived(count, input: input)
      return []
    }
    require(isDelivered == isWanted, "delivered as long as the operator reads")
  }

  private func done(_ input: Int) {
    pushes[input].isDone = true
    pushes[input].state = .waiting
    tell("done \(input)") { $0.pushDone(input: input) }
    if !pushes[input].isAwaiting {
      require(pushes[input].state == .over, "answered when its bytes are here")
    }
  }

  private func corrupt(_ input: Int) {
    pushes[input].isCorrupt = true
    if !isOver { hasFailed = true }
    tell("corrupt \(input)") { $0.pushCorrupted(input: input, difference: "other bytes") }
    require(pushes[input].state == .over, "answered at once")
  }

  private func lose(_ input: Int) {
    let push = pushes[input]
    let isRepeatable = !push.isAwaiting && push.received == 0
    if !isOver, push.isAwaiting || (push.received > 0 && exit != true) { hasFailed = true }
    pushes[input].state = isRepeatable ? .none : .over
    pushes[input].isInterrupted = false
    tell("lost \(input)") { $0.pushLost(input: input, reason: "reset") }
  }

  // MARK: Readers

  private func read(_ output: Int, _ dice: inout Dice) {
    let reader = readers[output]
    switch (reader.state, Int.random(in: 0..<12, using: &dice)) {
    case (.open, 0...4) where isStarted && !reader.isDrained: send(output)
    case (_, 5...6) where isStarted && !reader.isDrained: drain(output)
    case (.open, 7) where !reader.isForwarded, (.ended, 4) where !reader.isForwarded:
      losePull(output)
    case (.ended, 1...3), (.ended, 8):
      if reader.isForwarded { answer(output, dice.chance(5, of: 6)) } else { deliver(output) }
    case (.open, 8) where reader.isForwarded: answer(output, false)
    case (_, 9...) where !isReleased: pull(output)
    default: break
    }
  }

  private func send(_ output: Int) {
    readers[output].sent += 4
    tell("sent \(output)") {
      $0.sent(4, output: output)
      return []
    }
  }

  private func drain(_ output: Int) {
    readers[output].isDrained = true
    tell("drained \(output)") { $0.drained(output: output) }
  }

  private func answer(_ output: Int, _ isOK: Bool) {
    readers[output].isAnswered = isOK
    readers[output].state = .over
    if !isOK, !isOver { hasFailed = true }
    tell("forward \(output) \(isOK ? "ok" : "refused")") {
      isOK
        ? $0.delivered(output: output)
        : $0.forwardFailed(output: output, reason: "no session")
    }
  }

  private func deliver(_ output: Int) {
    readers[output].state = .over
    tell("pull \(output) delivered") { $0.delivered(output: output) }
  }

  private func losePull(_ output: Int) {
    let hadBytes = readers[output].sent > 0
    readers[output].state = hadBytes ? .over : .none
    if hadBytes, !isOver { hasFailed = true }
    tell("pull \(output) lost") { $0.pullLost(output: output, reason: "gone") }
  }

  private func pull(_ output: Int) {
    let before = readers[output]
    // The machine may answer at once, so the reader is there first.
    if !before.isForwarded, before.state == .none, !hasFailed { readers[output].state = .open }
    do throws(TaskRefusal) {
      try say("pull \(output)") { machine throws(TaskRefusal) in
        try machine.openPull(output: output)
      }
      require(!before.isForwarded && before.state == .none && !hasFailed, "one pull")
    } catch {
      switch error {
      case .noSuchPort: require(false, "the port is there")
      case .taken: require((before.isForwarded || before.state != .none) && !hasFailed, "taken")
      case .failed: require(hasFailed, "failed without a cause")
      }
    }
  }

  // MARK: The rest of a life

  /// Everybody does his part to the end: then nobody may be left without an answer.
  func endWell() {
    start()
    for input in pushes.indices where pushes[input].state == .open { done(input) }
    for output in readers.indices where !readers[output].isDrained { drain(output) }
    if isStarted, exit == nil { exit(succeeding: true) }
    for output in readers.indices
    where readers[output].isReading {
      if readers[output].isForwarded { answer(output, true) } else { deliver(output) }
    }
    require(machine.hasEnded, "a task whose neighbours have all done their part has ended")
    require(endings == 1, "ended once")
    require(
      pushes.allSatisfy { [.none, .over].contains($0.state) }, "every push is answered or lost")
    require(
      readers.allSatisfy { [.none, .over].contains($0.state) }, "every reader is told or lost")
  }
}
