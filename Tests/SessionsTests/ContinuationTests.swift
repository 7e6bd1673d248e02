// A push that loses its connection and comes back, in every state that a push can be in.

import Testing

@testable import Sessions

@Suite struct ContinuationTests {
  /// The states of an awaiting push, whose sender may come back.
  static let states = TaskMachineTests.states.filter { $0.script.contains(.pushAwaiting) }

  private func script(_ state: MachineState) -> [Event] {
    state.script.map { $0 == .pushAwaiting ? .pushToken : $0 }
  }

  private func outcome(_ events: [Event], _ event: Event) -> String {
    var script = Script(events)
    return "\(script.apply(event)) -> \(script.status)"
  }

  @Test(arguments: states)
  func aTokenAloneChangesNothing(_ state: MachineState) {
    #expect(Script(script(state)).status == state.status)
    for event in TaskMachineTests.tabled {
      #expect(
        outcome(script(state), event) == outcome(state.script, event), "\(state.name): \(event)")
    }
  }

  /// The loss of the connection alone changes nothing: what happens meanwhile is as if it were there.
  @Test(arguments: states)
  func interrupted(_ state: MachineState) {
    let before = Script(script(state))
    let mayWait = ["-", "from"].contains { outcome(script(state), .back).hasPrefix($0) }
    let loss = outcome(script(state), .interrupted)
    guard loss.hasPrefix("await 0") else {
      // Nobody to wait for: lost as any other.
      #expect(loss == outcome(script(state), .pushLost), "\(state.name)")
      return
    }
    #expect(mayWait, "\(state.name)")
    #expect(loss == "await 0 -> \(before.status)", "\(state.name)")
    let after = script(state) + [.interrupted]
    expect(Script(after).machine.interruptedInputs.map(\.description), is: ["input 0 (years)"])
    for event in TaskMachineTests.tabled {
      #expect(outcome(after, event) == outcome(state.script, event), "\(state.name): \(event)")
    }
    // Back, it is as before; and again.
    for events in [after + [.back], after + [.back, .interrupted, .back], script(state) + [.back]] {
      #expect(Script(events).machine.interruptedInputs.isEmpty)
      for event in TaskMachineTests.tabled {
        #expect(outcome(events, event) == outcome(state.script, event), "\(state.name): \(event)")
      }
    }
  }

  @Test(arguments: states)
  func whoMayGoOn(_ state: MachineState) {
    for events in [script(state), script(state) + [.interrupted]] {
      var script = Script(events)
      let received = script.machine.status.inputs[0].bytes
      let failure = script.machine.failure.map { "refused by \($0.kind.rawValue)" }
      for stranger in [Event.backAsAnother, .push, .pushAwaiting, .pushToken] {
        #expect(script.apply(stranger) == failure ?? "refused as taken", "\(state.name)")
      }
      let back = script.apply(.back)
      #expect(back == failure ?? "from \(received)", "\(state.name)")
    }
  }

  /// The answer was said to a connection that is gone: it is said again, also when all has ended.
  @Test func theAnswerIsSaidAgain() {
    var script = Script([
      .start, .pushToken, .bytes, .done, .interrupted, .drainedForward, .exit0,
    ])
    expect(script.apply(.answered), is: "ok 0, ended")
    expect(script.apply(.back), is: "from 5, ok 0")
    expect(script.apply(.interrupted), is: "-")
    expect(script.apply(.back), is: "from 5, ok 0")
    // Its sender says `done` once more, since it cannot know what got through.
    expect(script.apply(.done), is: "-")
    expect(script.status, is: "finished in 5! out 0 fwd 0! ended")
  }

  /// The first attempt may never have come: who has everything may begin, and nobody else.
  @Test func beginsOnlyAtTheBeginning() {
    expect(Script([.start]).status, is: "exists in 0 out 0 fwd 0")
    var script = Script([.start])
    expect(script.apply(.back), is: "refused as taken")
    expect(script.apply(.backAtStart), is: "from 0")
    expect(script.apply(.bytes), is: "deliver")
    expect(script.apply(.back), is: "from 5")
    expect(script.apply(.backAsAnother), is: "refused as taken")
  }

  /// An attempt that its sender has given up, read after a later one, does not push that aside.
  @Test func attemptsThatComeLate() throws {
    var script = Script([.start, .pushToken, .bytes])
    _ = try script.machine.continuePush(
      input: 0, awaiting: true, token: "a", base: 0, attempt: 2)
    for attempt in [1, 2] {
      do throws(TaskRefusal) {
        _ = try script.machine.continuePush(
          input: 0, awaiting: true, token: "a", base: 0, attempt: attempt)
        Issue.record("attempt \(attempt) behind 2")
      } catch {
        #expect(
          error == .taken("input 0 (years) does not know the push that wants to go on at byte 0"))
      }
    }
    let third = try script.machine.continuePush(
      input: 0, awaiting: true, token: "a", base: 5, attempt: 3)
    #expect(third.received == 5)
  }

  /// Given up, it stays out.
  @Test func tooLate() {
    var script = Script([.start, .pushToken, .bytes, .interrupted])
    expect(
      script.apply(.pushLost), is: "fail output 1, cancel")
    expect(script.apply(.back), is: "refused by input")
    // Behind an operator that has succeeded the loss is no failure, and there is nothing to go on with.
    var late = Script([.start, .push, .bytes, .exit0, .pushLost])
    expect(late.apply(.back), is: "refused as taken")
  }
}
