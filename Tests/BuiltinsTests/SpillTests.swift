// spill: order and bounds whatever comes when, in a queue that knows no disk.

import NIOCore
import OperatorFile
import Testing

@testable import Builtins

/// A spill's queue with an array for its file, driven step by step.
private struct Spill {
  var queue: SpillQueue
  var file: [UInt8] = []
  var loading: Range<Int64>?
  var isStoring = false
  var emitted: [UInt8] = []
  var emits = 0
  var taken = 0
  var fullSaid = 0
  var isFinished = false
  /// Whether the file system takes room back.
  var frees = true

  init(limit: Int64) { self.queue = SpillQueue(limit: limit) }

  mutating func run() {
    while !self.isFinished, let action = self.queue.next() {
      switch action {
      case .emit(let bytes):
        self.emitted += Array(bytes.readableBytesView)
        self.emits += 1
      case .took(let count): self.taken += count
      case .sayFull: self.fullSaid += 1
      case .finished: self.isFinished = true
      case .load(let part):
        #expect(self.loading == nil)
        self.loading = part
      case .store(let batch, let offset):
        #expect(!self.isStoring)
        self.isStoring = true
        if offset == 0 { self.file = [] }
        #expect(Int(offset) == self.file.count)
        for bytes in batch { self.file += Array(bytes.readableBytesView) }
      }
    }
  }

  mutating func stored() {
    guard self.isStoring else { return }
    self.isStoring = false
    self.queue.stored()
    self.run()
  }

  mutating func loaded() {
    guard let part = self.loading else { return }
    self.loading = nil
    let bytes = self.file[Int(part.lowerBound)..<Int(part.upperBound)]
    self.queue.loaded(ByteBuffer(bytes: bytes), isFreed: self.frees)
    self.run()
  }

  /// The disk does what it was asked for, until it is asked for nothing more.
  mutating func settle() {
    while self.isStoring || self.loading != nil {
      self.stored()
      self.loaded()
    }
  }

  mutating func write(_ bytes: [UInt8]) {
    self.queue.write(ByteBuffer(bytes: bytes))
    self.run()
  }

  mutating func read(_ reading: Bool) {
    self.queue.setReading(reading)
    self.run()
  }

  mutating func end() {
    self.queue.end()
    self.run()
  }
}

/// Bytes in which every offset is told from those near it: blocks of a prime number of bytes.
private let pattern: [UInt8] = {
  var random = SeededGenerator(seed: 1)
  let block = (0..<8191).map { _ in UInt8.random(in: 0...255, using: &random) }
  return Array((0..<1300).map { _ in block }.joined())
}()

private func numbered(_ count: Int, from start: Int) -> [UInt8] {
  Array(pattern[start..<start + count])
}

struct SpillTests {
  @Test func aReaderThatKeepsUpCostsNoDisk() {
    var spill = Spill(limit: 1 << 30)
    spill.read(true)
    for turn in 0..<100 {
      spill.write(numbered(50_000, from: turn * 50_000))
      #expect(spill.taken == (turn + 1) * 50_000)
    }
    spill.end()
    #expect(spill.isFinished)
    #expect(spill.queue.spilled == 0)
    #expect(spill.emitted == numbered(5_000_000, from: 0))
  }

  @Test func theWriterGoesOnWhileNobodyReads() {
    var spill = Spill(limit: 1 << 30)
    for turn in 0..<100 {
      spill.write(numbered(100_000, from: turn * 100_000))
      spill.settle()
    }
    #expect(spill.taken == 10_000_000)
    #expect(spill.emitted.isEmpty)
    #expect(spill.queue.peak > 8_000_000)
    spill.end()
    spill.read(true)
    spill.settle()
    #expect(spill.isFinished)
    #expect(spill.emitted == numbered(10_000_000, from: 0))
  }

  /// Each slice would keep the whole buffer alive that it was read into.
  @Test func smallFragmentsThatWaitAreGathered() {
    var spill = Spill(limit: 1 << 30)
    for number in 0..<100_000 { spill.write(numbered(1, from: number)) }
    #expect(spill.taken == 100_000)
    spill.read(true)
    #expect(spill.emitted == numbered(100_000, from: 0))
    #expect(spill.emits <= 100_000 / InputQueue.gatheredCapacity + 2)
  }

  /// A file system that cannot give parts back fills the file sooner, and loses nothing.
  @Test(arguments: [true, false])
  func aFullFileHoldsTheWriterAndSaysSoOnce(frees: Bool) {
    let limit = 200_000
    var spill = Spill(limit: Int64(limit))
    spill.frees = frees
    for turn in 0..<20 {
      spill.write(numbered(100_000, from: turn * 100_000))
      spill.settle()
    }
    #expect(spill.taken >= SpillQueue.memoryLimit + limit)
    #expect(spill.taken <= SpillQueue.memoryLimit + limit + 100_000)
    #expect(spill.fullSaid == 1)
    #expect(spill.file.count == limit)
    spill.read(true)
    spill.settle()
    spill.end()
    spill.settle()
    #expect(spill.isFinished)
    #expect(spill.taken == 2_000_000)
    #expect(spill.emitted == numbered(2_000_000, from: 0))
    #expect(spill.fullSaid == 1)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func everyOrderOfEventsKeepsTheBytes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let limit = Int.random(in: 100_000...2_000_000, using: &random)
    var spill = Spill(limit: Int64(limit))
    spill.frees = Bool.random(using: &random)
    let total = 4_000_000
    var written = 0
    while !spill.isFinished {
      switch Int.random(in: 0..<8, using: &random) {
      case 0..<3 where written < total:
        // The task's window bounds what was written and not taken.
        let room = min(1 << 18, total - written, (1 << 20) - (written - spill.taken))
        guard room > 0 else { break }
        let small = Bool.random(using: &random)
        let count = Int.random(in: 1...(small ? min(room, 3_000) : room), using: &random)
        spill.write(numbered(count, from: written))
        written += count
        if written == total { spill.end() }
      case 3: spill.read(false)
      case 4, 5: spill.read(true)
      case 6: spill.stored()
      default: spill.loaded()
      }
      #expect(spill.queue.peak <= limit)
    }
    #expect(spill.taken == total)
    #expect(spill.emitted == numbered(total, from: 0), "seed \(seed)")
  }

  @Test func settingsThatCannotBe() {
    for (parameters, message) in [
      (["limit": "1"], "spill: limit='1' is not a number from 64K on, with K, M or G"),
      (["x": "1"], "spill has no parameter 'x'; it has limit, folder"),
    ] {
      let error = #expect(throws: BuiltinError.self) {
        try BuiltinKind.spill.check(parameters: parameters)
      }
      #expect(error?.description == message)
    }
  }
}
