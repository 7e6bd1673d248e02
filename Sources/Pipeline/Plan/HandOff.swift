// The plan of `--hand-off`: the same operators, stage by stage, with files between them.

internal import OperatorFile

extension Plan {
  /// The same nodes with every port that has a path as a regular file, and every edge a whole
  /// file. Standard input and output stay, as a file can be behind them without the program's
  /// knowing. Nodes that already run keep what they were started with.
  package func handedOff() -> Plan {
    func asFile(_ via: PortMedium) -> PortMedium { via.hasPath ? .file : via }
    var plan = self
    for index in plan.nodes.indices where plan.nodes[index].host == .own {
      for ports in [\PlanNode.inputs, \PlanNode.outputs] {
        for port in plan.nodes[index][keyPath: ports].indices {
          let via = plan.nodes[index][keyPath: ports][port].via
          plan.nodes[index][keyPath: ports][port].via = via.map(asFile)
        }
      }
      for ports in [\OperatorDefinition.inputs, \OperatorDefinition.outputs] {
        plan.nodes[index].definition[keyPath: ports] =
          plan.nodes[index].definition[keyPath: ports].map { list in
            list.map { port in
              var port = port
              port.via = asFile(port.via)
              return port
            }
          }
      }
    }
    for index in plan.edges.indices {
      plan.edges[index].kind = .file
      plan.edges[index].reason = "handed over when its writer has ended (--hand-off)"
    }
    // Nobody waits for another branch: each stage has all its inputs before it starts.
    plan.circleWarnings = []
    return plan
  }
}
