// Ports by file: inputs whole before the start, outputs sent after the end, full disks.

import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import Operators

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

  /// Nobody has to read for the program to have ended; what it left is read whenever.
  @Test func anOutputIsSentAsFastAsItIsRead() async throws {
    defer { tidy() }
    let run = try await run(
      "head -c 3000000 /dev/zero > $HEADRACE_OUTPUT_0", outputs: [.file]
    ).start(reading: false)
    #expect(try await run.exit(drained: 0).reason == .success)
    #expect(tasks == [])
    for _ in 0..<20 {
      let before = try await run.see { $0.outputBytes[0] ?? 0 }
      try await run.setReading(true)
      try await run.wait { ($0.outputBytes[0] ?? 0) > before || $0.drained.contains(0) }
      try await run.setReading(false)
    }
    try await run.setReading(true)
    #expect(try await run.exit().reason == .success)
    #expect(try await run.see { $0.outputBytes[0] } == 3_000_000)
  }

  /// An error of the disk is no end of the file.
  @Test func aFileThatCannotBeReadHasNoEnd() async throws {
    let path = temporaryPath()
    defer { unlink(path) }
    let file = try Descriptor.open(path, O_CREAT | O_WRONLY, mode: 0o600)
    let loop = Run.group.next()
    let ended = loop.makePromise(of: SystemError?.self)
    try await loop.submit {
      let reader = FileReader(
        file: file, eventLoop: loop, threadPool: .singleton,
        events: .init(read: { _ in }, finished: { ended.succeed($0) }))
      reader.start()
    }.get()
    let error = try #require(try await ended.futureResult.get())
    #expect(error.errno == EBADF)
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

  /// A cancelled output never seems to have come to its end.
  @Test func whatIsDroppedHasNoEnd() async throws {
    defer { tidy() }
    let run = try await run("head -c 3000000 /dev/zero > $HEADRACE_OUTPUT_0", outputs: [.file])
      .start(reading: false)
    #expect(try await run.exit(drained: 0).reason == .success)
    try await run.setReading(true)
    try await run.wait { ($0.outputBytes[0] ?? 0) > 0 }
    try await run.setReading(false)
    try await run.cancel()
    try await run.setReading(true)
    try await run.forget()
    while try await !run.isFreed() {}
    #expect(try await run.see { $0.drained.isEmpty && ($0.outputBytes[0] ?? 0) < 3_000_000 })
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
