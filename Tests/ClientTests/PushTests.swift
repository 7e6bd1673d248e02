// Pushes: what goes over the wire, who waits for whom, and what every wrong end means.

import GRPC
import MNP
import NIOCore
import NIOPosix
import Testing
import Transport

@testable import Client

/// The messages of a push, read as a receiver does.
private func parse(_ messages: [[UInt8]]) throws -> (
  header: PushHeader?, data: [UInt8], sizes: [Int]
) {
  var parser = PushParser()
  var data: [UInt8] = []
  var sizes: [Int] = []
  for (index, message) in messages.enumerated() {
    parser.begin(length: message.count)
    let part = try parser.receive(ByteBuffer(bytes: message))
    data += part.map { Array($0.readableBytesView) } ?? []
    sizes.append(part?.readableBytes ?? 0)
    let isDone = try parser.end()
    #expect(isDone == (index == messages.count - 1), "done, once, in the last message")
  }
  return (parser.header, data, sizes)
}

@Suite(.timeLimit(.minutes(1))) struct PushTests {
  @Test(arguments: [0, 1, 100, 1 << 20, 3 << 20 + 5])
  func oneWrite(count: Int) async throws {
    let received = promise(of: [[UInt8]].self)
    try await withNode { exchange, method in
      #expect(method == .push)
      // A plain push must not be answered late: its outputs may be read only afterwards.
      #expect(exchange.call.head.metadata.features == .crc)
      #expect(exchange.call.head.timeout == nil)
      exchange.onHalfClose = { exchange in
        exchange.answer(EmptyMessage())
        received.succeed(exchange.messages)
      }
    } _: { client, url in
      let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
      let writer = try client.push(to: url, task: task, sizeHint: Int64(count))
      if count > 0 { try await writer.write(ByteBuffer(bytes: data)) }
      try await writer.finish()

      let push = try parse(try await received.futureResult.get())
      #expect(
        try push.header
          == PushHeader(sessionID: SessionID("s"), taskID: task, port: 0, dataSize: Int64(count)))
      #expect(push.data == data)
      #expect(push.sizes.first == 0, "some peers want no data with the ids")
      #expect(push.sizes.last == 0)
      #expect(push.sizes.allSatisfy { $0 <= 1 << 20 })
    }
  }

  @Test func manySmallWritesTravelTogetherAndInOrder() async throws {
    let received = promise(of: [[UInt8]].self)
    try await withNode { exchange, _ in
      exchange.onHalfClose = { exchange in
        exchange.answer(EmptyMessage())
        received.succeed(exchange.messages)
      }
    } _: { client, url in
      let writer = try client.push(to: url, task: task)
      var expected: [UInt8] = []
      for number in 0..<20_000 {
        let line = Array("\(number)\n".utf8)
        expected += line
        try await writer.write(ByteBuffer(bytes: line))
      }
      try await writer.write(ByteBuffer())
      try await writer.finish()
      let push = try parse(try await received.futureResult.get())
      #expect(push.data == expected)
    }
  }

  @Test func aWriterWaitsForTheReceiver() async throws {
    let refused = GRPCStatus(.failedPrecondition, "enough")
    try await withNode { exchange, _ in
      exchange.returnsCredit = false
      exchange.onBytes = { exchange in
        // All that the stream's first window lets through.
        if exchange.received > 200 << 10 { exchange.call.finish(refused) }
      }
    } _: { client, url in
      let writer = try client.push(to: url, task: task)
      let chunk = ByteBuffer(repeating: 1, count: 64 << 10)
      var taken = 0
      let error = await failure(.failedPrecondition) {
        while taken < 64 << 20 {
          try await writer.write(chunk)
          taken += chunk.readableBytes
        }
      }
      #expect(error?.message == "enough")
      // The window, the HTTP/2 queue, and ours.
      #expect(taken <= (256 + 512 + 512 + 2 * 64) << 10)
      _ = await failure(.failedPrecondition) { try await writer.write(chunk) }
      _ = await failure(.failedPrecondition) { try await writer.finish() }
    }
  }

  @Test func moreThanAnyBufferGoesThrough() async throws {
    let total = Box(0)
    try await withNode { exchange, _ in
      exchange.onHalfClose = { exchange in
        total.value = exchange.received
        exchange.answer(EmptyMessage())
      }
    } _: { client, url in
      let writer = try client.push(to: url, task: task)
      let chunk = ByteBuffer(repeating: 1, count: 256 << 10)
      for _ in 0..<64 { try await writer.write(chunk) }
      try await writer.finish()
      #expect(total.value > 16 << 20)
      #expect(total.value < 16 << 20 + 4096)
    }
  }

  @Test func wrongEnds() async throws {
    let how = Box("")
    try await withNode { exchange, _ in
      let how = how.value
      exchange.onMessage = { exchange, message in
        if how == "early" { exchange.answer(EmptyMessage()) }
      }
      exchange.onHalfClose = { exchange in
        switch how {
        case "silent": exchange.call.finish(.ok)
        case "twice":
          exchange.call.send(ByteBuffer())
          exchange.answer(EmptyMessage())
        case "malformed":
          exchange.call.send(ByteBuffer(bytes: [0xff]))
          exchange.call.finish(.ok)
        default: exchange.call.finish(GRPCStatus(.aborted, "the task failed"))
        }
      }
    } _: { client, url in
      for (name, code) in [
        ("silent", .internalError), ("twice", .internalError), ("malformed", .internalError),
        ("failed", .aborted),
      ] as [(String, MNPClientError.Code)] {
        how.value = name
        let writer = try client.push(to: url, task: task)
        try await writer.write(ByteBuffer(string: name))
        _ = await failure(code) { try await writer.finish() }
      }
      how.value = "early"
      let writer = try client.push(to: url, task: task)
      _ = await failure(.dataLoss) {
        while true { try await writer.write(ByteBuffer(repeating: 0, count: 1000)) }
      }
    }
  }

  @Test func aWriterThatIsLetGoOfBreaksItsPushOff() async throws {
    let ended = promise(of: GRPCStatus.Code.self)
    let started = promise()
    try await withNode { exchange, _ in
      exchange.onMessage = { _, _ in started.succeed() }
      exchange.onEnd = { ended.succeed($0.code) }
    } _: { client, url in
      do {
        let writer = try client.push(to: url, task: task)
        try await writer.write(ByteBuffer(string: "part"))
        try await started.futureResult.get()
      }
      #expect(try await ended.futureResult.get() == .cancelled)
    }
  }

  @Test(arguments: ["write", "finish"])
  func aCancelledTaskBreaksItsPushOff(where place: String) async throws {
    let ended = promise(of: GRPCStatus.Code.self)
    let arrived = promise()
    try await withNode { exchange, _ in
      exchange.returnsCredit = false
      exchange.onBytes = { if $0.received > 200 << 10 { arrived.succeed() } }
      exchange.onHalfClose = { _ in arrived.succeed() }
      exchange.onEnd = { ended.succeed($0.code) }
    } _: { client, url in
      let writer = try client.push(to: url, task: task)
      let pushing = _Concurrency.Task {
        while place == "write" { try await writer.write(ByteBuffer(repeating: 0, count: 64 << 10)) }
        try await writer.finish()
      }
      try await arrived.futureResult.get()
      pushing.cancel()
      _ = await failure(.cancelled) { try await pushing.value }
      #expect(try await ended.futureResult.get() == .cancelled)
    }
  }

  // MARK: On the loop

  /// Writes as long as the push is writable, then says done, and keeps what it hears.
  private final class Forwarder: PushStreamDelegate {
    var stream: PushStream?
    var left: Int
    var writable = 0
    var result: EventLoopPromise<(GRPCStatus, Features, Int)>

    init(left: Int, result: EventLoopPromise<(GRPCStatus, Features, Int)>) {
      self.left = left
      self.result = result
    }

    func pump() {
      while let stream, left > 0, stream.isWritable {
        stream.write(ByteBuffer(repeating: 7, count: min(left, 100_000)))
        left -= min(left, 100_000)
      }
      if left == 0 { stream?.done() }
    }

    func pushBecameWritable() {
      writable += 1
      pump()
    }

    func pushEnded(_ status: GRPCStatus, features: Features) {
      stream = nil
      result.succeed((status, features, writable))
    }
  }

  private func forward(
    _ bytes: Int, to url: NodeURL, features: Features
  ) async throws -> (status: GRPCStatus, features: Features, writable: Int) {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let result = loop.makePromise(of: (GRPCStatus, Features, Int).self)
    try await loop.submit {
      let connections = Connections(eventLoop: loop)
      let forwarder = Forwarder(left: bytes, result: result)
      let header = PushHeader(sessionID: try SessionID("s"), taskID: task, port: 1)
      let stream = PushStream(
        connections, to: url, header: header, features: features, delegate: forwarder)
      forwarder.stream = stream
      #expect(stream.isWritable)
      forwarder.pump()
      let bound = NIOLoopBound(connections, eventLoop: loop)
      result.futureResult.whenComplete { _ in _ = bound.value.close() }
    }.get()
    return try await result.futureResult.get()
  }

  @Test func featuresCountWhereBothNameThem() async throws {
    let answer = Box<Features?>(nil)
    try await withNode { exchange, _ in
      if let features = answer.value { exchange.call.sendHeaders(.naming(features)) }
      exchange.onHalfClose = { exchange in
        exchange.answer(EmptyMessage())
      }
    } _: { _, url in
      for (asked, answered, both) in [
        (.await, .await, .await), (.await, [], []), (.await, nil, []), ([], .await, []),
      ] as [(Features, Features?, Features)] {
        answer.value = answered
        let end = try await forward(10, to: url, features: asked)
        #expect(end.status.isOK)
        #expect(end.features == both)
      }
    }
  }

  @Test func aForwarderFollowsTheReceiver() async throws {
    let total = Box(0)
    try await withNode { exchange, _ in
      exchange.onHalfClose = { exchange in
        total.value = exchange.received
        exchange.answer(EmptyMessage())
      }
    } _: { _, url in
      let end = try await forward(8_000_000, to: url, features: .await)
      #expect(end.status.isOK, "\(end.status)")
      #expect(end.writable > 0)
      #expect((8_000_000...8_002_000).contains(total.value))
    }
  }
}
