// Credit is given once for each byte, and an operator that is ahead waits.

import Sessions
import Testing

@Suite struct PortCreditTests {
  @Test func eachByteIsCreditedOnce() {
    var input = InputCredit()
    input.gave(100)
    let credit = [input.took(30), input.took(70)]
    #expect(credit == [30, 70])
    #expect(input.untaken == 0)
  }

  /// What came over the lost connection is taken first, and is nobody's; what comes after it is the
  /// new connection's.
  @Test func whatALostConnectionSentIsNobodys() {
    var input = InputCredit()
    input.gave(100)
    input.changedConnection()
    input.gave(50)
    let credit = [input.took(80), input.took(40), input.took(30)]
    #expect(credit == [0, 20, 30])
    #expect(input.untaken == 0)
  }

  @Test func anotherLossCountsAllThatIsLeft() {
    var input = InputCredit()
    input.gave(10)
    input.changedConnection()
    var credit = [input.took(4)]
    input.gave(10)
    input.changedConnection()
    credit.append(input.took(16))
    input.gave(1)
    credit.append(input.took(1))
    #expect(credit == [0, 0, 1])
  }

  @Test(arguments: [(true, OutputPace.crossingWindow), (false, 0)])
  func anOperatorMayBeAWindowAhead(crosses: Bool, window: Int) {
    var output = OutputPace()
    output.sent(window)
    #expect(!output.isAhead(crosses: crosses))
    output.sent(1)
    #expect(output.isAhead(crosses: crosses))
  }

  @Test func itGoesOnAtHalfAWindow() {
    var output = OutputPace()
    output.sent(OutputPace.crossingWindow + 10)
    output.pause()
    let early = output.took(OutputPace.crossingWindow / 2)
    #expect(!early && output.isPaused)
    let atHalf = output.took(10)
    #expect(atHalf && !output.isPaused)
    // Only who waits is told.
    let later = output.took(OutputPace.crossingWindow / 2)
    #expect(!later && output.outstanding == 0)
  }

  @Test func aForwardSaysItself() {
    var output = OutputPace()
    output.pause()
    output.goOn()
    #expect(!output.isPaused && output.outstanding == 0)
  }
}
