// Faults of ours, built in on purpose: each must be found, or the invariants prove nothing.

/// One thing that the simulated glue does wrong.
package enum Mutation: String, CaseIterable, Sendable {
  /// Now and then the credit of bytes that were taken is not returned.
  case dropsCredit
  /// A window update counts for its sender and is lost on the way.
  case losesUpdate
  /// A sender that does not look at its window.
  case ignoresWindow
  /// The task never hears that a push was lost.
  case swallowsLoss
  /// What the reference node does: a push that breaks off is taken for its end.
  case takesLossForEnd
  /// `done` overtakes what is still queued.
  case saysDoneEarly
  /// An awaiting push is answered when its bytes are here.
  case answersEarly
  /// Two chunks of a queue change places.
  case reorders
  /// One chunk never arrives.
  case losesChunk
  /// The operator is read on although its reader is full.
  case ignoresFullQueue
  /// A failed forward is not told to its task.
  case swallowsForwardFailure
  /// The deadline for inputs goes on after the task's end.
  case forgetsTimer
  /// A task's end is not told to its session.
  case keepsTask
  /// A stream's window is not given back to the budget.
  case leaksWindow
  /// An id that has been is forgotten at once.
  case forgetsTask
}
