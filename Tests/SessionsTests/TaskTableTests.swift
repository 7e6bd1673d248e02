// The table of a session's tasks, with the clock in the test's hand.

import Testing

@testable import Sessions

@Suite struct TaskTableTests {
  /// What `lookUp` says, in a form that compares.
  enum Found: Equatable {
    case unknown, expired
    case known(Int)
  }

  static let second: UInt64 = 1_000_000_000
  static let tenMinutes = 600 * second
  static let day = 86_400 * second

  static func look(_ table: TaskTable<Int>, _ id: String) -> Found {
    switch table.lookUp(id) {
    case .unknown: .unknown
    case .expired: .expired
    case .known(let entry): .known(entry)
    }
  }

  @Test func anEndedTaskKeepsItsStatusThenItsIdThenNothing() {
    var table = TaskTable<Int>()
    let end = 5 * Self.second
    #expect(Self.look(table, "a") == .unknown)
    expect(table.insert(1, id: "a"), is: true)
    #expect(Self.look(table, "a") == .known(1))
    // A living task never ages.
    expect(table.expire(now: 3 * Self.day), is: [])
    table.ended("a", now: end)
    expect(table.expire(now: end + Self.tenMinutes - 1), is: [])
    #expect(Self.look(table, "a") == .known(1))
    expect(table.expire(now: end + Self.tenMinutes), is: [1])
    #expect(Self.look(table, "a") == .expired)
    expect(table.expire(now: end + Self.tenMinutes + Self.day - 1), is: [])
    #expect(Self.look(table, "a") == .expired)
    expect(table.expire(now: end + Self.tenMinutes + Self.day), is: [])
    #expect(Self.look(table, "a") == .unknown)
    expect(table.insert(2, id: "a"), is: true)
  }

  @Test func aForbiddenIDIsNeverATaskAndIsForgottenInTime() {
    var table = TaskTable<Int>()
    expect(table.insert(1, id: "living"), is: true)
    table.forbid(["old", "living"], now: 0)
    #expect(Self.look(table, "old") == .expired)
    #expect(Self.look(table, "living") == .known(1))
    expect(table.expire(now: Self.day - 1), is: [])
    #expect(Self.look(table, "old") == .expired)
    expect(table.expire(now: Self.day), is: [])
    #expect(Self.look(table, "old") == .unknown)
  }

  @Test func theLimitIsOnLivingTasks() {
    var limits = TaskTable<Int>.Limits()
    limits.live = 2
    var table = TaskTable<Int>(limits: limits)
    expect(table.insert(1, id: "a"), is: true)
    expect(table.insert(2, id: "b"), is: true)
    expect(table.insert(3, id: "c"), is: false)
    #expect(Self.look(table, "c") == .unknown)
    #expect(table.liveCount == 2)
    table.ended("a", now: 0)
    expect(table.insert(3, id: "c"), is: true)
    #expect(table.liveCount == 2)
    #expect(table.all.sorted() == [1, 2, 3])
    // A second end, or that of a task that never was, makes no room.
    table.ended("a", now: 0)
    table.ended("nobody", now: 0)
    #expect(table.liveCount == 2)
    expect(table.insert(4, id: "d"), is: false)
    // Nor does one whose status is gone.
    expect(table.expire(now: Self.tenMinutes), is: [1])
    table.ended("a", now: Self.tenMinutes)
    #expect(table.liveCount == 2)
    expect(table.expire(now: 2 * Self.tenMinutes), is: [])
  }

  @Test func endedTasksAreBoundedByNumberOldestFirst() {
    var limits = TaskTable<Int>.Limits()
    limits.ended = 2
    var table = TaskTable<Int>(limits: limits)
    // They end in another order than they began.
    for (entry, id) in ["a", "b", "c"].enumerated() {
      expect(table.insert(entry, id: id), is: true)
    }
    for id in ["c", "a", "b"] { table.ended(id, now: 0) }
    expect(table.expire(now: 0), is: [2])
    #expect(Self.look(table, "c") == .expired)
    #expect(Self.look(table, "a") == .known(0))
    #expect(Self.look(table, "b") == .known(1))
  }

  @Test func bareIdsAreBoundedByNumberOldestFirst() {
    var limits = TaskTable<Int>.Limits()
    limits.ended = 0
    limits.bareIDs = 3
    var table = TaskTable<Int>(limits: limits)
    for entry in 0..<5 {
      expect(table.insert(entry, id: "t\(entry)"), is: true)
      table.ended("t\(entry)", now: UInt64(entry))
      expect(table.expire(now: UInt64(entry)), is: [entry])
    }
    #expect(
      (0..<5).map { Self.look(table, "t\($0)") == .expired } == [false, false, true, true, true])
  }

  /// Many turns through both queues: each id passes each stage at its time, none is forgotten.
  @Test func manyTasksComeAndGo() {
    var limits = TaskTable<Int>.Limits()
    limits.statusLifetime = 100
    limits.idLifetime = 1000
    var table = TaskTable<Int>(limits: limits)
    var released = 0
    for now in 0..<5000 {
      expect(table.insert(now, id: "\(now)"), is: true)
      table.ended("\(now)", now: UInt64(now))
      for entry in table.expire(now: UInt64(now)) {
        #expect(entry == now - 100)
        released += 1
      }
      if now >= 2000 {
        #expect(Self.look(table, "\(now - 99)") == .known(now - 99))
        #expect(Self.look(table, "\(now - 100)") == .expired)
        #expect(Self.look(table, "\(now - 1099)") == .expired)
        #expect(Self.look(table, "\(now - 1100)") == .unknown)
      }
    }
    #expect(released == 4900 && table.liveCount == 0)
  }

  /// Ids are bytes on the wire; two spellings of one character are two ids.
  @Test func idsThatOnlyLookAlikeAreTwo() {
    var table = TaskTable<Int>()
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")
    #expect(composed == decomposed)
    expect(table.insert(1, id: composed), is: true)
    #expect(Self.look(table, decomposed) == .unknown)
    expect(table.insert(2, id: decomposed), is: true)
    table.ended(composed, now: 0)
    expect(table.expire(now: Self.tenMinutes), is: [1])
    #expect(Self.look(table, composed) == .expired)
    #expect(Self.look(table, decomposed) == .known(2))
  }
}
