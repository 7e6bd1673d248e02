// How much pipe memory the node takes beyond what every pipe is born with.

internal import Glibc
package import Logging
internal import NIOConcurrencyHelpers

/// The node-wide budget of pipe memory.
///
/// A pipe is born with 64 KiB. Through `cat` that gives 1.0 to 1.2 GB/s, 1 MiB gives three times as
/// much; but an ordinary user has 64 MiB of pipes in all (pipe-user-pages-soft), after which every
/// new pipe of that user, in any program, is born with 8 KiB. So only a pipe that is seen full
/// grows, and all of them together within the budget.
package final class PipeBudget: Sendable {
  /// The steps in which a pipe grows, in bytes.
  static let steps = [256 * 1024, largest]
  static let largest = 1024 * 1024

  package static let shared = PipeBudget(limit: defaultLimit)

  /// The larger budget that pipe memory is a part of.
  package struct Whole: Sendable {
    /// Takes so many bytes if they are there.
    package var take: @Sendable (Int) -> Bool
    package var giveBack: @Sendable (Int) -> Void

    package init(
      take: @escaping @Sendable (Int) -> Bool, giveBack: @escaping @Sendable (Int) -> Void
    ) {
      self.take = take
      self.giveBack = giveBack
    }

    package static let unbounded = Whole(take: { _ in true }, giveBack: { _ in })
  }

  /// 16 MiB for an ordinary user, a quarter of the default 64 MiB; 256 MiB for root.
  package static var defaultLimit: Int { geteuid() == 0 ? 256 << 20 : 16 << 20 }

  private struct State {
    var taken = 0
    /// The kernel refused: there is no use in asking again and again.
    var refused = false
  }

  package let limit: Int
  private let whole: Whole
  private let logger: Logger
  private let resize: @Sendable (Int32, Int) -> Int32
  private let state = NIOLockedValueBox(State())

  /// `resize` gives a pipe so many bytes and returns 0 or an errno; the kernel does, except in tests.
  package init(
    limit: Int, of whole: Whole = .unbounded,
    logger: Logger = Logger(label: "headrace.operators"),
    resize: @escaping @Sendable (_ descriptor: Int32, _ bytes: Int) -> Int32 = PipeBudget.setSize
  ) {
    self.limit = limit
    self.whole = whole
    self.logger = logger
    self.resize = resize
  }

  /// Bytes that grown pipes hold now.
  package var taken: Int { state.withLockedValue { $0.taken } }

  /// Whether the kernel has refused to let a pipe grow.
  package var refused: Bool { state.withLockedValue { $0.refused } }

  /// Lets a pipe of `capacity` bytes grow by a step. Returns its new capacity, or nil when it stays.
  func grow(_ descriptor: Int32, capacity: Int) -> Int? {
    guard let size = Self.steps.first(where: { $0 > capacity }) else { return nil }
    let more = size - capacity
    guard reserve(more) else { return nil }
    let error = resize(descriptor, size)
    // The kernel rounds up to a power of two pages; the steps are.
    if error == 0 { return size }
    giveBack(more)
    let first = state.withLockedValue { state in
      guard error == EPERM, !state.refused else { return false }
      state.refused = true
      return true
    }
    if first {
      logger.notice(
        "pipes stay small: this user's pipe memory is used up (fs.pipe-user-pages-soft)")
    }
    return nil
  }

  private func reserve(_ bytes: Int) -> Bool {
    let fits = state.withLockedValue { state in
      guard !state.refused, state.taken + bytes <= limit else { return false }
      state.taken += bytes
      return true
    }
    guard fits else { return false }
    guard whole.take(bytes) else {
      state.withLockedValue { $0.taken -= bytes }
      return false
    }
    return true
  }

  /// Gives back what a pipe has grown by.
  func giveBack(_ bytes: Int) {
    guard bytes > 0 else { return }
    state.withLockedValue { $0.taken -= bytes }
    whole.giveBack(bytes)
  }

  static func capacity(of descriptor: Int32) -> Int {
    let size = fcntl(descriptor, getPipeSize)
    return size > 0 ? Int(size) : 64 * 1024
  }

  package static let setSize: @Sendable (Int32, Int) -> Int32 = { descriptor, bytes in
    fcntl(descriptor, setPipeSize, Int32(bytes)) < 0 ? errno : 0
  }

  /// F_SETPIPE_SZ and F_GETPIPE_SZ, which Swift does not import.
  private static let setPipeSize: Int32 = 1031
  private static let getPipeSize: Int32 = 1032
}

/// The growth of one pipe: by a step, whenever it is full again after much has gone through it. A
/// pipe that is full because its reader stands still does not grow.
struct PipeGrowth {
  private let budget: PipeBudget
  private let born: Int
  private(set) var capacity: Int
  private var movedSinceGrowth = 0
  private var finished = false

  init(of descriptor: Int32, budget: PipeBudget) {
    self.budget = budget
    born = PipeBudget.capacity(of: descriptor)
    capacity = born
  }

  /// Whether so much has moved that a full pipe would grow: spares others the looking.
  var wantsToKnow: Bool {
    !finished && capacity < PipeBudget.largest && movedSinceGrowth >= 4 * capacity
  }

  mutating func moved(_ bytes: Int) { movedSinceGrowth += bytes }

  /// The pipe was seen full. True when it is larger now.
  mutating func seenFull(_ descriptor: Int32) -> Bool {
    guard wantsToKnow else { return false }
    movedSinceGrowth = 0
    guard let larger = budget.grow(descriptor, capacity: capacity) else { return false }
    capacity = larger
    return true
  }

  /// The pipe is closed.
  mutating func end() {
    guard !finished else { return }
    finished = true
    budget.giveBack(capacity - born)
  }
}
