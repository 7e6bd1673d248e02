// What all operators of a node share.

package import NIOPosix

/// The node-wide things an operator needs; one value for the whole process as a rule.
package struct OperatorResources: Sendable {
  package var keeper: Keeper
  package var watcher: ChildWatcher
  package var budget: PipeBudget
  /// For tasks that only need named pipes.
  package var pipes: RuntimeFolder
  /// For tasks with ports by file.
  package var data: RuntimeFolder
  /// For everything that blocks: starting programs, folders, disks.
  package var threadPool: NIOThreadPool

  package init(
    keeper: Keeper, watcher: ChildWatcher, budget: PipeBudget, pipes: RuntimeFolder,
    data: RuntimeFolder, threadPool: NIOThreadPool
  ) {
    self.keeper = keeper
    self.watcher = watcher
    self.budget = budget
    self.pipes = pipes
    self.data = data
    self.threadPool = threadPool
  }

  package static let shared = OperatorResources(
    keeper: .shared, watcher: .shared, budget: .shared, pipes: .pipes, data: .data,
    threadPool: .singleton)
}
