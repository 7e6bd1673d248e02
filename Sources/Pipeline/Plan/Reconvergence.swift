// Warns where the branches of one node meet again: there operators can come to wait for each other.

internal import OperatorFile

/// A node with several readers gives to all of them at the pace of the slowest. Where two of its
/// branches meet again, and the node there waits for one while the other has filled its buffers,
/// nothing moves any more. Whether it comes to that depends on the programs, so it is a warning.
enum Reconvergence {
  /// How one node is reached from the beginning of the branches.
  private struct Reach {
    /// Which branch, or which meeting of branches further up.
    var label: Int
    /// The edges of one way, from the beginning.
    var way: [Int]
    /// Whether each way of it can wait on disk.
    var spills: Bool
    /// Whether each way of it goes through a whole file, which takes all that comes.
    var isFile: Bool
  }

  static func warnings(_ plan: Plan) -> [Diagnostic] {
    var leaving: [String: [Int]] = [:]
    var entering: [String: [Int]] = [:]
    for (number, edge) in plan.edges.enumerated() {
      leaving[edge.from.node, default: []].append(number)
      entering[edge.to.node, default: []].append(number)
    }
    // Sources first: a node after everything that feeds it.
    let order = plan.nodes.reversed()
    var warnings: [Diagnostic] = []
    for start in order where leaving[start.name, default: []].count > 1 {
      var reached: [String: Reach] = [:]
      var meetings = 0
      for node in order where node.name != start.name {
        let arrivals = (entering[node.name] ?? []).compactMap { number in
          arrival(plan, number, from: start.name, reached)
        }
        guard let first = arrivals.first else { continue }
        var merged = first
        for other in arrivals.dropFirst() where other.label == merged.label {
          merged.spills = merged.spills && other.spills
          merged.isFile = merged.isFile && other.isFile
        }
        if Set(arrivals.map(\.label)).count > 1 {
          if let pair = circle(arrivals), !discards(node) {
            warnings.append(warning(plan, start, node, pair))
          }
          // What goes on from here is one branch again.
          meetings += 1
          merged.label = -meetings
          merged.spills = arrivals.allSatisfy(\.spills)
          merged.isFile = arrivals.allSatisfy(\.isFile)
        }
        reached[node.name] = merged
      }
    }
    return warnings
  }

  private static func arrival(
    _ plan: Plan, _ number: Int, from start: String, _ reached: [String: Reach]
  ) -> Reach? {
    let edge = plan.edges[number]
    var reach: Reach
    if edge.from.node == start {
      reach = Reach(label: number, way: [], spills: false, isFile: false)
    } else if let known = reached[edge.from.node] {
      reach = known
    } else {
      return nil
    }
    reach.way.append(number)
    reach.spills = reach.spills || edge.buffer == .disk
    reach.isFile = reach.isFile || edge.kind == .file
    return reach
  }

  /// Two branches that can wait for each other. One that may wait on disk ends the matter for its
  /// pair; a whole file does so only where both have one, as otherwise the reader waits for the
  /// file's end while the other branch stands still.
  private static func circle(_ arrivals: [Reach]) -> (Reach, Reach)? {
    for (index, left) in arrivals.enumerated() where !left.spills {
      for right in arrivals[(index + 1)...]
      where right.label != left.label && !right.spills && !(left.isFile && right.isFile) {
        return (left, right)
      }
    }
    return nil
  }

  /// Its inputs never wait for each other.
  private static func discards(_ node: PlanNode) -> Bool {
    node.definition.program == .builtin(.discard)
  }

  private static func warning(
    _ plan: Plan, _ start: PlanNode, _ node: PlanNode, _ pair: (Reach, Reach)
  ) -> Diagnostic {
    func text(_ reach: Reach) -> String {
      // The tees that the plan put in are not the user's words.
      let names = reach.way.map { plan.edges[$0].to.node }.filter { name in
        plan.node(name)?.isAutomatic == false
      }
      return ([shown(start)] + names).joined(separator: " -> ")
    }
    return Diagnostic(
      "two branches of '\(shown(start))' meet again in '\(node.name)' (\(text(pair.0)), and"
        + " \(text(pair.1))): if '\(node.name)' waits for one of them while the other is full,"
        + " all of them wait for ever; 'buffer: disk' on the wire that '\(node.name)' reads later"
        + " prevents it",
      at: plan.edges[pair.1.way.last ?? 0].location)
  }

  private static func shown(_ node: PlanNode) -> String {
    node.isAutomatic ? String(node.name.dropFirst("tee.".count)) : node.name
  }
}
