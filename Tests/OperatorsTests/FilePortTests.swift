// Ports by file: inputs whole before the start, outputs sent after the end, full disks.

import Glibc
import NIOCore
import Operators
import Testing

struct FilePortTests {
  private let parent: String
  private let resources: OperatorResources

  init() {
    parent = temporaryPath()
    mkdir(parent, 0o700)
    var resources = OperatorResources.shared
    resources.data = RuntimeFolder(parents: [parent], keeper: .shared)
    self.resources = resources
  }

  private var tasks: [String] { entries(of: parent).flatMap { entries(of: "\(parent)/\($0)") } }

  private func tidy() {
    resources.data.remove()
    rmdir(parent)
  }

  private func run(
    _ script: String, inputs: [PortBinding] = [], outputs: [PortBinding] = []
  ) -> Run {
    Run(sh: script, inputs: inputs, outputs: outputs, resources: resources)
  }

  private func failure(_ exit: OperatorExit) -> String {
    if case .failed(let message) = exit.reason { message } else { "no failure but \(exit)" }
  }

  @Test func bothWays() async throws {
    defer { tidy() }
    let mark = Mark()
    let run = try await run(
      "touch \(mark.path); wc -c < $HEADRACE_INPUT_0; cp $HEADRACE_INPUT_0 $out",
      inputs: [.file], outputs: [PortBinding(via: .file, variable: "out"), .stdout]
    ).start()
    let piece = [UInt8]((0..<700_001).map { UInt8(truncatingIfNeeded: $0 / 253) })
    for _ in 0..<5 {
      try await run.write(ByteBuffer(bytes: piece))
      try await run.write(ByteBuffer(bytes: piece[..<100]))
    }
    try await run.wait { $0.took[0] == 5 * 700_101 }
    // All is on the disk, but that it is all is only known at the end.
    #expect(!mark.isSet)
    try await run.end()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text(output: 1) == "3500505\n")
    let whole = (0..<5).flatMap { _ in piece + piece[..<100] }
    #expect(try await run.see { $0.output[0] } == whole)
    #expect(tasks == [])
  }

  @Test func emptyFiles() async throws {
    defer { tidy() }
    let run = try await run(
      "cat $HEADRACE_INPUT_0 > $HEADRACE_OUTPUT_0", inputs: [.file], outputs: [.file]
    ).start(reading: false)
    try await run.end()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.see { $0.outputBytes[0] } == nil)
  }

  @Test func anOutputIsSentAsFastAsItIsRead() async throws {
    defer { tidy() }
    let run = try await run(
      "head -c 3000000 /dev/zero > $HEADRACE_OUTPUT_0", outputs: [.file]
    ).start(reading: false)
    for _ in 0..<20 {
      let before = try await run.see { $0.outputBytes[0] ?? 0 }
      try await run.setReading(true)
      try await run.wait { ($0.outputBytes[0] ?? 0) > before || $0.exit != nil }
      try await run.setReading(false)
      if try await run.see({ $0.exit != nil }) { break }
    }
    try await run.setReading(true)
    #expect(try await run.exit().reason == .success)
    #expect(try await run.see { $0.outputBytes[0] } == 3_000_000)
    #expect(tasks == [])
  }

  @Test func anOutputThatIsNeverWrittenFailsTheTask() async throws {
    defer { tidy() }
    let run = try await run("true", outputs: [PortBinding(name: "map", via: .file)]).start()
    #expect(try await failure(run.exit()) == "output 0 (map): the file was never written")
    #expect(tasks == [])
  }

  @Test func whatAFailedProgramWroteIsNotSent() async throws {
    defer { tidy() }
    let run = try await run("echo half > $HEADRACE_OUTPUT_0; exit 9", outputs: [.file]).start()
    #expect(try await run.exit().reason == .code(9))
    #expect(try await run.text() == "")
    #expect(tasks == [])
  }

  @Test func cancelBeforeTheInputIsWhole() async throws {
    defer { tidy() }
    let mark = Mark()
    let run = try await run(
      "touch \(mark.path)", inputs: [.file, .stdin], outputs: [.stdout]
    ).start()
    try await run.write("half", input: 0)
    try await run.write("waits", input: 1)
    try await run.wait { $0.took[0] == 4 }
    try await run.cancel()
    #expect(try await failure(run.exit()) == "cancelled before the program started")
    #expect(!mark.isSet)
    #expect(try await run.see { $0.took[1] } == 5)
    #expect(tasks == [])
  }

  @Test func cancelWhileAnOutputIsSent() async throws {
    defer { tidy() }
    let run = try await run("echo data > $HEADRACE_OUTPUT_0", outputs: [.file])
      .start(reading: false)
    let parent = self.parent
    try await eventually("the program's end") {
      let node = entries(of: parent).first.map { "\(parent)/\($0)" } ?? ""
      return entries(of: node).first.map { exists("\(node)/\($0)/output-0") } ?? false
    }
    try await run.cancel()
    let reason = try await run.exit().reason
    #expect(
      reason == .failed("cancelled before its outputs were sent") || reason == .signal(SIGTERM))
    #expect(tasks == [])
  }

  @Test func foldersInFolders() async throws {
    defer { tidy() }
    let run = try await run(
      """
      d=${HEADRACE_OUTPUT_0%/*}; echo x > $HEADRACE_OUTPUT_0
      for i in 1 2 3 4 5 6 7 8 9; do d=$d/deep; mkdir $d; touch $d/a $d/b; ln -s / $d/root; done
      i=0; while [ $i -lt 200 ]; do : > $d/file-with-a-long-name-$i; i=$((i+1)); done
      chmod 000 $d
      """, outputs: [.file]
    ).start()
    #expect(try await run.exit().reason == .success)
    #expect(tasks == [])
    #expect(exists("/tmp"))
  }
}
