// Pulls: chunks as they come, who waits for whom, and what every wrong end means.

import GRPC
import MNP
import NIOCore
import Testing

@testable import Client

@Suite(.timeLimit(.minutes(1))) struct PullTests {
  private func send(_ exchange: Exchange, _ text: String, sizeHint: Int64? = nil) {
    let data = ByteBuffer(string: text)
    exchange.call.send(PullEncoder.prefix(count: data.readableBytes, sizeHint: sizeHint), data)
  }

  @Test func chunksThenTheEnd() async throws {
    try await withNode { exchange, method in
      #expect(method == .pull)
      exchange.onHalfClose = { exchange in
        do {
          let request = try PullRequest(decoding: ByteBuffer(bytes: exchange.messages[0]))
          #expect(try request == PullRequest(sessionID: SessionID("s"), taskID: task, port: 0))
        } catch {
          Issue.record(error)
        }
        send(exchange, "hello", sizeHint: 11)
        exchange.call.send(ByteBuffer())
        send(exchange, " world")
        exchange.call.send(PullEncoder.done())
        exchange.call.finish(.ok)
      }
    } _: { client, url in
      let reader = try client.pull(from: url, task: task)
      var text = ""
      for try await chunk in reader {
        text += String(buffer: chunk)
        #expect(reader.sizeHint == 11)
      }
      #expect(text == "hello world")
      #expect(try await reader.next() == nil)
    }
  }

  @Test func nothingAtAll() async throws {
    try await withNode { exchange, _ in
      exchange.onHalfClose = { exchange in
        exchange.call.send(PullEncoder.done())
        exchange.call.finish(.ok)
      }
    } _: { client, url in
      let reader = try client.pull(from: url, task: task)
      #expect(try await reader.next() == nil)
    }
  }

  @Test func wrongEnds() async throws {
    let how = Box("")
    try await withNode { exchange, _ in
      let how = how.value
      exchange.onHalfClose = { exchange in
        send(exchange, "some")
        switch how {
        case "cut": exchange.call.finish(.ok)
        case "late":
          exchange.call.send(PullEncoder.done())
          send(exchange, "more")
          exchange.call.finish(.ok)
        case "failed behind done":
          exchange.call.send(PullEncoder.done())
          exchange.call.finish(GRPCStatus(.aborted, "but it failed"))
        case "malformed":
          exchange.call.send(ByteBuffer(bytes: [0x1a, 5, 1]))
          send(exchange, "more")
          exchange.call.finish(.ok)
        case "two": exchange.call.send(ByteBuffer(bytes: [0x1a, 1, 1, 0x1a, 1, 1]))
        default: exchange.call.finish(GRPCStatus(.notFound, "no such session"))
        }
      }
    } _: { client, url in
      for (name, code) in [
        ("cut", .dataLoss), ("late", .internalError), ("failed behind done", .aborted),
        ("malformed", .internalError), ("two", .internalError), ("refused", .notFound),
      ] as [(String, MNPClientError.Code)] {
        how.value = name
        let reader = try client.pull(from: url, task: task)
        _ = await failure(code) {
          for try await chunk in reader {
            #expect(["some", "\u{1}"].contains(String(buffer: chunk)))
          }
        }
        _ = await failure(code) { try await reader.next() }
      }
    }
  }

  @Test func theSenderWaitsForTheReader() async throws {
    let total = 32 << 20
    let full = promise(of: Int.self)
    try await withNode { exchange, _ in
      var sent = 0
      func pump(_ exchange: Exchange) {
        while sent < total, exchange.call.isWritable {
          let chunk = ByteBuffer(repeating: UInt8(truncatingIfNeeded: sent >> 16), count: 64 << 10)
          exchange.call.send(PullEncoder.prefix(count: chunk.readableBytes), chunk)
          sent += chunk.readableBytes
        }
        if sent == total {
          sent += 1
          exchange.call.send(PullEncoder.done())
          exchange.call.finish(.ok)
        } else {
          full.succeed(sent)
        }
      }
      exchange.onHalfClose = pump
      exchange.onWritable = pump
    } _: { client, url in
      let reader = try client.pull(from: url, task: task)
      // Nobody reads: no more than the HTTP/2 queue.
      #expect(try await full.futureResult.get() <= (512 + 64) << 10)
      var count = 0
      while let chunk = try await reader.next() {
        #expect(chunk.readableBytesView.first == UInt8(truncatingIfNeeded: count >> 16))
        count += chunk.readableBytes
      }
      #expect(count == total)
    }
  }

  @Test func aReaderThatIsLetGoOfBreaksItsPullOff() async throws {
    let ended = promise(of: GRPCStatus.Code.self)
    try await withNode { exchange, _ in
      exchange.onHalfClose = { send($0, "some") }
      exchange.onEnd = { ended.succeed($0.code) }
    } _: { client, url in
      do {
        let reader = try client.pull(from: url, task: task)
        #expect(try await reader.next() == ByteBuffer(string: "some"))
      }
      #expect(try await ended.futureResult.get() == .cancelled)
    }
  }

  @Test func aCancelledTaskBreaksItsPullOff() async throws {
    let ended = promise(of: GRPCStatus.Code.self)
    let arrived = promise()
    try await withNode { exchange, _ in
      exchange.onHalfClose = { _ in arrived.succeed() }
      exchange.onEnd = { ended.succeed($0.code) }
    } _: { client, url in
      let reader = try client.pull(from: url, task: task)
      let reading = _Concurrency.Task { try await reader.next() }
      try await arrived.futureResult.get()
      reading.cancel()
      _ = await failure(.cancelled) { try await reading.value }
      #expect(try await ended.futureResult.get() == .cancelled)
    }
  }
}
