// Data on its way through one node: early, late, in one piece, and faster than it is taken.

import Client
import GRPC
import MNP
import NIOConcurrencyHelpers
import NIOCore
import Node
import OperatorFile
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FlowTests {
  /// As the Mantik engine does with small inputs.
  @Test(
    arguments: loopCounts,
    [OperatorDefinition.command(["cat"]), .builtin(.echo), .builtin(.concat)])
  func pushToItsEndThenPull(loops: Int, definition: OperatorDefinition) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("node", definition)
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let data = Pattern.bytes(60_000)
      try await bench.push(data, to: node.port(0, of: session), task)
      #expect(try await bench.pull(node.port(0, of: session), task) == data)
      try await bench.status(node, session, task) { $0.state == .finished }
    }
  }

  @Test(arguments: loopCounts, [0, 1, 100_000])
  func sizes(loops: Int, count: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let data = Pattern.bytes(count)
      let reader = try bench.client.pull(from: node.port(0, of: session), task: task)
      try await bench.push(data, to: node.port(0, of: session), task)
      #expect(try await reader.rest() == data)
      let status = try await bench.status(node, session, task) { $0.state == .finished }
      #expect(status.inputs[0].bytes == Int64(count))
      #expect(status.outputs[0].bytes == Int64(count))
      #expect(status.inputs[0].unread == 0)
      #expect(status.inputs[0].done && status.outputs[0].done)
    }
  }

  @Test(arguments: loopCounts)
  func sessionsWithTheirOwnParameters(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("greeter", shell: "echo \"$GREETING\"; cat")
      let greetings = ["one": "good morning", "two": "good evening"]
      for (id, greeting) in greetings {
        try await bench.ready(node, id, parameters: ["GREETING": greeting])
      }
      // At the same time, in both sessions, several tasks, one id in both.
      let tasks = (0..<4).map { _ in TaskID.random() }
      try await withThrowingTaskGroup { group in
        for (id, greeting) in greetings {
          let port = node.port(0, of: try SessionID(id))
          for task in tasks {
            group.addTask {
              try await bench.push("\(id)", to: port, task)
              let data = try await bench.pull(port, task)
              #expect(String(buffer: data) == "\(greeting)\n\(id)")
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  /// Two connections, which with two loops come to different ones, push to the inputs of one task.
  @Test(arguments: loopCounts)
  func inputsFromTwoLoops(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("concat", .builtin(.concat))
      let session = try await bench.ready(node, inputs: 2)
      let task = TaskID.random()
      let clients = [bench.client, bench.anotherClient(), bench.anotherClient()]
      // One connection after another: their loops are taken in turn.
      for client in clients { _ = try await client.about(node.url) }
      let data = [Pattern.bytes(5 << 20, seed: 1), Pattern.bytes(3 << 20, seed: 2)]
      let reader = try clients[2].pull(from: node.port(0, of: session), task: task)
      try await withThrowingTaskGroup { group in
        for index in 0..<2 {
          let writer = try clients[index].push(
            to: node.port(Int32(index), of: session), task: task, awaitsTask: true)
          let bytes = data[index]
          group.addTask {
            try await writer.write(bytes)
            try await writer.finish()
          }
        }
        var all = data[0]
        all.writeImmutableBuffer(data[1])
        #expect(try await reader.rest() == all)
        try await group.waitForAll()
      }
      let status = try await bench.status(node, session, task) { $0.state == .finished }
      #expect(status.inputs.map(\.bytes) == data.map { Int64($0.readableBytes) })
    }
  }

  /// It is never held whole: the operator has its first bytes long before the last has come.
  @Test(arguments: loopCounts)
  func oneMessageOf64MiB(loops: Int) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("cat", .command(["cat"]))
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let data = Pattern.bytes(64 << 20)
      let reader = try bench.client.pull(from: node.port(0, of: session), task: task)
      let opening = PushEncoder.opening(PushHeader(sessionID: session, taskID: task, port: 0))
      async let status = RawCall.make(
        .push, of: node.url,
        [
          [opening, PushEncoder.prefix(count: data.readableBytes), data], [PushEncoder.done()],
        ])
      #expect(try await reader.rest() == data)
      #expect(try await status.code == .ok)
      let ended = try await bench.status(node, session, task) { $0.state == .finished }
      #expect(ended.inputs[0].bytes == 64 << 20)
    }
  }

  /// Nobody pulls, or who pulls does not read: what the pusher gets rid of stays bounded.
  @Test(arguments: loopCounts, [OperatorDefinition.command(["cat"]), .builtin(.echo)])
  func stoppedConsumer(loops: Int, definition: OperatorDefinition) async throws {
    try await withBench(loops: loops) { bench in
      let node = try await bench.node("node", definition)
      let session = try await bench.ready(node)
      let task = TaskID.random()
      let reader = try bench.client.pull(from: node.port(0, of: session), task: task)
      let pusher = bench.anotherClient()
      let writer = try pusher.push(to: node.port(0, of: session), task: task)
      let accepted = NIOLockedValueBox(0)
      let block = Pattern.bytes(64 << 10)
      let blocks = 80 * 16
      async let pushed: Void = {
        for _ in 0..<blocks {
          try await writer.write(block)
          accepted.withLockedValue { $0 += block.readableBytes }
        }
        try await writer.finish()
      }()
      // Full, up to the pusher: for many looks in a row nothing more is taken anywhere.
      var last = (accepted: -1, passed: Int64(-1))
      var looks = 0
      try await eventually("the pusher stands still") {
        let status = try await bench.client.queryTask(node.session(session), task: task)
        let now = (accepted.withLockedValue { $0 }, status.outputs.first?.bytes ?? -1)
        looks = now == last && now.1 > 0 ? looks + 1 : 0
        last = now
        return looks == 50
      }
      // Two windows of 4 MiB, two pipes of 1 MiB and the queues between them.
      #expect(last.accepted > 0)
      #expect(last.accepted <= 16 << 20)
      var read = 0
      for try await chunk in reader { read += chunk.readableBytes }
      try await pushed
      #expect(read == blocks * block.readableBytes)
    }
  }
}

/// Bytes in which a mix-up shows.
enum Pattern {
  static func bytes(_ count: Int, seed: UInt64 = 7) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: count + 8)
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { raw in
      for offset in stride(from: 0, to: count, by: 8) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        withUnsafeBytes(of: state) { word in
          raw[offset..<min(offset + 8, count)].copyBytes(from: word.prefix(min(8, count - offset)))
        }
      }
      return count
    }
    return buffer
  }
}
