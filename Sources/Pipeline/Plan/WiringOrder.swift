// The order of a wiring's nodes, and the circle where there is none.

/// A directed graph of nodes by their numbers.
struct WiringOrder {
  /// The edges that leave each node, as numbers of edges.
  let leaving: [[Int]]
  let edges: [(from: Int, to: Int)]

  init(nodes: Int, edges: [(from: Int, to: Int)]) {
    var leaving = [[Int]](repeating: [], count: nodes)
    for (number, edge) in edges.enumerated() { leaving[edge.from].append(number) }
    self.leaving = leaving
    self.edges = edges
  }

  /// The nodes so that each comes after all that it sends to; of several that could come next the
  /// one that stands first in the file. Fewer than all where there is a circle.
  func sinksFirst() -> [Int] {
    var waiting = leaving.map(\.count)
    var entering = [[Int]](repeating: [], count: leaving.count)
    for edge in edges { entering[edge.to].append(edge.from) }
    var order: [Int] = []
    var ready = waiting.indices.filter { waiting[$0] == 0 }
    while !ready.isEmpty {
      order += ready
      var next: [Int] = []
      for node in ready {
        for upstream in entering[node] {
          waiting[upstream] -= 1
          if waiting[upstream] == 0 { next.append(upstream) }
        }
      }
      ready = next.sorted()
    }
    return order
  }

  /// The edges of one circle, in their order, beginning with the one that stands first in the
  /// file; nothing where there is none.
  func circle() -> [Int]? {
    // Whatever sinks-first order leaves out lies on a circle or before one, so following any
    // edge within the rest comes back sooner or later.
    let placed = Set(sinksFirst())
    guard placed.count < leaving.count,
      var node = leaving.indices.first(where: { !placed.contains($0) })
    else { return nil }
    var path: [Int] = []
    var entered: [Int: Int] = [:]
    while entered[node] == nil {
      entered[node] = path.count
      guard let edge = leaving[node].first(where: { !placed.contains(edges[$0].to) }) else {
        return nil
      }
      path.append(edge)
      node = edges[edge].to
    }
    let circle = Array(path[(entered[node] ?? 0)...])
    let first = circle.indices.min { circle[$0] < circle[$1] } ?? 0
    return Array(circle[first...] + circle[..<first])
  }
}
