// Ports by named pipe, as they really are.

import Glibc
import NIOCore
import Operators
import Testing

struct NamedPipeTests {
  /// Its own runtime folder, so that a test can see that nothing stays in it.
  private final class Place: Sendable {
    let parent = temporaryPath()
    let resources: OperatorResources

    init() {
      mkdir(parent, 0o700)
      var resources = OperatorResources.shared
      resources.pipes = RuntimeFolder(parents: [parent], keeper: .shared)
      self.resources = resources
    }

    /// Names of the folders of tasks.
    var tasks: [String] { entries(of: parent).flatMap { entries(of: "\(parent)/\($0)") } }

    deinit {
      resources.pipes.remove()
      rmdir(parent)
    }
  }

  private let place = Place()

  private func run(
    _ script: String, inputs: [PortBinding] = [], outputs: [PortBinding] = []
  ) -> Run {
    Run(sh: script, inputs: inputs, outputs: outputs, resources: place.resources)
  }

  private func failure(_ exit: OperatorExit) -> String {
    if case .failed(let message) = exit.reason { message } else { "no failure but \(exit)" }
  }

  @Test func bothWays() async throws {
    let run = try await run(
      "cat $HEADRACE_INPUT_0 > $out",
      inputs: [.fifo], outputs: [PortBinding(name: "result", via: .fifo, variable: "out")]
    ).start()
    try await run.write("through ")
    try await run.write("named pipes")
    try await run.end()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "through named pipes")
    #expect(try await run.see { $0.unread[0] } == nil)
    #expect(place.tasks == [])
  }

  @Test func manyMegabytes() async throws {
    let run = try await run(
      "cat $HEADRACE_INPUT_0 > $HEADRACE_OUTPUT_0", inputs: [.fifo], outputs: [.fifo]
    ).start()
    let piece = [UInt8]((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 251) })
    for _ in 0..<20 { try await run.write(ByteBuffer(bytes: piece)) }
    try await run.end()
    #expect(try await run.exit().reason == .success)
    let whole = (0..<20).flatMap { _ in piece }
    #expect(try await run.see { $0.output[0] } == whole)
  }

  @Test func foldersAreForThisUserAlone() async throws {
    let run = try await run(
      "stat -c '%a %F' $HEADRACE_INPUT_0 ${HEADRACE_INPUT_0%/*} ${HEADRACE_INPUT_0%/*/*}",
      inputs: [.fifo], outputs: [.stdout]
    ).start()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "600 fifo\n700 directory\n700 directory\n")
  }

  @Test func severalOpensOfAnOutputConcatenate() async throws {
    let run = try await run(
      "echo one > $HEADRACE_OUTPUT_0; echo two > $HEADRACE_OUTPUT_0; echo three > $HEADRACE_OUTPUT_0",
      outputs: [.fifo]
    ).start()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "one\ntwo\nthree\n")
  }

  @Test func anOutputIsSentWhileItIsWritten() async throws {
    let mark = Mark()
    let run = try await run(
      "exec > $HEADRACE_OUTPUT_0; echo first; \(mark.wait); echo second", outputs: [.fifo]
    ).start()
    try await run.wait { $0.output[0] == Array("first\n".utf8) }
    mark.set()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "first\nsecond\n")
  }

  @Test func anOutputThatIsOpenedAndLeftEmptyIsGood() async throws {
    let run = try await run(": > $HEADRACE_OUTPUT_0", outputs: [.fifo]).start()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "")
  }

  @Test func anOutputThatIsNeverOpenedFailsTheTask() async throws {
    let run = try await run(
      "true", outputs: [PortBinding(name: "log", via: .fifo)]
    ).start()
    #expect(
      try await failure(run.exit()) == "output 0 (log): the named pipe was never opened")
    #expect(place.tasks == [])
  }

  @Test func anExitCodeTellsMoreThanAnUnopenedPipe() async throws {
    let run = try await run("exit 4", outputs: [.fifo]).start()
    #expect(try await run.exit().reason == .code(4))
  }

  @Test func aFileRenamedOverTheOutputIsSent() async throws {
    let run = try await run(
      "head -c 1000000 /dev/zero > $HEADRACE_OUTPUT_0.tmp; mv -f $HEADRACE_OUTPUT_0.tmp $HEADRACE_OUTPUT_0",
      outputs: [PortBinding(name: "map", via: .fifo)]
    ).start()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.see { $0.output[0] } == [UInt8](repeating: 0, count: 1_000_000))
    #expect(
      try await run.see { $0.lines } == [
        "output 0 (map): the program put a file where the named pipe was; the file is sent"
      ])
    #expect(place.tasks == [])
  }

  @Test func aFileRenamedOverAnOutputThatWasWrittenToFails() async throws {
    let run = try await run(
      """
      echo some > $HEADRACE_OUTPUT_0
      echo other > $HEADRACE_OUTPUT_0.tmp; mv -f $HEADRACE_OUTPUT_0.tmp $HEADRACE_OUTPUT_0
      """, outputs: [.fifo]
    ).start()
    #expect(
      try await failure(run.exit())
        == "output 0: written through the named pipe and replaced by a file")
  }

  @Test func anOutputThatTheProgramRemovedAfterWritingIsGood() async throws {
    let run = try await run(
      "echo data > $HEADRACE_OUTPUT_0; rm $HEADRACE_OUTPUT_0", outputs: [.fifo]
    ).start()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "data\n")
  }

  @Test func anInputThatIsOpenedLateGetsAllOfIt() async throws {
    let mark = Mark()
    let run = try await run(
      "echo ready; \(mark.wait); cat $HEADRACE_INPUT_0", inputs: [.fifo], outputs: [.stdout]
    ).start()
    try await run.wait { $0.output[0] == Array("ready\n".utf8) }
    try await run.write("whole")
    try await run.end()
    #expect(try await run.see { $0.took[0] } == nil)
    mark.set()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "ready\nwhole")
  }

  @Test func anEmptyInputEnds() async throws {
    let run = try await run("cat $HEADRACE_INPUT_0", inputs: [.fifo], outputs: [.stdout]).start()
    try await run.end()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "")
    #expect(try await run.see { $0.unread[0] } == nil)
  }

  @Test func anInputThatIsNeverOpenedIsUnread() async throws {
    let run = run("true", inputs: [.fifo])
    try await run.write("for nobody")
    try await run.end()
    try await run.start()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.see { $0.unread[0] } == 10)
    #expect(try await run.see { $0.took[0] } == 10)
  }

  @Test func anInputThatIsClosedEarlyIsClosedForGood() async throws {
    let mark = Mark()
    let run = try await run(
      "head -c 10 $HEADRACE_INPUT_0; echo; \(mark.wait); cat $HEADRACE_INPUT_0",
      inputs: [.fifo], outputs: [.stdout]
    ).start()
    try await run.write(String(repeating: "0123456789", count: 100_000))
    try await run.wait { $0.unread[0] != nil }
    mark.set()
    // The second open must neither wait for ever nor find the middle of the data.
    #expect(try await run.exit().reason == .code(1))
    #expect(try await run.text() == "0123456789\n")
    let (unread, took) = try await run.see { ($0.unread[0] ?? 0, $0.took[0]) }
    #expect(unread > 900_000 && unread < 1_000_000)
    #expect(took == 1_000_000)
  }

  @Test func twoInputsReadOneAfterTheOther() async throws {
    let run = try await run(
      "cat $HEADRACE_INPUT_1 $HEADRACE_INPUT_0", inputs: [.fifo, .fifo], outputs: [.stdout]
    ).start()
    try await run.write("zero", input: 0)
    try await run.end(input: 0)
    try await run.write("one ", input: 1)
    try await run.end(input: 1)
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "one zero")
  }

  @Test func cancelWhileTheInputIsNotOpened() async throws {
    let run = try await run(
      "echo ready; while :; do sleep 0.01; done", inputs: [.fifo], outputs: [.stdout, .fifo]
    ).start()
    try await run.wait { $0.output[0] == Array("ready\n".utf8) }
    try await run.cancel()
    #expect(try await run.exit().reason == .signal(SIGTERM))
    #expect(place.tasks == [])
  }

  @Test func aProgramThatCannotStartLeavesNoFolder() async throws {
    let run = try await Run(
      ["no-such-program-x"], inputs: [.fifo], outputs: [.fifo], resources: place.resources
    ).start()
    #expect(try await failure(run.exit()) == "command not found: no-such-program-x")
    #expect(place.tasks == [])
  }

  @Test func pythonOpensNamedPipesToo() async throws {
    let script = """
      import os
      with open(os.environ["input_path"], "rb") as i, open(os.environ["output_path"], "wb") as o:
          for line in i:
              o.write(line.upper())
              o.flush()
      """
    let run = try await Run(
      ["python3", "-c", script], inputs: [PortBinding(via: .fifo, variable: "input_path")],
      outputs: [PortBinding(via: .fifo, variable: "output_path")],
      environment: Run.inheritedEnvironment, resources: place.resources
    ).start()
    try await run.write("one\n")
    try await run.wait { $0.output[0] == Array("ONE\n".utf8) }
    try await run.write("two\n")
    try await run.end()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "ONE\nTWO\n")
  }
}
