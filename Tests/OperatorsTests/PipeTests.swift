// Ports by standard input, standard output and further descriptors.

import NIOCore
import Operators
import Testing

struct PipeTests {
  @Test func bytesGoThrough() async throws {
    let run = try await Run(["cat"], inputs: [.stdin], outputs: [.stdout]).start()
    try await run.write("one ")
    try await run.write("two")
    try await run.end()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "one two")
    #expect(try await run.see { $0.took[0] } == 7)
    #expect(try await run.see { $0.unread[0] } == nil)
  }

  @Test func manyMegabytesGoThroughUnchanged() async throws {
    let run = try await Run(["cat"], inputs: [.stdin], outputs: [.stdout]).start()
    var expected: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 40_000)
    for round in 0..<200 {
      for index in piece.indices { piece[index] = UInt8(truncatingIfNeeded: index ^ round &* 31) }
      expected += piece
      // Some are cut small, so that single writes and gathered ones take turns.
      if round % 3 == 0 {
        for part in 0..<40 {
          try await run.write(ByteBuffer(bytes: piece[(part * 1000)..<(part * 1000 + 1000)]))
        }
      } else {
        try await run.write(ByteBuffer(bytes: piece))
      }
    }
    try await run.end()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.see { $0.output[0] } == expected)
    #expect(try await run.see { $0.took[0] } == expected.count)
  }

  @Test func manySmallWritesKeepTheirOrder() async throws {
    let run = Run(["cat"], inputs: [.stdin], outputs: [.stdout])
    let lines = (0..<30_000).map { "line \($0)\n" }
    // Some before there is a pipe, some while it is full; now and then a large one between them.
    for (number, line) in lines.enumerated() {
      if number == 10_000 { try await run.start() }
      let bytes = number % 1000 == 0 ? String(repeating: line, count: 200) : line
      try await run.write(bytes)
    }
    try await run.end()
    #expect(try await run.exit().reason == .success)
    let expected = lines.enumerated().map {
      $0 % 1000 == 0 ? String(repeating: $1, count: 200) : $1
    }
    #expect(try await run.text() == expected.joined())
  }

  @Test func outputIsSentAtOnce() async throws {
    let run = try await Run(
      sh: "echo first; read line; echo $line", inputs: [.stdin], outputs: [.stdout]
    ).start()
    // It comes while the program still waits for its input.
    try await run.wait { $0.output[0] == Array("first\n".utf8) }
    try await run.write("second\n")
    try await run.wait { $0.output[0] == Array("first\nsecond\n".utf8) }
    #expect(try await run.exit().reason == .success)
    // One line was asked for, but the end never came.
    #expect(try await run.see { $0.unread[0] } == 0)
  }

  @Test func anOutputThatNobodyReadsStopsTheProgram() async throws {
    let script = """
      import os, sys
      os.set_blocking(1, False)
      count = 0
      try:
          while count < 3000000: count += os.write(1, bytes(1000))
      except BlockingIOError: pass
      print("stuck" if count <= 65536 else count, file=sys.stderr, flush=True)
      os.set_blocking(1, True)
      while count < 3000000: count += os.write(1, bytes(3000000 - count))
      print("done", file=sys.stderr)
      """
    let run = try await Run(
      ["python3", "-c", script], outputs: [.stdout], environment: Run.inheritedEnvironment
    ).start(reading: false)
    try await run.keepOnlyCounts()
    try await run.wait { $0.lines == ["stuck"] }
    for _ in 0..<50 {
      try await run.setReading(true)
      try await run.setReading(false)
    }
    try await run.setReading(true)
    #expect(try await run.exit().reason == .success)
    #expect(try await run.see { $0.outputBytes[0] } == 3_000_000)
    #expect(try await run.see { $0.lines } == ["stuck", "done"])
  }

  @Test func exitDoesNotWaitForAReader() async throws {
    let run = try await Run(sh: "echo kept", outputs: [.stdout]).start(reading: false)
    try await run.wait { $0.exit == .success }
    #expect(try await run.see { $0.drained } == [])
    try await run.setReading(true)
    try await run.exit()
    #expect(try await run.text() == "kept\n")
  }

  @Test func cancelAfterTheExitDropsWhatNobodyReads() async throws {
    let run = try await Run(sh: "echo dropped", outputs: [.stdout]).start(reading: false)
    try await run.wait { $0.exit == .success }
    try await run.cancel()
    try await run.exit()
    #expect(try await run.text() == "")
  }

  @Test func headLeavesItsInputUnread() async throws {
    let run = Run(["head", "-n", "1"], inputs: [.stdin], outputs: [.stdout])
    let line = String(repeating: "x", count: 99) + "\n"
    try await run.write(String(repeating: line, count: 40_000))
    try await run.start()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == line)
    // What it read it took in blocks; all the rest is unread, and its credit is back.
    let (unread, took) = try await run.see { ($0.unread[0] ?? 0, $0.took[0] ?? 0) }
    #expect(unread > 3_000_000 && unread < 4_000_000)
    #expect(took == 4_000_000)
    // What comes later is dropped.
    try await run.write("late")
    try await run.wait { $0.took[0] == 4_000_004 }
  }

  @Test func unreadBytesAreCountedAfterAGoodEnd() async throws {
    let run = Run(["true"], inputs: [.stdin])
    try await run.write("never read")
    try await run.end()
    try await run.start()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.see { $0.unread[0] } == 10)
  }

  @Test func aProgramThatClosesItsInputGoesOn() async throws {
    let mark = Mark()
    let run = try await Run(
      sh: "exec <&-; echo closed; \(mark.wait); echo done", inputs: [.stdin], outputs: [.stdout]
    ).start()
    try await run.wait { $0.output[0] == Array("closed\n".utf8) }
    try await run.write("nobody reads this")
    // Whether the write or its reader's leaving comes first, it ends there.
    try await run.wait { $0.unread[0] != nil && $0.took[0] == 17 }
    mark.set()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "closed\ndone\n")
  }

  @Test func portsByDescriptor() async throws {
    let run = try await Run(
      sh: "cat $HEADRACE_INPUT_0 > $HEADRACE_OUTPUT_1; cat <&4 > $second",
      inputs: [.fd, .fd], outputs: [PortBinding(via: .fd, variable: "second"), .fd]
    ).start()
    try await run.write("to one", input: 0)
    try await run.write("to zero", input: 1)
    try await run.end(input: 0)
    try await run.end(input: 1)
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text(output: 0) == "to zero")
    #expect(try await run.text(output: 1) == "to one")
  }

  @Test func aPortThatTheProgramDoesNotKnow() async throws {
    let run = Run(
      sh: "env | grep -c HEADRACE_ || true", inputs: [.none], outputs: [.none, .stdout])
    try await run.write("dropped")
    try await run.start()
    try await run.wait { $0.took[0] == 7 }
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text(output: 1) == "0\n")
    #expect(try await run.see { $0.unread[0] } == 7)
  }

  @Test func withoutPortsThereIsNoInputAndOutputIsLogged() async throws {
    let run = try await Run(sh: "cat; echo out; echo err >&2; printf partial").start()
    #expect(try await run.exit() == OperatorExit(.success, stderrTail: ["err"]))
    #expect(try await run.see { $0.lines.sorted() } == ["err", "out", "partial"])
  }
}
