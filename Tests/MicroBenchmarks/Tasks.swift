// The session machine: what a task and a fragment of its data cost there.

import Sessions

/// Tasks with an input and a forwarded output, from their creation to their end.
func liveTasks(_ count: Int) throws -> Int {
  var finished = 0
  for _ in 0..<count {
    var machine = makeMachine()
    _ = machine.start()
    try machine.openPush(input: 0, awaiting: true)
    _ = machine.pushReceived(100, input: 0)
    machine.pushReceivedMessages(1, input: 0)
    machine.sent(100, output: 0)
    _ = machine.pushDone(input: 0)
    _ = machine.drained(output: 0)
    _ = machine.operatorExited(nil)
    _ = machine.delivered(output: 0)
    if machine.hasEnded, machine.failure == nil { finished += 1 }
  }
  return finished
}

/// Fragments that come in at the input and leave at the output of one task.
func passFragments(_ count: Int) throws -> Int {
  var machine = makeMachine()
  _ = machine.start()
  try machine.openPush(input: 0, awaiting: true)
  var delivered = 0
  for _ in 0..<count {
    if machine.pushReceived(64 << 10, input: 0) { delivered += 1 }
    machine.pushReceivedMessages(1, input: 0)
    machine.sent(64 << 10, output: 0)
  }
  return delivered
}

private func makeMachine() -> TaskMachine {
  TaskMachine(
    inputNames: ["in"], outputs: [(name: "out", isForwarded: true)], failsOnEarlyEnd: false)
}
