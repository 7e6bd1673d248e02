// The node's limit of open files, raised for itself and kept as it was for its children.

internal import Glibc
internal import Synchronization

/// A task takes six descriptors and more, and the usual soft limit is 1024; but a program that uses
/// select() breaks above it. So the node raises its own soft limit and children get the old one.
package enum OpenFileLimit {
  private static let original = Atomic<UInt64>(0)

  /// What children get; 0 when nothing was raised.
  static var forChildren: UInt64 { original.load(ordering: .relaxed) }

  /// Raises the soft limit to the hard one and returns what holds now. Call it once, early.
  @discardableResult
  package static func raise() -> UInt64 {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    guard limit.rlim_cur < limit.rlim_max else { return UInt64(limit.rlim_cur) }
    let before = UInt64(limit.rlim_cur)
    limit.rlim_cur = limit.rlim_max
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return before
    }
    original.store(before, ordering: .relaxed)
    return UInt64(limit.rlim_cur)
  }
}
