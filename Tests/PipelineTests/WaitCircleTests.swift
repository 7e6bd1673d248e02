// Which waits are a circle, and which only look like one.

import MNP
import Testing

@testable import Pipeline

@Suite struct WaitCircleTests {
  /// A join that reads all of one branch, then the other.
  private let plan: Plan
  /// As the nodes say it when nothing moves any more.
  private var stuck: [String: QueryTaskResponse]

  init() throws {
    plan = try Bench().plan(
      """
      operators:
        source: {command: [a], inputs: [], outputs: [out]}
        other: {command: [b]}
        join: {command: [c], inputs: [{name: first, via: fd}, {name: second, via: fd}]}
      wires: [source -> other, other -> join.first, source -> join.second]
      outputs: {join: out}
      """)
    func port(_ bytes: Int64, held: Int64 = 0) -> PortStatus {
      PortStatus(bytes: bytes, held: held)
    }
    func answer(_ inputs: [PortStatus], _ outputs: [PortStatus]) -> QueryTaskResponse {
      QueryTaskResponse(state: .exists, inputs: inputs, outputs: outputs, still: true)
    }
    stuck = [
      "source": answer([], [port(900, held: 1)]),
      "tee.source.out": answer([port(900, held: 400)], [port(500), port(500, held: 1)]),
      "other": answer([port(500)], [port(300)]),
      "join": answer([port(300), port(500, held: 200)], [port(7)]),
    ]
  }

  private func answers(_ change: (inout [String: QueryTaskResponse]) -> Void)
    -> [String: QueryTaskResponse]
  {
    var answers = stuck
    change(&answers)
    return answers
  }

  @Test func aJoinThatReadsOneAfterTheOther() throws {
    let circle = try #require(WaitCircle(stuck, in: plan))
    #expect(
      circle.failure(in: plan).message
        == "operators wait for each other in a circle, and nothing moves any more: join waits for"
        + " other (join.first is empty); other waits for tee.source.out (other.in is empty);"
        + " tee.source.out waits for join (join.second is full); 'buffer: disk' on the wire to"
        + " join.second lets what comes before it go on")
    #expect(circle.failure(in: plan).kind == .circle)
    #expect(!circle.failure(in: plan).mayPass)
  }

  @Test(arguments: ["join", "other", "tee.source.out"])
  func whoeverGoesOnByItselfEndsIt(name: String) {
    #expect(WaitCircle(answers { $0[name]?.still = false }, in: plan) == nil)
    #expect(WaitCircle(answers { $0[name]?.state = .finished }, in: plan) == nil)
    #expect(WaitCircle(answers { $0[name] = nil }, in: plan) == nil)
  }

  @Test func aSourceThatIsBusyIsNotPartOfIt() {
    // It would only fill a wire that is full.
    let found = WaitCircle(answers { $0["source"]?.still = false }, in: plan)
    #expect(found?.waits.map(\.who) == ["join", "other", "tee.source.out"])
  }

  @Test func bytesOrAnEndOnTheirWayAreNoWait() {
    #expect(WaitCircle(answers { $0["other"]?.outputs[0].bytes = 301 }, in: plan) == nil)
    #expect(WaitCircle(answers { $0["other"]?.outputs[0].done = true }, in: plan) == nil)
    #expect(WaitCircle(answers { $0["tee.source.out"]?.outputs[0].held = 1 }, in: plan) == nil)
    // The end has come: the join does not wait for it.
    #expect(WaitCircle(answers { $0["join"]?.inputs[0].done = true }, in: plan) == nil)
  }

  @Test func anOutputThatTheRunDoesNotTakeYetIsNoWait() {
    #expect(WaitCircle(answers { $0["join"]?.outputs[0].held = 1 }, in: plan) == nil)
  }

  @Test func itIsBelievedWhenItStays() {
    let start = ContinuousClock.now
    var watch = WaitWatch(since: start)
    func look(_ milliseconds: Int, _ answers: [String: QueryTaskResponse]) -> Bool {
      watch.update(answers, in: plan, now: start + .milliseconds(milliseconds)) != nil
    }
    #expect(!look(0, stuck))
    #expect(!watch.wantsLook)
    #expect(!look(400, stuck))
    #expect(!look(600, stuck))
    #expect(watch.wantsLook)
    #expect(!look(1000, stuck))
    #expect(!look(1500, stuck))
    // Something has moved: it begins again.
    let moved = answers {
      $0["join"]?.inputs[0].bytes += 1
      $0["other"]?.outputs[0].bytes += 1
    }
    #expect(!look(2000, moved))
    #expect(!watch.wantsLook)
    #expect(!look(2600, moved))
    for time in [3000, 3300, 3600, 3900] { #expect(!look(time, moved)) }
    #expect(look(4000, moved))
    #expect(!look(4100, answers { $0["join"]?.still = false }))
  }
}
