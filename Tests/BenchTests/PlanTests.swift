// What is to be measured, and in which order.

import Testing

@testable import Bench

@Suite struct PlanTests {
  @Test func sizesAreReadAndWritten() {
    #expect(SizeList.parse("100,4K,64K,1M,16M") == SizeList.standard)
    #expect(SizeList.parse("1G") == [1 << 30])
    // In order, each once.
    #expect(SizeList.parse("64K,100,65536") == [100, 65536])
    #expect(SizeList.standard.map(SizeList.text) == ["100", "4K", "64K", "1M", "16M"])
    #expect(SizeList.text(1025) == "1025")
  }

  @Test(arguments: ["", "0", "-1", "4k", "1.5K", "64K,", ",64K", "2G", "99999999999999999999"])
  func whatIsNoListOfSizes(_ text: String) {
    #expect(SizeList.parse(text) == nil)
  }

  @Test func wordsAreSplitAsAShellDoes() {
    #expect(ShellWords.split("cat") == ["cat"])
    #expect(ShellWords.split("  sed  -u\t's/a b/c/' ") == ["sed", "-u", "s/a b/c/"])
    #expect(ShellWords.split(#"a\ b "c \"d\" \n" '' e"f"g"#) == ["a b", #"c "d" \n"#, "", "efg"])
    #expect(ShellWords.split("$HOME | *") == ["$HOME", "|", "*"])
    #expect(ShellWords.split("") == [])
  }

  @Test(arguments: ["'", "\"a", "a\\", "a 'b\""])
  func whatIsNotClosedIsNoCommand(_ text: String) {
    #expect(ShellWords.split(text) == nil)
  }

  @Test func runsAreInterleaved() {
    let schedule = Schedule(measurements: 3, runs: 2)
    #expect(schedule.steps.map(\.run) == [1, 1, 1, 2, 2, 2])
    #expect(schedule.steps.map(\.measurement) == [0, 1, 2, 0, 1, 2])
    #expect(schedule.estimate([1, 0.5, 0.25]) == 3.5)
  }

  @Test func theEstimateIsForPeople() {
    #expect(Schedule.text(seconds: 0.2) == "about 1 s")
    #expect(Schedule.text(seconds: 119) == "about 119 s")
    #expect(Schedule.text(seconds: 160) == "about 3 min")
  }

  @Test func aSubjectSaysWhatItIs() {
    #expect(Subject(.push, size: 65536, streams: 1, nodes: 1).label == "push 64K")
    #expect(Subject(.push, size: 100, streams: 4, nodes: 1).label == "push 100, 4 streams")
    #expect(Subject(.rawTCP, write: 65536, read: 1 << 17).label == "raw-tcp w64K r128K")
    #expect(Subject(.firstByte, size: 100, nodes: 1).label == "first-byte 100, 1 node")
    #expect(Subject(.command, size: 4096, nodes: 1, command: "cat").label == "operator 4K, cat")
  }
}
