// Which task ids a session knows: living ones, ended ones with their status, and bare ids that must
// never start again.

internal import MNP

/// The tasks of one session by id.
///
/// An ended task keeps its status for a time (10 minutes); then its id alone stays (24 hours), so
/// that a late push or pull is told, and never starts the task a second time. Both are bounded: by
/// time here, and by count in the case of bare ids, of which the oldest go first.
///
/// No clock: every method that needs one is given `now`, in nanoseconds of a monotonic clock.
package struct TaskTable<Entry> {
  package struct Limits: Equatable, Sendable {
    /// Tasks that have not ended.
    package var live = 1024
    /// Ended tasks that keep their status.
    package var ended = 4096
    /// Bare ids: at 256 bytes each at most 16 MiB.
    package var bareIDs = 65_536
    /// Nanoseconds for which an ended task keeps its status.
    package var statusLifetime: UInt64 = 600 * 1_000_000_000
    /// Nanoseconds for which an id is remembered after that.
    package var idLifetime: UInt64 = 86_400 * 1_000_000_000

    package init() {}
  }

  package enum Lookup {
    case unknown
    case known(Entry)
    /// It has been, and its status is gone: FAILED_PRECONDITION.
    case expired
  }

  private let limits: Limits
  fileprivate struct Slot {
    var entry: Entry
    var isLive: Bool
  }

  private var entries: [TaskKey: Slot] = [:]
  private var bareIDs: Set<TaskKey> = []
  /// Ended tasks, oldest first.
  private var endings = ExpiryQueue()
  /// Bare ids, oldest first.
  private var forgettings = ExpiryQueue()
  package private(set) var liveCount = 0

  package init(limits: Limits = Limits()) {
    self.limits = limits
  }

  package var all: [Entry] { entries.values.map(\.entry) }

  package func lookUp(_ id: String) -> Lookup {
    let key = TaskKey(id: id)
    if let slot = entries[key] { return .known(slot.entry) }
    return bareIDs.contains(key) ? .expired : .unknown
  }

  /// Adds a task that `lookUp` has just not found.
  ///
  /// - Returns: false when the limit of living tasks is reached (RESOURCE_EXHAUSTED).
  package mutating func insert(_ entry: Entry, id: String) -> Bool {
    let key = TaskKey(id: id)
    precondition(entries[key] == nil && !bareIDs.contains(key), "a task id is used once")
    guard liveCount < limits.live else { return false }
    entries[key] = Slot(entry: entry, isLive: true)
    liveCount += 1
    return true
  }

  /// Remembers ids of tasks that have ended elsewhere or before: they are never started here.
  package mutating func forbid(_ ids: [String], now: UInt64) {
    for id in ids where entries[TaskKey(id: id)] == nil {
      let key = TaskKey(id: id)
      guard bareIDs.insert(key).inserted else { continue }
      forgettings.append(key, at: now &+ limits.idLifetime)
    }
  }

  /// The task has ended; its status begins to age.
  package mutating func ended(_ id: String, now: UInt64) {
    let key = TaskKey(id: id)
    // A second end must not make room for a task that the limit does not allow.
    guard entries[key]?.isLive == true else { return }
    entries[key]?.isLive = false
    liveCount -= 1
    endings.append(key, at: now &+ limits.statusLifetime)
  }

  /// Drops what is over age or over number.
  ///
  /// - Returns: the entries that lost their place, for their owner to release what they hold.
  package mutating func expire(now: UInt64) -> [Entry] {
    var released = [Entry]()
    while let key = endings.popFirst(dueAt: now, keeping: limits.ended) {
      if let slot = entries.removeValue(forKey: key) { released.append(slot.entry) }
      bareIDs.insert(key)
      forgettings.append(key, at: now &+ limits.idLifetime)
    }
    while let key = forgettings.popFirst(dueAt: now, keeping: limits.bareIDs) {
      bareIDs.remove(key)
    }
    return released
  }
}

/// A task id as the wire sees it: bytes.
struct TaskKey: Hashable {
  let id: String

  static func == (left: TaskKey, right: TaskKey) -> Bool {
    left.id.hasSameBytes(as: right.id)
  }

  func hash(into hasher: inout Hasher) { id.hashBytes(into: &hasher) }
}

/// Ids in the order in which they fall due; the front is consumed without moving the rest.
struct ExpiryQueue {
  private var items: [(key: TaskKey, due: UInt64)] = []
  private var head = 0

  mutating func append(_ key: TaskKey, at due: UInt64) {
    items.append((key, due))
  }

  /// The oldest id, if it is due or there are more than `limit` of them.
  mutating func popFirst(dueAt now: UInt64, keeping limit: Int) -> TaskKey? {
    guard head < items.count, items[head].due <= now || items.count - head > limit else {
      return nil
    }
    let key = items[head].key
    // Its bytes count against the bound only while it is remembered.
    items[head].key = TaskKey(id: "")
    head += 1
    if head > 64, head * 2 > items.count {
      items.removeFirst(head)
      head = 0
    }
    return key
  }
}

extension TaskTable.Slot: Sendable where Entry: Sendable {}
extension TaskTable: Sendable where Entry: Sendable {}
