// The sum of all receive windows of a node and of its operators' pipes, held to a bound.

internal import NIOConcurrencyHelpers

/// Counts the bytes that peers were allowed to send us at any moment, and those that pipes may hold
/// beyond what they are born with. Shared by all event loops, and asked only when a call begins,
/// ends, or has used up a whole window, and when a pipe grows.
package final class WindowBudget: Sendable {
  /// In bytes.
  package let limit: Int
  private let granted = NIOLockedValueBox(0)

  /// The budget of this process: the smaller of 256 MiB and a quarter of its memory limit.
  package static let shared = WindowBudget(limit: min(256 << 20, MemoryLimit.current() / 4))

  package init(limit: Int) {
    self.limit = limit
  }

  /// Bytes granted now.
  package var inUse: Int { self.granted.withLockedValue { $0 } }

  package var pressure: AdaptiveWindow.Pressure {
    // An eighth is kept free for new calls: they start small, and grow when others end.
    let inUse = self.inUse
    return if inUse <= self.limit / 4 * 3 { .none } else if inUse <= self.limit / 8 * 7 {
      .high
    } else { .critical }
  }

  /// Takes `bytes` if they are there.
  package func reserve(_ bytes: Int) -> Bool {
    self.granted.withLockedValue { granted in
      guard granted + bytes <= self.limit else { return false }
      granted += bytes
      return true
    }
  }

  /// Takes `bytes` for something that can do without, where nobody is short of them.
  package func reserveSpare(_ bytes: Int) -> Bool {
    if case .none = self.pressure { self.reserve(bytes) } else { false }
  }

  /// Takes the window that a new call starts with: the one it asks for, or the smallest, or none.
  package func reserveStart(_ wanted: Int = AdaptiveWindow.start) -> Int? {
    for size in [wanted, AdaptiveWindow.minimum] where self.reserve(size) {
      return size
    }
    return nil
  }

  /// Takes the smallest window even where it exceeds the limit: for calls of our own, which are
  /// few, and without which nothing that is held would ever go away.
  package func forceStart() -> Int {
    self.granted.withLockedValue { $0 += AdaptiveWindow.minimum }
    return AdaptiveWindow.minimum
  }

  package func release(_ bytes: Int) {
    self.granted.withLockedValue { granted in
      precondition(granted >= bytes, "more window released than was reserved")
      granted -= bytes
    }
  }
}
