// Windows: they block, resume, grow and shrink; writers wait and go on.

import NIOCore
import Testing

@testable import HTTP2

@Suite struct FlowControlTests {
  @Test func aSlowOwnerBlocksItsStreamAndNoOther() throws {
    let pair = Pair()
    pair.server.returnsCredit = false
    let (slow, other) = (try pair.open(), try pair.open())
    pair.client.connection.write(pattern(1 << 20), on: slow)
    pair.exchange()
    #expect(pair.server.body(of: slow).readableBytes == 256 << 10)
    #expect(pair.server.connection.heldBytes(on: slow) == 256 << 10)
    #expect(pair.client.connection.queuedBytes(on: slow) == 768 << 10)
    #expect(pair.client.connection.sendWindow(of: slow) == 0)

    pair.client.connection.write(pattern(200_000), on: other)
    pair.exchange()
    #expect(pair.server.body(of: other) == pattern(200_000))

    pair.server.connection.creditStream(slow, 256 << 10)
    pair.exchange()
    #expect(pair.server.body(of: slow).readableBytes == 512 << 10)
  }

  @Test func creditGoesBackInQuartersOfASmallWindow() throws {
    let pair = Pair()
    pair.server.returnsCredit = false
    let id = try pair.open()
    pair.client.connection.write(pattern(256 << 10), on: id)
    pair.exchange()
    pair.server.connection.creditStream(id, (64 << 10) - 1)
    #expect(pair.server.bytes().readableBytes == 0)
    pair.server.connection.creditStream(id, 1)
    #expect(frames(in: pair.server.bytes()).map(\.type) == [FrameType.windowUpdate])
  }

  @Test func creditGoesBackInStepsOfAMegabyte() throws {
    let pair = Pair(server: { $0.initialStreamWindow = 16 << 20 })
    pair.server.returnsCredit = false
    let id = try pair.open()
    pair.client.connection.write(pattern(4 << 20), on: id)
    pair.exchange()
    var updates = 0
    for _ in 0..<64 {
      pair.server.connection.creditStream(id, 64 << 10)
      updates += frames(in: pair.server.bytes()).count
    }
    #expect(updates == 4)
  }

  @Test func aWindowGrowsAtOnce() throws {
    let pair = Pair()
    pair.server.returnsCredit = false
    let id = try pair.open()
    pair.client.connection.write(pattern(2 << 20), on: id)
    pair.exchange()
    pair.server.connection.setReceiveWindow(id, bytes: 1 << 20)
    pair.exchange()
    #expect(pair.server.connection.heldBytes(on: id) == 1 << 20)
    #expect(pair.server.connection.receiveWindow(of: id) == 1 << 20)
  }

  @Test func aWindowShrinksByWithholding() throws {
    let pair = Pair()
    pair.server.returnsCredit = false
    let id = try pair.open()
    pair.server.connection.setReceiveWindow(id, bytes: 1 << 20)
    pair.client.connection.write(pattern(8 << 20), on: id)
    pair.exchange()
    pair.server.connection.setReceiveWindow(id, bytes: 128 << 10)
    pair.server.connection.creditStream(id, 896 << 10)
    pair.exchange()
    #expect(pair.server.connection.heldBytes(on: id) == 128 << 10, "nothing new was allowed")
    pair.server.connection.creditStream(id, 128 << 10)
    pair.exchange()
    #expect(pair.server.connection.heldBytes(on: id) == 128 << 10)
  }

  /// A client sends before it has seen our SETTINGS: the protocol's 64 KiB hold until then, and
  /// returning credit meanwhile must not add up to more than the window.
  @Test func windowsBeforeSettingsAreAcknowledged() throws {
    let pair = Pair(settled: false)
    pair.server.returnsCredit = false
    let id = try pair.client.connection.openStream(request, endStream: false)
    pair.client.connection.write(pattern(2 << 20), on: id)
    for bytes in pair.client.output() { pair.server.receive(bytes) }
    #expect(pair.server.connection.heldBytes(on: id) == 65535)
    pair.server.connection.creditStream(id, 65535)
    pair.exchange()
    #expect(pair.server.connection.heldBytes(on: id) == 256 << 10)
  }

  /// A client that wants another window for its stream may say so before the stream has left.
  @Test func aWindowSetBeforeTheRequestLeft() throws {
    let pair = Pair()
    pair.client.returnsCredit = false
    let id = try pair.client.connection.openStream(request, endStream: true)
    pair.client.connection.setReceiveWindow(id, bytes: 1 << 20)
    pair.exchange()
    pair.server.connection.sendHeaders(response, on: id, endStream: false)
    pair.server.connection.write(pattern(2 << 20), on: id)
    pair.exchange()
    #expect(pair.client.connection.heldBytes(on: id) == 1 << 20)
  }

  /// Padding takes window and gives us nothing; whatever a peer pads, its window stays what it is.
  @Test func paddingDoesNotInflateAWindow() {
    let server = Endpoint(.server) { _ in }
    var raw = RawFrames.client
    raw.add(type: 4, flags: 1)
    raw.addRequest(stream: 1)
    server.receive(raw.bytes)
    for round in 1...20 {
      raw = RawFrames()
      for _ in 0..<200 {
        raw.add(type: 0, flags: 8, stream: 1, [254] + Array(repeating: 0, count: 255))
      }
      server.receive(raw.bytes)
      _ = server.bytes()
      let window = server.connection.receiveWindow(of: 1)
      #expect(window == 256 << 10, "round \(round)")
      #expect(server.connection.availableWindow(of: 1) <= window)
      #expect(server.connection.availableWindow(of: 1) > window / 4)
    }
    #expect(server.events.allSatisfy { $0.failed == nil })
  }

  @Test func writersWaitAndGoOn() throws {
    let pair = Pair(client: {
      $0.highWatermark = 100_000
      $0.lowWatermark = 50_000
    })
    pair.server.returnsCredit = false
    let id = try pair.open()
    pair.client.connection.write(pattern((256 << 10) + 100_000), on: id)
    #expect(!pair.client.connection.isWritable(id))
    pair.exchange()
    #expect(pair.client.take().filter(\.isWritable).isEmpty, "100 000 bytes still wait")
    pair.server.connection.creditStream(id, 256 << 10)
    pair.exchange()
    #expect(pair.client.take().filter(\.isWritable).count == 1)
    #expect(pair.client.connection.isWritable(id))
    #expect(!pair.client.connection.isWritable(99))
  }

  /// 64 MiB through a window of 256 KiB, with the connection's window far below the sum.
  @Test func theConnectionsWindowIsReturned() throws {
    let pair = Pair(server: { $0.connectionWindow = 1 << 20 })
    let id = try pair.open()
    let body = pattern(1 << 20)
    for _ in 0..<64 { pair.client.connection.write(body, on: id) }
    pair.client.connection.finish(id)
    var received = 0
    pair.exchange()
    for case .data(_, let slice, _, _) in pair.server.take() { received += slice.readableBytes }
    #expect(received == 64 << 20)
  }

  @Test func dataOfStreamsThatWereResetReturnsByItself() throws {
    let pair = Pair(server: { $0.connectionWindow = 1 << 20 })
    pair.server.returnsCredit = false
    for _ in 0..<32 {
      let id = try pair.open()
      pair.client.connection.write(pattern(200_000), on: id)
      pair.server.connection.reset(id, .cancel)
      for bytes in pair.client.output() { pair.server.receive(bytes) }
      pair.exchange()
      #expect(pair.client.events.last?.closed == .cancel)
    }
    #expect(pair.server.events.allSatisfy { $0.failed == nil })
    let id = try pair.open()
    pair.client.connection.write(pattern(200_000), on: id)
    pair.exchange()
    #expect(pair.server.body(of: id).readableBytes == 200_000)
  }
}
