// How an operator ends: codes, signals, the rest of its group, cancellation.

import Glibc
import NIOCore
import Operators
import Testing

struct EndTests {
  @Test func exitCodeAndTail() async throws {
    let run = try await Run(
      sh: "i=1; while [ $i -le 30 ]; do echo line $i >&2; i=$((i+1)); done; printf last >&2; exit 3"
    ).start()
    let exit = try await run.exit()
    #expect(exit.reason == .code(3))
    #expect(exit.stderrTail.count == 20)
    #expect(exit.stderrTail.first == "line 12" && exit.stderrTail.last == "last")
    #expect(try await run.see { $0.lines.count } == 31)
  }

  @Test func killedBySignal() async throws {
    let run = try await Run(sh: "kill -SEGV $$").start()
    #expect(try await run.exit().reason == .signal(SIGSEGV))
  }

  @Test func closingTheOutputIsNoEnd() async throws {
    let mark = Mark()
    let run = try await Run(
      sh: "echo data; exec >&-; echo closed >&2; \(mark.wait); exit 3", outputs: [.stdout]
    ).start()
    try await run.wait { $0.lines == ["closed"] && $0.output[0] == Array("data\n".utf8) }
    #expect(try await run.see { $0.drained.isEmpty && $0.exit == nil })
    mark.set()
    #expect(try await run.exit().reason == .code(3))
    #expect(try await run.text() == "data\n")
  }

  @Test func aGrandchildThatKeepsTheOutputOpenIsEnded() async throws {
    let run = try await Run(sh: "sleep 1000 & echo $!", outputs: [.stdout]).start()
    #expect(try await run.exit().reason == .success)
    let pid = try #require(Int32(try await run.text().dropLast()))
    #expect(!isAlive(pid))
  }

  @Test func aGrandchildThatIgnoresSIGTERMIsKilledAfterTheGrace() async throws {
    let run = try await Run(
      sh: """
        (trap '' TERM; echo ready; exec sleep 1000) &
        echo $!
        read line
        """, inputs: [.stdin], outputs: [.stdout], grace: .milliseconds(50)
    ).start()
    try await run.wait { $0.output[0]?.count(where: { $0 == 10 }) == 2 }
    try await run.write("go\n")
    #expect(try await run.exit().reason == .success)
    let text = try await run.text()
    let pid = try #require(text.split(separator: "\n").compactMap { Int32($0) }.first)
    #expect(!isAlive(pid))
  }

  @Test func whatTheGroupWritesAtItsEndIsStillSent() async throws {
    let run = try await Run(
      sh: """
        (trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done) &
        read line
        """, inputs: [.stdin], outputs: [.stdout]
    ).start()
    try await run.wait { $0.output[0] == Array("ready\n".utf8) }
    try await run.write("go\n")
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "ready\nbye\n")
  }

  @Test func aProcessThatLeftTheGroupDoesNotHoldTheOutput() async throws {
    let mark = Mark()
    let run = try await Run(
      sh: "setsid sh -c 'echo $$; \(mark.wait)' & read line; echo end", inputs: [.stdin],
      outputs: [.stdout]
    ).start()
    try await run.wait { $0.output[0]?.last == 10 }
    let pid = try #require(Int32(try await run.text().dropLast()))
    try await run.write("go\n")
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "\(pid)\nend\n")
    // Outside the promise, and so still alive.
    #expect(isAlive(pid))
    mark.set()
    try await eventually { !isAlive(pid) }
  }

  @Test func zombiesOfAGroupAreNotWaitedFor() async throws {
    let mark = Mark()
    // A member that nobody reaps: its parent has left the group and lives on.
    let script = """
      import os, sys, time
      if os.fork() == 0:
          if os.fork() == 0: os._exit(0)
          os.setsid()
          os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
          print(os.getpid(), flush=True)
          while not os.path.exists(sys.argv[1]): time.sleep(0.01)
          os._exit(0)
      sys.stdin.readline()
      """
    let run = try await Run(
      ["python3", "-c", script, mark.path], inputs: [.stdin], outputs: [.stdout],
      environment: Run.inheritedEnvironment
    ).start()
    try await run.wait { $0.output[0]?.last == 10 }
    try await run.write("go\n")
    #expect(try await run.exit().reason == .success)
    let pid = try #require(Int32(try await run.text().dropLast()))
    #expect(isAlive(pid))
    mark.set()
    // Before the mark's file goes with the mark: it would wait for ever.
    try await eventually { !isAlive(pid) }
  }

  @Test func cancel() async throws {
    let run = try await Run(sh: "echo ready; cat", inputs: [.stdin], outputs: [.stdout]).start()
    try await run.wait { $0.output[0]?.last == 10 }
    try await run.cancel()
    try await run.cancel()
    #expect(try await run.exit().reason == .signal(SIGTERM))
  }

  @Test func cancelOfAProgramThatIgnoresSIGTERM() async throws {
    let run = try await Run(
      sh: "trap '' TERM; echo ready; while :; do sleep 0.01; done", outputs: [.stdout],
      grace: .milliseconds(50)
    ).start()
    try await run.wait { $0.output[0]?.last == 10 }
    try await run.cancel()
    #expect(try await run.exit().reason == .signal(SIGKILL))
  }

  @Test func cancelOfAStoppedProgram() async throws {
    let run = try await Run(sh: "echo $$; kill -STOP $$", outputs: [.stdout]).start()
    try await run.wait { $0.output[0]?.last == 10 }
    let pid = try #require(Int32(try await run.text().dropLast()))
    try await eventually { read("/proc/\(pid)/stat")?.contains(") T") == true }
    try await run.cancel()
    #expect(try await run.exit().reason == .signal(SIGTERM))
  }

  @Test func cancelRightAfterTheStart() async throws {
    for _ in 0..<20 {
      let run = try await Run(sh: "while :; do sleep 1; done", outputs: [.stdout]).start()
      try await run.cancel()
      let reason = try await run.exit().reason
      #expect(
        reason == .signal(SIGTERM) || reason == .failed("cancelled before the program started"))
    }
  }

  @Test func cancelWithUnwrittenInput() async throws {
    let run = try await Run(["sleep", "1000"], inputs: [.stdin]).start()
    try await run.write(ByteBuffer(repeating: 1, count: 3_000_000))
    try await run.wait { ($0.took[0] ?? 0) > 0 }
    try await run.cancel()
    #expect(try await run.exit().reason == .signal(SIGTERM))
    #expect(try await run.see { $0.took[0] } == 3_000_000)
    #expect(try await run.see { $0.unread[0] } == 3_000_000)
  }
}
