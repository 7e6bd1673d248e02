// The words of a failure when it leaves the node.

import Testing

@testable import Sessions

@Suite struct PlaceTests {
  let place = Place(node: "mnp://10.0.0.7:8502", session: "run-7", task: "t1")
  let input = PortLabel(.input, 0, name: "years")

  @Test func theFailuresOwnPortIsNamed() {
    let failure = TaskFailure(.input, "the push broke off", port: input, offset: 1024)
    let text = "node mnp://10.0.0.7:8502, session run-7, task t1, input 0 (years) at byte 1024: "
    #expect(place.describe(failure) == text + "the push broke off")
    // It goes before the port of the one who is told.
    #expect(
      place.describe(failure, port: PortLabel(.output, 3), offset: 9) == text + "the push broke off"
    )
  }

  @Test func anOffsetIsThatOfThePortThatIsNamed() {
    let failure = TaskFailure(.input, "lost", port: input)
    #expect(
      place.describe(failure, port: PortLabel(.output, 3), offset: 9)
        == "node mnp://10.0.0.7:8502, session run-7, task t1, input 0 (years): lost")
  }

  @Test func aFailureWithoutAPortIsToldAtThePortOfWhoHearsIt() {
    let failure = TaskFailure(.operatorFailed, "the operator exited with code 3", exitCode: 3)
    let start = "node mnp://10.0.0.7:8502, session run-7, task t1"
    #expect(place.describe(failure) == start + ": the operator exited with code 3")
    #expect(
      place.describe(failure, port: PortLabel(.output, 3), offset: 9)
        == start + ", output 3 at byte 9: the operator exited with code 3")
    #expect(
      place.describe(failure, port: PortLabel(.output, 3))
        == start + ", output 3: the operator exited with code 3")
  }

  @Test func standardErrorStandsLast() {
    let failure = TaskFailure(
      .operatorFailed, "the operator exited with code 1", exitCode: 1,
      standardErrorTail: ["Traceback", "KeyError: 'years'"])
    #expect(
      place.describe(failure) == """
        node mnp://10.0.0.7:8502, session run-7, task t1: the operator exited with code 1; \
        standard error ends with:
          Traceback
          KeyError: 'years'
        """)
  }
}
