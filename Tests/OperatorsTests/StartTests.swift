// How a program starts: what it finds, and what is said when it cannot.

import NIOCore
import Operators
import Testing

struct StartTests {
  private func failure(_ run: Run) async throws -> String {
    guard case .failed(let message) = try await run.exit().reason else { return "no failure" }
    return message
  }

  @Test func commandNotFound() async throws {
    let run = Run(["no-such-program-x"], inputs: [.stdin], outputs: [.stdout])
    try await run.write("lost")
    try await run.start()
    #expect(try await failure(run) == "command not found: no-such-program-x")
    #expect(try await run.see { $0.took[0] } == 4)
    #expect(try await run.see { $0.unread[0] } == 4)
  }

  @Test func relativePathIsLookedUpInTheWorkingDirectory() async throws {
    let found = try await Run(["./env"], outputs: [.stdout], workingDirectory: "/usr/bin").start()
    #expect(try await found.exit() == .success)
    let missing = try await Run(["./env"], workingDirectory: "/").start()
    #expect(try await failure(missing) == "command not found: ./env")
  }

  @Test func thePathIsTheOperatorsOwn() async throws {
    let run = try await Run(["sh", "-c", "true"], environment: ["PATH": "/nowhere:/etc"]).start()
    #expect(try await failure(run) == "command not found: sh")
  }

  @Test func notExecutable() async throws {
    let run = try await Run(["/etc/passwd"]).start()
    #expect(try await failure(run) == "cannot run /etc/passwd: Permission denied")
  }

  @Test func interpreterMissing() async throws {
    let script = temporaryPath()
    let maker = try await Run(
      sh: "printf '#!/no/such/interpreter\\n' > \(script); chmod 755 \(script)"
    ).start()
    #expect(try await maker.exit() == .success)
    let run = try await Run([script]).start()
    #expect(
      try await failure(run) == "cannot run \(script): the interpreter that it names is missing")
    try await Run(["rm", script]).start().exit()
  }

  @Test func workingDirectoryMissing() async throws {
    let run = try await Run(["true"], workingDirectory: "/no/such/folder").start()
    #expect(
      try await failure(run)
        == "cannot enter the working directory /no/such/folder: No such file or directory")
  }

  @Test func impossibleCommands() async throws {
    #expect(try await failure(Run([]).start()) == "the command is empty")
    #expect(
      try await failure(Run(["echo", "a\0b"]).start())
        == "an argument of echo contains a NUL character")
    #expect(
      try await failure(Run(["true"], environment: ["A=B": "c"]).start())
        == "not a name of an environment variable: 'A=B'")
    #expect(
      try await failure(Run(["true"], environment: ["A": "b\0"]).start())
        == "the environment variable A contains a NUL character")
    #expect(
      try await failure(Run(["true"], inputs: [.stdin, .stdin]).start())
        == "only one port, an input, can be standard input")
    #expect(
      try await failure(Run(["true"], outputs: [.stdout, .stdout]).start())
        == "only one port, an output, can be standard output")
  }

  @Test func theEnvironmentIsCompleteAndNothingElse() async throws {
    let run = try await Run(
      ["env"], outputs: [.stdout], environment: ["PATH": "/usr/bin:/bin", "EMPTY": ""]
    ).start()
    #expect(try await run.exit().reason == .success)
    let lines = try await run.text().split(separator: "\n").sorted()
    #expect(lines == ["EMPTY=", "PATH=/usr/bin:/bin"])
  }

  @Test func theChildHasNoDescriptorsButItsPorts() async throws {
    let script = """
      import os
      for fd in range(4096):
          try: print(fd, os.readlink(f"/proc/self/fd/{fd}").split(":")[0])
          except OSError: pass
      """
    let run = try await Run(
      ["python3", "-c", script], inputs: [.fd], outputs: [.stdout, .fd],
      environment: Run.inheritedEnvironment
    ).start()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "0 /dev/null\n1 pipe\n2 pipe\n3 pipe\n4 pipe\n")
  }

  @Test func signalsAreAsAtTheBeginning() async throws {
    // Not a shell, which sets its own.
    let run = try await Run(
      ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"], outputs: [.stdout]
    ).start()
    #expect(try await run.exit().reason == .success)
    #expect(
      try await run.text() == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
  }

  @Test func itLeadsAGroupOfItsOwn() async throws {
    let run = try await Run(
      sh: "echo $$; ps -o pgid= -p $$ || cut -d' ' -f5 /proc/$$/stat", outputs: [.stdout]
    ).start()
    #expect(try await run.exit().reason == .success)
    let numbers = try await run.text().split(whereSeparator: \.isWhitespace)
    #expect(numbers.count == 2 && numbers[0] == numbers[1])
  }

  @Test func hundredsOfTasksAtOnce() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<300 {
        group.addTask {
          let run = try await Run(
            sh: "read line; echo $line \(number) >&2; cat", inputs: [.stdin], outputs: [.stdout]
          ).start()
          try await run.write("task\nrest \(number)")
          try await run.end()
          let exit = try await run.exit()
          #expect(exit == OperatorExit(.success, stderrTail: ["task \(number)"]))
          #expect(try await run.text() == "rest \(number)")
        }
      }
      try await group.waitForAll()
    }
  }
}
