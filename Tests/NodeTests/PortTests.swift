// Every way in which a port reaches a program, through the node; and what the program says.

import Client
import MNP
import NIOCore
import Node
import OperatorFile
import Testing

@Suite(.timeLimit(.minutes(5)))
struct PortTests {
  @Test(arguments: loopCounts, [PortMedium.fd, .fifo, .file])
  func mediaByPath(loops: Int, medium: PortMedium) async throws {
    try await withBench(loops: loops) { bench in
      var definition = OperatorDefinition.shell(
        """
        cat "$HEADRACE_INPUT_0" > "$result"
        cat "$HEADRACE_INPUT_1" > "$HEADRACE_OUTPUT_1"
        """)
      definition.inputs = ["a", "b"].map { PortDefinition(name: $0, via: medium) }
      definition.outputs = [
        PortDefinition(name: "c", via: medium, parameter: "result"),
        PortDefinition(name: "d", via: medium),
      ]
      let node = try await bench.node("paths", definition)
      let session = try await bench.ready(node, inputs: 2, outputs: 2)
      let task = TaskID.random()
      let data = [Pattern.bytes(300_000, seed: 1), Pattern.bytes(1_000_000, seed: 2)]
      try await withThrowingTaskGroup { group in
        for index in 0..<2 {
          let port = node.port(Int32(index), of: session)
          group.addTask { try await bench.push(data[index], to: port, task) }
          group.addTask {
            let pulled = try await bench.pull(port, task)
            #expect(pulled == data[index])
          }
        }
        try await group.waitForAll()
      }
      try await bench.status(node, session, task) { $0.state == .finished }
    }
  }

  /// What goes by file is not sent before the program has succeeded.
  @Test(arguments: loopCounts)
  func fileOfAFailedProgramIsNotSent(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      var definition = OperatorDefinition.shell("echo half > \"$HEADRACE_OUTPUT_0\"; exit 4")
      definition.inputs = []
      definition.outputs = [PortDefinition(name: "c", via: .file)]
      let node = try await bench.node("half", definition)
      let session = try await bench.ready(node, inputs: 0)
      await failure(.aborted, naming: "output 0 (c) at byte 0", "exited with code 4") {
        try await bench.pull(node.port(0, of: session), .random())
      }
    }
  }

  @Test func namedPipeThatIsNeverOpened() async throws {
    try await withBench(loops: 1) { bench in
      var definition = OperatorDefinition.shell("exit 0")
      definition.inputs = []
      definition.outputs = [PortDefinition(name: "c", via: .fifo)]
      let node = try await bench.node("silent", definition)
      let session = try await bench.ready(node, inputs: 0)
      await failure(.aborted, naming: "output 0 (c)") {
        try await bench.pull(node.port(0, of: session), .random())
      }
    }
  }

  @Test(arguments: loopCounts)
  func standardErrorGoesToTheLog(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node(
        "talker", shell: "echo one >&2; echo two >&2; printf three >&2")
      let session = try await bench.ready(node, inputs: 0, outputs: 0)
      let tasks = [TaskID.random(), .random()]
      for task in tasks {
        _ = try await bench.client.queryTask(node.session(session), task: task, ensure: true)
        try await bench.status(node, session, task) { $0.state == .finished }
      }
      for task in tasks {
        let lines = node.log.standardError.filter { $0.metadata["task"] == "\(task)" }
        #expect(lines.map(\.message) == ["one", "two", "three"])
        #expect(lines.allSatisfy { $0.metadata["session"] == "s" })
      }
    }
  }

  /// An operator without an output talks to the log.
  @Test func standardOutputThatIsNoPortGoesToTheLog() async throws {
    try await withBench(loops: 1) { bench in
      let node = try await bench.node("talker", shell: "echo aloud")
      let session = try await bench.ready(node, inputs: 0, outputs: 0)
      let task = TaskID.random()
      _ = try await bench.client.queryTask(node.session(session), task: task, ensure: true)
      try await bench.status(node, session, task) { $0.state == .finished }
      #expect(node.log.lines.contains { $0.message == "aloud" })
    }
  }

  /// What an operator writes leaves at once, not when a buffer is full.
  @Test(arguments: loopCounts)
  func smallRecordsAreNotHeldBack(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let reader = try bench.client.pull(from: node.port(0, of: session), task: task)
      let writer = try bench.client.push(to: node.port(0, of: session), task: task)
      for number in 0..<50 {
        let record = "\(number % 10)\n"
        try await writer.write(ByteBuffer(string: record))
        #expect(try await reader.first(2) == record)
      }
      try await writer.finish()
      #expect(try await reader.next() == nil)
    }
  }
}
