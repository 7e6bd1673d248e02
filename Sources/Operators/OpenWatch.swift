// Whether anybody has opened a named pipe, by one inotify instance for the whole node.

internal import Glibc
internal import NIOConcurrencyHelpers

/// Remembers which watched files have been opened.
///
/// A named pipe does not say whether it was opened: with a spare write end held by us it never reports
/// an end, and an output that was opened and left empty is a good one. A user has only 128 inotify
/// instances, so all tasks share one; each watch gives a single event, so the queue stays short.
final class OpenWatch: Sendable {
  static let shared = OpenWatch()

  /// A watched file; worthless when the kernel had no watch to give.
  struct Token: Sendable {
    fileprivate var watch: Int32
  }

  private struct State {
    var descriptor: Descriptor?
    var opened: Set<Int32> = []
  }

  private let state = NIOLockedValueBox(State())

  /// Watches a file from now on; opens before this do not count.
  func watch(_ path: String) -> Token {
    state.withLockedValue { state in
      if state.descriptor == nil {
        let number = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        if number >= 0 { state.descriptor = Descriptor(owning: number) }
      }
      guard let descriptor = state.descriptor else { return Token(watch: -1) }
      let mask = UInt32(IN_OPEN) | UInt32(IN_ONESHOT)
      return Token(watch: inotify_add_watch(descriptor.number, path, mask))
    }
  }

  /// Whether it has been opened; nil when that cannot be known. Ends the watch.
  func finish(_ token: Token) -> Bool? {
    state.withLockedValue { state in
      guard let descriptor = state.descriptor, token.watch >= 0 else { return nil }
      Self.readEvents(descriptor, into: &state.opened)
      if state.opened.remove(token.watch) != nil { return true }
      _ = inotify_rm_watch(descriptor.number, token.watch)
      return false
    }
  }

  private static func readEvents(_ descriptor: Descriptor, into opened: inout Set<Int32>) {
    withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 8) { buffer in
      while true {
        let count = read(descriptor.number, buffer.baseAddress, buffer.count)
        guard count > 0 else { return }
        var at = 0
        while at + MemoryLayout<inotify_event>.size <= count {
          let event = buffer.loadUnaligned(fromByteOffset: at, as: inotify_event.self)
          if event.mask & UInt32(IN_OPEN) != 0 { opened.insert(event.wd) }
          at += MemoryLayout<inotify_event>.size + Int(event.len)
        }
      }
    }
  }
}
