// The session's machine: every event in every state.

import Testing

@testable import Sessions

@Suite struct SessionMachineTests {
  enum Event: CaseIterable {
    case ready, failed, quit, closed
  }

  typealias State = SessionMachine.State

  static func apply(_ event: Event, to machine: inout SessionMachine) -> Bool? {
    switch event {
    case .ready: return machine.becameReady()
    case .quit: return machine.quit()
    case .failed:
      machine.failed("no such image")
      return nil
    case .closed:
      machine.closed()
      return nil
    }
  }

  @Test func everyEventInEveryState() {
    let states: [(script: [Event], State, refusal: String?)] = [
      ([], .initializing, "the session is not ready yet"),
      ([.ready], .ready, nil),
      ([.failed], .failed("no such image"), "the session's init failed: no such image"),
      ([.quit], .quitting, "the session has been quit"),
      ([.ready, .quit], .quitting, "the session has been quit"),
      ([.quit, .closed], .closed, "the session has been quit"),
    ]
    /// The answer, where there is one, and the next state.
    func expected(_ event: Event, in state: State) -> (Bool?, State) {
      switch (state, event) {
      case (.initializing, .ready): (true, .ready)
      case (.initializing, .failed): (nil, .failed("no such image"))
      case (.initializing, .quit), (.ready, .quit): (true, .quitting)
      case (_, .closed): (nil, .closed)
      case (_, .failed): (nil, state)
      case (_, .ready), (_, .quit): (false, state)
      }
    }
    for (script, state, refusal) in states {
      for event in Event.allCases {
        var machine = SessionMachine()
        for step in script { _ = Self.apply(step, to: &machine) }
        expect(machine.state, is: state)
        expect(machine.refusal, is: refusal)
        let (answer, next) = expected(event, in: state)
        expect(Self.apply(event, to: &machine), is: answer, "\(event) in \(state)")
        expect(machine.state, is: next, "\(event) in \(state)")
      }
    }
  }

  /// Init that succeeds after QuitSession ends with SS_FAILED, and why it did is still known.
  @Test func aSessionThatWasQuitDoesNotBecomeReady() {
    var machine = SessionMachine()
    expect(machine.quit(), is: true)
    expect(machine.becameReady(), is: false)
    machine.failed("the download broke off")
    expect(machine.state, is: .quitting)
    expect(machine.refusal, is: "the session has been quit")
  }
}
