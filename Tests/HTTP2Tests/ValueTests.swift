// The small values on their own.

import NIOCore
import Testing

@testable import HTTP2

@Suite struct ValueTests {
  @Test func watermarksHaveHysteresis() {
    var marks = Watermarks(low: 10, high: 20)
    marks.add(20)
    #expect(marks.isWritable, "at the high mark is not above it")
    marks.add(1)
    #expect(!marks.isWritable)
    let told = [10, 1, 10].map { marks.remove($0) }
    #expect(told == [false, true, false], "told once, at the low mark")
    #expect(marks.isWritable)
    #expect(marks.queued == 0)
  }

  @Test func bucketsFillWithTime() {
    var bucket = TokenBucket(burst: 2, perSecond: 10)
    let milliseconds: [Int64] = [0, 0, 0, 99, 101, 0, 1_000_000, 1_000_000, 1_000_000]
    let taken = milliseconds.map { bucket.take(now: .uptimeNanoseconds(1) + .milliseconds($0)) }
    // The sixth goes back in time and gets nothing; a long rest gives no more than the burst.
    #expect(taken == [true, true, false, false, true, false, true, true, false])
  }

  @Test func creditComesInSteps() {
    var credit = ReceiveCredit(window: 4 << 20)
    #expect(credit.grant(available: 4 << 20) == 0)
    credit.hold(2 << 20)
    #expect(credit.grant(available: 2 << 20) == 0, "held bytes are not given twice")
    credit.release((1 << 20) - 1)
    #expect(credit.grant(available: 2 << 20) == 0)
    credit.release(1)
    #expect(credit.grant(available: 2 << 20) == 1 << 20)
    credit.window = 1 << 20
    #expect(credit.grant(available: 2 << 20) == 0, "shrinking withholds")
    #expect(credit.grant(available: 0, limit: 65535) == 0)
    credit.release(1 << 20)
    #expect(credit.grant(available: 0, limit: 65535) == 65535)
    #expect(credit.held == 0)
  }

  @Test func aTinyWindowStillGetsCredit() {
    let credit = ReceiveCredit(window: 1)
    #expect(credit.grant(available: 1) == 0)
    #expect(credit.grant(available: 0) == 1)
  }

  /// Writes and takes of all sizes against plain bytes, from a printed seed.
  @Test(arguments: [1, 2, 3, 4, 5])
  func queuesKeepOrder(seed: UInt64) {
    var random = seed
    func next(_ bound: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % bound
    }
    var queue = OutboundQueue()
    var model: [UInt8] = []
    var taken: [UInt8] = []
    let source = pattern(20_000)
    for _ in 0..<2000 {
      switch next(4) {
      case 0:
        let length = next(20_000)
        let piece = source.getSlice(at: 0, length: length) ?? ByteBuffer()
        queue.append(piece)
        model += piece.readableBytesView
      case 1:
        let length = next(300)
        let piece = source.getSlice(at: 500, length: length) ?? ByteBuffer()
        queue.append(piece)
        model += piece.readableBytesView
      case 2:
        let byte = UInt8(next(256))
        let count = queue.append(capacity: 4) { $0.writeRepeatingByte(byte, count: 3) }
        #expect(count == 3)
        model += [byte, byte, byte]
      default:
        let count = next(queue.readableBytes + 1)
        queue.take(count) { taken += $0.readableBytesView }
        #expect(queue.readableBytes == model.count - taken.count)
      }
    }
    queue.take(queue.readableBytes) { taken += $0.readableBytesView }
    #expect(taken == model)
    #expect(queue.isEmpty)
  }

  @Test func aBatchKeepsTheOrderOfItsPieces() {
    var batch = Batch(limit: 10_000)
    var expected = ByteBuffer()
    for index in 0..<20 {
      let header = [UInt8](repeating: UInt8(index), count: 9)
      header.withUnsafeBytes { batch.append($0) }
      expected.writeBytes(header)
      let slice = pattern(index.isMultiple(of: 2) ? 10 : 5000)
      batch.append(slice)
      expected.writeImmutableBuffer(slice)
    }
    #expect(batch.isFull)
    #expect(batch.count == expected.readableBytes)
    var out: [ByteBuffer] = []
    batch.finish(into: &out)
    #expect(out.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) } == expected)
    #expect(out.count == 20, "ten large slices, and one part before each")
  }

  @Test func codesHaveNames() {
    #expect("\(HTTP2ErrorCode.enhanceYourCalm)" == "ENHANCE_YOUR_CALM")
    #expect("\(HTTP2ErrorCode(rawValue: 99))" == "error 99")
  }
}
