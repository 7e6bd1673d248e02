// The task's machine: every event in every state, and the rules that one input and two outputs
// cannot show.

import Testing

@testable import Sessions

@Suite struct TaskMachineTests {
  static let states = MachineState.beforeTheExit + MachineState.fromTheExitOn

  /// What the table lists; the others are the same in each state and have tests of their own.
  static let tabled = Event.allCases.filter {
    switch $0 {
    case .message, .closed, .sent, .sentForward, .pushNowhere, .pullNowhere, .pullForwarded: false
    // These are those of a push without a token, but for what ContinuationTests say.
    case .pushToken, .interrupted, .back, .backAtStart, .backAsAnother: false
    default: true
    }
  }

  @Test(arguments: states)
  func everyEventInEveryState(_ state: MachineState) {
    expect(Script(state.script).status, is: state.status, "\(state.name)")
    for event in Self.tabled {
      var script = Script(state.script)
      let actions = script.apply(event)
      let status = script.status
      let outcome = status == state.status ? actions : "\(actions) -> \(status)"
      #expect(outcome == state.expected[event] ?? "-", "\(state.name): \(event)")
    }
  }

  @Test(arguments: states)
  func portsThatAreNotThereTouchNothing(_ state: MachineState) {
    for event in [Event.pushNowhere, .pullNowhere] {
      var script = Script(state.script)
      expect(script.apply(event), is: "refused as no port", "\(state.name): \(event)")
      expect(script.status, is: state.status, "\(state.name): \(event)")
    }
    var script = Script(state.script)
    let refusal = script.apply(.pullForwarded)
    let expected = script.machine.failure.map { "refused by \($0.kind.rawValue)" }
    #expect(refusal == expected ?? "refused as taken", "\(state.name)")
    expect(script.status, is: state.status, "\(state.name)")
  }

  @Test(arguments: states)
  func countingDecidesNothing(_ state: MachineState) {
    var script = Script(state.script)
    let before = script.machine.status
    for event in [Event.message, .closed, .sent, .sentForward] {
      expect(script.apply(event), is: "-", "\(state.name): \(event)")
    }
    let after = script.machine.status
    #expect(after.state == before.state, "\(state.name)")
    #expect(after.inputs[0].bytes == before.inputs[0].bytes, "\(state.name)")
    #expect(after.inputs[0].unread == before.inputs[0].unread + 2, "\(state.name)")
    #expect(after.outputs.map(\.bytes) == zip(before.outputs, [7, 9]).map { $0.bytes + $1 })
    #expect(after.outputs.map(\.messages) == before.outputs.map { $0.messages + 1 })
  }

  @Test func namesWhatItRefuses() {
    var machine = TaskMachine(
      inputNames: ["a", nil], outputs: [("map", false), (nil, true)], failsOnEarlyEnd: false)
    #expect(throws: TaskRefusal.noSuchPort("there is no input 2: the session has 2 inputs")) {
      try machine.openPush(input: 2, awaiting: false)
    }
    #expect(throws: TaskRefusal.noSuchPort("there is no output -1: the session has 2 outputs")) {
      try machine.openPull(output: -1)
    }
    #expect(
      throws: TaskRefusal.taken("output 1 has a destination: the node itself forwards it")
    ) {
      try machine.openPull(output: 1)
    }
    #expect(throws: Never.self) {
      try machine.openPush(input: 0, awaiting: false)
      _ = try machine.openPull(output: 0)
    }
    #expect(
      throws: TaskRefusal.taken("input 0 (a) has, or had, a writer: one push writes a port, once")
    ) {
      try machine.openPush(input: 0, awaiting: false)
    }
    #expect(
      throws: TaskRefusal.taken("output 0 (map) has, or had, a reader: one pull reads a port, once")
    ) {
      _ = try machine.openPull(output: 0)
    }
  }

  /// What nobody had read is gone by then: an end in its place would be one of nothing.
  @Test func aPullAfterTheReleaseGetsNoEnd() {
    var machine = TaskMachine(inputNames: [], outputs: [(nil, false)], failsOnEarlyEnd: false)
    _ = machine.start()
    _ = machine.operatorExited(nil)
    _ = machine.release()
    _ = machine.drained(output: 0)
    #expect(
      throws: TaskRefusal.taken("the task has ended and what output 0 had is kept no longer")
    ) {
      _ = try machine.openPull(output: 0)
    }
  }

  @Test func aPushOrPullGoneBeforeItsFirstByteMayBeRepeated() {
    var script = Script([.start, .push, .message, .pushLost, .pull, .pullLost])
    expect(script.machine.unopenedInputs, is: [PortLabel(.input, 0, name: "years")])
    expect(script.machine.status.inputs[0].messages, is: 0)
    expect(script.apply(.push), is: "-")
    expect(script.machine.unopenedInputs, is: [])
    expect(script.apply(.pull), is: "-")
    for event in [Event.bytes, .done, .sent, .drained, .drainedForward] { _ = script.apply(event) }
    expect(script.apply(.exit0), is: "done 0, done 1")
    expect(script.apply(.answered), is: "-")
    expect(script.apply(.delivered), is: "ended")
    expect(script.status, is: "finished in 5! out 7! fwd 0! ended")
  }

  @Test func aFailureSaysWhereAndHowFar() {
    var cut = Script([.start, .push, .bytes, .pushLost])
    expect(
      cut.machine.failure,
      is: TaskFailure(
        .input, "the push broke off before its end: reset",
        port: PortLabel(.input, 0, name: "years"), offset: 5))
    cut = Script([.start, .pushAwaiting, .bytes, .done, .pushLost])
    expect(
      cut.machine.failure,
      is: TaskFailure(
        .input, "the push broke off before its answer: reset",
        port: PortLabel(.input, 0, name: "years"), offset: 5))
    cut = Script([.start, .pull, .sent, .pullLost])
    expect(
      cut.machine.failure,
      is: TaskFailure(
        .output, "the pull went away before the end: gone",
        port: PortLabel(.output, 0, name: "map"), offset: 7))
    cut = Script([.start, .sentForward, .refused])
    expect(
      cut.machine.failure,
      is: TaskFailure(.forward, "no session", port: PortLabel(.output, 1), offset: 9))
  }

  /// A failure of one branch reaches every neighbour; those that have their answer keep it.
  @Test func oneFailedPortFailsEveryNeighbour() throws {
    var machine = TaskMachine(
      inputNames: [nil, nil, nil, nil],
      outputs: [(nil, true), (nil, true), (nil, false), (nil, false)],
      failsOnEarlyEnd: false)
    _ = machine.start()
    try machine.openPush(input: 0, awaiting: true)
    try machine.openPush(input: 1, awaiting: true)
    try machine.openPush(input: 2, awaiting: false)
    _ = machine.pushDone(input: 1)
    expect(machine.pushDone(input: 2), is: [.endInput(2), .answerPush(input: 2, nil)])
    _ = try machine.openPull(output: 2)

    let actions = machine.forwardFailed(output: 0, reason: "refused")
    let told = machine.failure
    let failure = try #require(told)
    #expect(
      actions == [
        .failOutput(1, failure), .failOutput(2, failure), .answerPush(input: 0, failure),
        .answerPush(input: 1, failure), .cancelOperator,
      ])
    #expect(throws: TaskRefusal.failed(failure)) { try machine.openPush(input: 3, awaiting: false) }
    #expect(throws: TaskRefusal.failed(failure)) { _ = try machine.openPull(output: 3) }
    expect(machine.operatorExited(nil), is: [.ended])
    expect(machine.status.state, is: .failed(failure))
  }

  /// Finished means that the operator exited 0 and every forward was answered OK.
  @Test func everyForwardIsWaitedFor() throws {
    var machine = TaskMachine(
      inputNames: [nil], outputs: [(nil, true), (nil, true)], failsOnEarlyEnd: false)
    expect(machine.start(), is: [.startOperator, .openForward(output: 0), .openForward(output: 1)])
    try machine.openPush(input: 0, awaiting: true)
    expect(machine.pushDone(input: 0), is: [.endInput(0)])
    expect(machine.drained(output: 0), is: [])
    expect(machine.operatorExited(nil), is: [.finishOutput(0)])
    expect(machine.delivered(output: 0), is: [])
    expect(machine.drained(output: 1), is: [.finishOutput(1)])
    expect(machine.status.state, is: .exists)
    expect(machine.delivered(output: 1), is: [.answerPush(input: 0, nil), .ended])
    expect(machine.status.state, is: .finished)
  }

  @Test func anEarlyEndIsASuccessThatSaysWhatWasNotRead() {
    var script = Script([.start, .push, .bytes, .bytes, .closed])
    expect(script.apply(.exit0), is: "-")
    expect(script.apply(.bytes), is: "drop")
    expect(script.apply(.drainedForward), is: "done 1")
    expect(script.apply(.answered), is: "ended")
    expect(script.apply(.bytes), is: "drop")
    expect(script.apply(.done), is: "ok 0")
    expect(script.status, is: "finished in 20-12! out 0 fwd 0! ended")
  }

  @Test func anEarlyEndIsAFailureWhereTheOperatorFileSaysSo() {
    // Before `done`, with bytes left; after `done`, with bytes left; never opened.
    let early: [([Event], String, Int64)] = [
      ([.start, .push, .bytes, .closed], "2 bytes unread", 3),
      ([.start, .push, .bytes, .done, .closed], "2 bytes unread", 3),
      ([.start, .push, .bytes], "0 bytes unread", 5),
      ([.start], "0 bytes unread", 0),
    ]
    for (events, words, offset) in early {
      var script = Script(failsOnEarlyEnd: true)
      for event in events { _ = script.apply(event) }
      expect(script.apply(.exit0).hasSuffix("cancel, ended"), is: true)
      expect(
        script.machine.failure,
        is: TaskFailure(
          .operatorFailed,
          "the operator exited 0 before the end of its input, \(words) (early_end: fail)",
          port: PortLabel(.input, 0, name: "years"), offset: offset, exitCode: 0))
    }
    var script = Script(failsOnEarlyEnd: true)
    for event in [Event.start, .push, .bytes, .done] { _ = script.apply(event) }
    expect(script.apply(.exit0), is: "-")
    expect(script.apply(.drainedForward), is: "done 1")
    expect(script.apply(.answered), is: "ended")
  }

  /// `early_end: fail` does not replace the operator's own failure.
  @Test func theOperatorsOwnFailureComesFirst() {
    var script = Script(failsOnEarlyEnd: true)
    for event in [Event.start, .push, .bytes, .closed, .exit3] { _ = script.apply(event) }
    expect(script.machine.failure?.message, is: "code 3")
  }

  @Test func aTaskWithoutPortsIsItsOperator() {
    var machine = TaskMachine(inputNames: [], outputs: [], failsOnEarlyEnd: true)
    expect(machine.unopenedInputs, is: [])
    expect(machine.start(), is: [.startOperator])
    expect(machine.operatorExited(nil), is: [.ended])
    expect(machine.status, is: TaskStatus(state: .finished, inputs: [], outputs: []))
  }

  /// Who waits for the task to end must not be asked twice for its unopened inputs.
  @Test func unopenedInputsAreThoseThatSomebodyStillHasToPush() throws {
    var machine = TaskMachine(
      inputNames: ["a", "b", "c"], outputs: [], failsOnEarlyEnd: false)
    expect(machine.unopenedInputs.map(\.number), is: [0, 1, 2])
    try machine.openPush(input: 1, awaiting: false)
    machine.operatorClosed(input: 0, unread: 0)
    expect(machine.unopenedInputs.map(\.number), is: [2])
    _ = machine.start()
    _ = machine.operatorExited(nil)
    expect(machine.unopenedInputs, is: [])
  }
}
