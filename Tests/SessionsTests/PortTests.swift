// The ports by themselves: what their counters and their own states say.

import Testing

@testable import Sessions

@Suite struct PortTests {
  @Test func anInputCountsOnlyWhatAnOpenPushBrings() {
    var port = InputPort(label: PortLabel(.input, 0))
    expect(port.receive(3), is: false)
    port.receiveMessages(1)
    #expect(port.received == 0 && port.messages == 0)
    expect(port.open(awaiting: false), is: true)
    expect(port.open(awaiting: true), is: false)
    expect(port.receive(3), is: true)
    port.receiveMessages(1)
    expect(port.finish(), is: false)
    expect(port.finish(), is: nil)
    // After `done` nothing reaches the operator any more, whoever sends it.
    expect(port.receive(4), is: false)
    port.receiveMessages(1)
    #expect(port.received == 3 && port.messages == 1 && port.isDone && port.wasReadToItsEnd)
  }

  @Test func whatTheOperatorLeavesIsAddedUp() {
    var port = InputPort(label: PortLabel(.input, 0))
    _ = port.open(awaiting: false)
    expect(port.receive(10), is: true)
    port.closeByOperator(unread: 4)
    expect(port.receive(5), is: false)
    #expect(port.unread == 9 && port.received == 15)
    _ = port.finish()
    #expect(!port.wasReadToItsEnd)
  }

  @Test func anInputClosedAtItsVeryEndWasRead() {
    var port = InputPort(label: PortLabel(.input, 0))
    _ = port.open(awaiting: false)
    _ = port.receive(10)
    port.closeByOperator(unread: 0)
    #expect(!port.wasReadToItsEnd)
    _ = port.finish()
    #expect(port.wasReadToItsEnd)
  }

  @Test func theLossOfAPushDependsOnWhatItWas() {
    let cases: [(awaiting: Bool, bytes: Int, done: Bool, InputPort.Loss, InputPort.Writer)] = [
      (false, 0, false, .harmless, .none),
      (false, 1, false, .cutShort, .lost),
      (true, 0, false, .awaiting, .lost),
      (true, 1, false, .awaiting, .lost),
      (false, 0, true, .harmless, .done(unanswered: false)),
      (false, 1, true, .harmless, .done(unanswered: false)),
      (true, 0, true, .awaiting, .done(unanswered: false)),
      (true, 1, true, .awaiting, .done(unanswered: false)),
    ]
    for (awaiting, bytes, done, loss, writer) in cases {
      var port = InputPort(label: PortLabel(.input, 0))
      _ = port.open(awaiting: awaiting)
      if bytes > 0 { _ = port.receive(bytes) }
      if done { _ = port.finish() }
      expect(port.lose("reset"), is: loss)
      #expect(port.writer == writer)
      #expect(port.error == (loss == .harmless ? nil : "reset"))
      // It goes away once.
      expect(port.lose("again"), is: .harmless)
      expect(port.answer(failed: true), is: false)
    }
  }

  @Test func aPusherIsAnsweredOnce() {
    for awaiting in [false, true] {
      var port = InputPort(label: PortLabel(.input, 0))
      _ = port.open(awaiting: awaiting)
      // A success leaves it open to go on to its `done`.
      expect(port.answer(failed: false), is: false)
      expect(port.finish(), is: awaiting)
      expect(port.answer(failed: false), is: awaiting)
      expect(port.answer(failed: true), is: false)

      var failed = InputPort(label: PortLabel(.input, 0))
      _ = failed.open(awaiting: awaiting)
      expect(failed.answer(failed: true), is: true)
      expect(failed.answer(failed: true), is: false)
      expect(failed.finish(), is: nil)
    }
  }

  @Test func anOutputSaysItsEndOnceAndOnlyWhenDrained() {
    for isForwarded in [false, true] {
      var port = OutputPort(label: PortLabel(.output, 0), isForwarded: isForwarded)
      #expect(port.holdsTheTask == isForwarded)
      expect(port.finish(), is: false)
      expect(port.open(), is: true)
      expect(port.open(), is: false)
      #expect(port.holdsTheTask)
      expect(port.finish(), is: false)
      port.send(8)
      port.drain()
      expect(port.finish(), is: true)
      expect(port.finish(), is: false)
      #expect(port.reader == .ended && port.holdsTheTask)
      port.deliver()
      #expect(port.reader == .delivered && !port.holdsTheTask)
      expect(port.fail(), is: false)
      expect(port.lose("late"), is: false)
      #expect(port.sent == 8 && port.messages == 1 && port.error == nil)
    }
  }

  @Test func theLossOfAReaderDependsOnWhatItHad() {
    var pull = OutputPort(label: PortLabel(.output, 0), isForwarded: false)
    expect(pull.lose("nobody was there"), is: false)
    _ = pull.open()
    expect(pull.lose("before the first byte"), is: false)
    #expect(pull.reader == .none && pull.error == nil)
    expect(pull.open(), is: true)
    pull.send(1)
    expect(pull.lose("cut"), is: true)
    #expect(pull.reader == .lost && pull.error == "cut")
    expect(pull.fail(), is: false)
    expect(pull.open(), is: false)

    var forward = OutputPort(label: PortLabel(.output, 0), isForwarded: true)
    _ = forward.open()
    expect(forward.lose("refused"), is: true)
    #expect(!forward.holdsTheTask)
  }

  @Test func portsHaveNames() {
    #expect(PortLabel(.input, 0).description == "input 0")
    #expect(PortLabel(.output, 2, name: "map").description == "output 2 (map)")
  }
}
