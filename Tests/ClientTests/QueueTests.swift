// The two queues between loops and tasks, as the pure values that they are.

import NIOCore
import Testing

@testable import Client

@Suite struct QueueTests {
  private let broken = MNPClientError(code: .aborted, node: "n", message: "m")

  private func admission(_ queue: inout PushQueue<Int>, _ count: Int) -> (String, Bool) {
    let (admission, schedule) = queue.write(ByteBuffer(repeating: 1, count: count))
    return ("\(admission)".prefix { $0 != "(" }.description, schedule)
  }

  @Test func smallWritesWakeTheLoopOnce() {
    var queue = PushQueue<Int>()
    #expect(admission(&queue, 1) == ("goOn", true))
    for _ in 0..<999 { #expect(admission(&queue, 100) == ("goOn", false)) }
    let (data, done, again) = queue.drain()
    #expect(data.reduce(0) { $0 + $1.readableBytes } == 99_901)
    #expect(data.count < 10)
    #expect(!done)
    // It looks again on its own, until it finds nothing.
    #expect(again)
    #expect(queue.writable(true) == [])
    #expect(admission(&queue, 1) == ("goOn", false))
    #expect(queue.drain().again)
    #expect(!queue.drain().again)
    #expect(admission(&queue, 0) == ("goOn", false))
    #expect(admission(&queue, 1) == ("goOn", true))
  }

  @Test func largeWritesStaySlicesAndInOrder() {
    var queue = PushQueue<Int>()
    let large = ByteBuffer(repeating: 7, count: 100_000)
    for _ in 0..<2 {
      _ = queue.write(ByteBuffer(string: "a"))
      _ = queue.write(ByteBuffer(string: "b"))
      _ = queue.write(large)
      _ = queue.write(ByteBuffer(string: "c"))
    }
    let data = queue.drain().data
    let address = large.withUnsafeReadableBytes { $0.baseAddress }
    #expect(
      data.filter { $0.withUnsafeReadableBytes { $0.baseAddress } == address }.count == 2)
    var all = ByteBuffer()
    for buffer in data { all.writeImmutableBuffer(buffer) }
    var expected = ByteBuffer()
    for _ in 0..<2 {
      expected.writeString("ab")
      expected.writeImmutableBuffer(large)
      expected.writeString("c")
    }
    #expect(all == expected)
  }

  @Test func writersWaitForTheLoop() {
    var queue = PushQueue<Int>()
    #expect(admission(&queue, 512 << 10) == ("goOn", true))
    #expect(admission(&queue, 1) == ("wait", false))
    #expect("\(queue.park(1))" == "wait")
    #expect(queue.drain().data.count == 2)
    #expect(queue.writable(false) == [])
    #expect(queue.drain().data.isEmpty)
    #expect(admission(&queue, 1) == ("wait", true))
    #expect("\(queue.park(2))" == "wait")
    _ = queue.drain()
    #expect(queue.writable(true) == [1, 2])
    #expect("\(queue.park(3))" == "goOn")
  }

  @Test func finishing() {
    var queue = PushQueue<Int>()
    _ = queue.write(ByteBuffer(string: "a"))
    #expect(queue.finish(9) == nil)
    let (data, done, again) = queue.drain()
    #expect(data.count == 1)
    #expect(done)
    #expect(!again)
    let end = queue.end(.success(()))
    #expect(end.writers == [])
    #expect(end.finisher == 9)
  }

  @Test func aFailureReachesWhoWaitsAndWhoComesLater() {
    var queue = PushQueue<Int>()
    _ = queue.write(ByteBuffer(repeating: 1, count: 600 << 10))
    _ = queue.park(1)
    let end = queue.end(.failure(broken))
    #expect(end.writers == [1])
    #expect(end.finisher == nil)
    #expect(queue.drain().data.isEmpty)
    #expect(admission(&queue, 1) == ("failed", false))
    #expect("\(queue.park(1))".hasPrefix("failed"))
    guard case .failure(let error)? = queue.finish(2) else {
      Issue.record("finished")
      return
    }
    #expect(error.code == .aborted)
  }

  private func received(_ queue: inout PullQueue<Int>, _ data: ByteBuffer) -> Bool {
    queue.received(data)
  }

  private func next(_ queue: inout PullQueue<Int>, _ waiter: Int?) -> (String, Bool) {
    let (next, schedule) = queue.next(waiter)
    switch next {
    case .chunk(let chunk): return ("\(chunk.readableBytes)", schedule)
    case .end(.success): return ("end", schedule)
    case .end(.failure): return ("failed", schedule)
    case .wait: return ("wait", schedule)
    }
  }

  @Test func creditGoesBackInSteps() {
    var queue = PullQueue<Int>()
    let step = PullQueue<Int>.creditStep
    for _ in 0..<4 { #expect(!received(&queue, ByteBuffer(repeating: 1, count: step / 2))) }
    #expect(next(&queue, 1) == ("\(step / 2)", false))
    #expect(next(&queue, 1) == ("\(step / 2)", false))
    #expect(next(&queue, 1) == ("\(step / 2)", true))
    // Told once until it is taken.
    #expect(next(&queue, 1) == ("\(step / 2)", false))
    #expect(queue.credit() == step / 2 * 3)
    // Nothing left: at once, and only what the reader is done with.
    #expect(next(&queue, nil) == ("wait", true))
    #expect(next(&queue, 1) == ("wait", false))
    #expect(queue.credit() == step / 2)
    #expect(received(&queue, ByteBuffer(repeating: 1, count: 5)))
    let delivery = queue.deliver()
    #expect(delivery?.reader == 1)
    #expect(queue.credit() == 0)
    #expect(next(&queue, 2) == ("wait", true))
    #expect(queue.credit() == 5)
    #expect(queue.end(.success(())) == 2)
    #expect(next(&queue, 3) == ("end", false))
  }

  @Test func aReaderIsWokenOnceForAllThatCameTogether() {
    var queue = PullQueue<Int>()
    #expect(next(&queue, 1) == ("wait", false))
    #expect(received(&queue, ByteBuffer(string: "ab")))
    for _ in 0..<1000 { #expect(!received(&queue, ByteBuffer(string: "cd"))) }
    // The end does not overtake what is on its way.
    #expect(queue.end(.success(())) == nil)
    let delivery = queue.deliver()
    #expect(delivery?.reader == 1)
    #expect(delivery?.chunk == ByteBuffer(string: "ab"))
    let nothing = queue.deliver()
    #expect(nothing == nil)
    #expect(next(&queue, 2) == ("2000", true))
    #expect(next(&queue, 2) == ("end", false))
  }

  @Test func aReaderThatWaitsHearsOfAFailureAtOnce() {
    var queue = PullQueue<Int>()
    #expect(next(&queue, 1) == ("wait", false))
    #expect(received(&queue, ByteBuffer(string: "ab")))
    #expect(queue.end(.failure(broken)) == 1)
    let nothing = queue.deliver()
    #expect(nothing == nil)
    #expect(next(&queue, 2) == ("failed", false))
  }

  @Test func chunksKeepTheirOrder() {
    var queue = PullQueue<Int>()
    let large = ByteBuffer(repeating: 7, count: 100_000)
    var expected = ByteBuffer()
    for _ in 0..<3 {
      for chunk in [
        ByteBuffer(string: "a"), ByteBuffer(string: "b"), large, ByteBuffer(string: "c"),
      ] {
        #expect(!received(&queue, chunk))
        expected.writeImmutableBuffer(chunk)
      }
    }
    var all = ByteBuffer()
    var count = 0
    while case .chunk(let chunk) = queue.next(nil).next {
      all.writeImmutableBuffer(chunk)
      count += 1
    }
    #expect(all == expected)
    #expect(count == 8)
  }

  @Test func anEndComesBehindTheDataAndAFailureOvertakesIt() {
    var queue = PullQueue<Int>()
    #expect(!received(&queue, ByteBuffer(string: "abc")))
    #expect(queue.end(.success(())) == nil)
    #expect(next(&queue, 1) == ("3", false))
    #expect(next(&queue, 1) == ("end", false))

    var other = PullQueue<Int>()
    _ = other.received(ByteBuffer(string: "abc"))
    #expect(other.end(.failure(broken)) == nil)
    #expect(next(&other, 1) == ("failed", false))
  }
}
