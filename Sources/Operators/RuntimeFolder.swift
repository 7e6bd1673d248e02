// The node's folder for named pipes and files, with a folder in it for each task that needs one.

internal import CSpawn
internal import Glibc
internal import NIOConcurrencyHelpers

/// Folders of mode 0700, gone when their task is, and all of them when the node is.
///
/// Names of folders are counted, never made from ids. Everything here blocks: keep it off the loops.
package final class RuntimeFolder: Sendable {
  /// For named pipes: $XDG_RUNTIME_DIR, in memory and this user's own, else as for data.
  package static let pipes = RuntimeFolder(
    parents: [environment("XDG_RUNTIME_DIR"), environment("TMPDIR"), "/tmp"], keeper: .shared)

  /// For whole files: $TMPDIR or /tmp, since $XDG_RUNTIME_DIR is memory, and little of it.
  package static let data = RuntimeFolder(
    parents: [environment("TMPDIR"), "/tmp"], keeper: .shared)

  private struct State {
    var path: String?
    var count = 0
  }

  private let parents: [String]
  private let keeper: Keeper
  private let state = NIOLockedValueBox(State())

  /// The first of the parents in which a folder can be made is taken; absent ones are nil.
  package init(parents: [String?], keeper: Keeper) {
    self.parents = parents.compactMap { $0 }.filter { $0.hasPrefix("/") }
    self.keeper = keeper
  }

  /// The node's folder, when there is one yet.
  package var path: String? { state.withLockedValue { $0.path } }

  /// Makes a task's folder and returns its path.
  package func makeTaskFolder() throws(SystemError) -> String {
    let result = state.withLockedValue { state -> Result<String, SystemError> in
      do throws(SystemError) {
        if state.path == nil { state.path = try makeNodeFolder() }
        let node = state.path ?? ""
        state.count += 1
        let folder = "\(node)/task-\(state.count)"
        guard mkdir(folder, 0o700) == 0 else {
          throw SystemError("cannot make the folder \(folder)", errno: errno)
        }
        return .success(folder)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Removes a task's folder with all that is in it.
  func remove(taskFolder: String) throws(SystemError) {
    let result = headrace_remove_tree(taskFolder)
    guard result == 0 else {
      throw SystemError("cannot remove the folder \(taskFolder)", errno: -result)
    }
  }

  /// Removes the node's folder; the next task would make a new one.
  package func remove() {
    state.withLockedValue { state in
      guard let path = state.path, headrace_remove_tree(path) == 0 else { return }
      keeper.unregister(folder: path)
      state.path = nil
    }
  }

  private func makeNodeFolder() throws(SystemError) -> String {
    var last = SystemError("no folder to make a runtime folder in", errno: ENOENT)
    for parent in parents {
      let random = String(UInt64.random(in: .min ... .max), radix: 36)
      let path = "\(parent)/headrace-\(getpid())-\(random)"
      // The keeper knows of it first: a node that is killed leaves no folder, not even an empty one.
      try keeper.register(folder: path)
      if mkdir(path, 0o700) == 0 { return path }
      last = SystemError("cannot make a runtime folder in \(parent)", errno: errno)
      keeper.unregister(folder: path)
    }
    throw last
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
