// Every state that a task reaches, each by a short script, and every event in each of them: the
// expected actions and the resulting status.

/// One state: how it is reached, its status, and the events that do something there. Every event
/// that is not listed does nothing: no action, and the status stays.
///
/// A line reads `event: actions` or `event: actions -> status`; the words are those of ``Script``.
struct MachineState: Sendable {
  let name: String
  let script: [Event]
  let status: String
  let expected: [Event: String]

  init(_ name: String, _ script: [Event], _ table: String) {
    self.name = name
    self.script = script
    let lines = table.split(separator: "\n").map(String.init)
    status = lines[0]
    var expected: [Event: String] = [:]
    for line in lines.dropFirst() {
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      guard let event = Event(rawValue: String(line[..<colon])) else {
        preconditionFailure("\(line) names no event")
      }
      expected[event] = String(line[colon...].dropFirst(2))
    }
    self.expected = expected
  }

  /// Before the operator's exit.
  static let beforeTheExit: [MachineState] = [
    MachineState(
      "created", [],
      """
      exists in 0 out 0 fwd 0
      start: start, forward 1
      exit3: cancel, ended -> failed by operatorFailed in 0 out 0 fwd 0 ended
      cancel: cancel, ended -> failed by cancelled in 0 out 0 fwd 0 ended
      release: let go
      bytes: drop
      """),
    MachineState(
      "created, push open", [.push],
      """
      exists in 0 out 0 fwd 0
      start: start, forward 1
      exit3: fail push 0, cancel, ended -> failed by operatorFailed in 0 out 0 fwd 0 ended
      cancel: fail push 0, cancel, ended -> failed by cancelled in 0 out 0 fwd 0 ended
      release: let go
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: deliver -> exists in 5 out 0 fwd 0
      done: end 0, ok 0 -> exists in 0! out 0 fwd 0
      corrupt: fail push 0, cancel, ended -> failed by input in 0x out 0 fwd 0 ended
      """),
    MachineState(
      "created, awaiting push open", [.pushAwaiting],
      """
      exists in 0 out 0 fwd 0
      start: start, forward 1
      exit3: fail push 0, cancel, ended -> failed by operatorFailed in 0 out 0 fwd 0 ended
      cancel: fail push 0, cancel, ended -> failed by cancelled in 0 out 0 fwd 0 ended
      release: let go
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: deliver -> exists in 5 out 0 fwd 0
      done: end 0 -> exists in 0! out 0 fwd 0
      corrupt: fail push 0, cancel, ended -> failed by input in 0x out 0 fwd 0 ended
      pushLost: cancel, ended -> failed by input in 0x out 0 fwd 0 ended
      """),
    MachineState(
      "created, push done", [.push, .bytes, .done],
      """
      exists in 5! out 0 fwd 0
      start: start, forward 1
      exit3: cancel, ended -> failed by operatorFailed in 5! out 0 fwd 0 ended
      cancel: cancel, ended -> failed by cancelled in 5! out 0 fwd 0 ended
      release: let go
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop
      """),
    MachineState(
      "created, pull open", [.pull],
      """
      exists in 0 out 0 fwd 0
      start: start, forward 1
      exit3: fail output 0, cancel, ended -> failed by operatorFailed in 0 out 0 fwd 0 ended
      cancel: fail output 0, cancel, ended -> failed by cancelled in 0 out 0 fwd 0 ended
      bytes: drop
      pull: refused as taken
      """),
    MachineState(
      "running", [.start],
      """
      exists in 0 out 0 fwd 0
      exit3: fail output 1, cancel, ended -> failed by operatorFailed in 0 out 0 fwd 0 ended
      cancel: fail output 1, cancel -> failed by cancelled in 0 out 0 fwd 0
      bytes: drop
      refused: cancel -> failed by forward in 0 out 0 fwd 0x
      """),
    MachineState(
      "running, push open without a byte", [.start, .push],
      """
      exists in 0 out 0 fwd 0
      exit3: fail output 1, fail push 0, cancel, ended -> failed by operatorFailed in 0 out 0 fwd 0 ended
      cancel: fail output 1, fail push 0, cancel -> failed by cancelled in 0 out 0 fwd 0
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: deliver -> exists in 5 out 0 fwd 0
      done: end 0, ok 0 -> exists in 0! out 0 fwd 0
      corrupt: fail output 1, fail push 0, cancel -> failed by input in 0x out 0 fwd 0
      refused: fail push 0, cancel -> failed by forward in 0 out 0 fwd 0x
      """),
    MachineState(
      "running, push open with bytes", [.start, .push, .bytes],
      """
      exists in 5 out 0 fwd 0
      exit3: fail output 1, fail push 0, cancel, ended -> failed by operatorFailed in 5 out 0 fwd 0 ended
      cancel: fail output 1, fail push 0, cancel -> failed by cancelled in 5 out 0 fwd 0
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: deliver -> exists in 10 out 0 fwd 0
      done: end 0, ok 0 -> exists in 5! out 0 fwd 0
      corrupt: fail output 1, fail push 0, cancel -> failed by input in 5x out 0 fwd 0
      pushLost: fail output 1, cancel -> failed by input in 5x out 0 fwd 0
      refused: fail push 0, cancel -> failed by forward in 5 out 0 fwd 0x
      """),
    MachineState(
      "running, awaiting push open without a byte", [.start, .pushAwaiting],
      """
      exists in 0 out 0 fwd 0
      exit3: fail output 1, fail push 0, cancel, ended -> failed by operatorFailed in 0 out 0 fwd 0 ended
      cancel: fail output 1, fail push 0, cancel -> failed by cancelled in 0 out 0 fwd 0
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: deliver -> exists in 5 out 0 fwd 0
      done: end 0 -> exists in 0! out 0 fwd 0
      corrupt: fail output 1, fail push 0, cancel -> failed by input in 0x out 0 fwd 0
      pushLost: fail output 1, cancel -> failed by input in 0x out 0 fwd 0
      refused: fail push 0, cancel -> failed by forward in 0 out 0 fwd 0x
      """),
    MachineState(
      "running, awaiting push open with bytes", [.start, .pushAwaiting, .bytes],
      """
      exists in 5 out 0 fwd 0
      exit3: fail output 1, fail push 0, cancel, ended -> failed by operatorFailed in 5 out 0 fwd 0 ended
      cancel: fail output 1, fail push 0, cancel -> failed by cancelled in 5 out 0 fwd 0
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: deliver -> exists in 10 out 0 fwd 0
      done: end 0 -> exists in 5! out 0 fwd 0
      corrupt: fail output 1, fail push 0, cancel -> failed by input in 5x out 0 fwd 0
      pushLost: fail output 1, cancel -> failed by input in 5x out 0 fwd 0
      refused: fail push 0, cancel -> failed by forward in 5 out 0 fwd 0x
      """),
    MachineState(
      "running, push done", [.start, .push, .bytes, .done],
      """
      exists in 5! out 0 fwd 0
      exit3: fail output 1, cancel, ended -> failed by operatorFailed in 5! out 0 fwd 0 ended
      cancel: fail output 1, cancel -> failed by cancelled in 5! out 0 fwd 0
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop
      refused: cancel -> failed by forward in 5! out 0 fwd 0x
      """),
    MachineState(
      "running, awaiting push done", [.start, .pushAwaiting, .bytes, .done],
      """
      exists in 5! out 0 fwd 0
      exit3: fail output 1, fail push 0, cancel, ended -> failed by operatorFailed in 5! out 0 fwd 0 ended
      cancel: fail output 1, fail push 0, cancel -> failed by cancelled in 5! out 0 fwd 0
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop
      pushLost: fail output 1, cancel -> failed by input in 5!x out 0 fwd 0
      refused: fail push 0, cancel -> failed by forward in 5! out 0 fwd 0x
      """),
    MachineState(
      "running, input closed by the operator", [.start, .push, .bytes, .closed],
      """
      exists in 5-2 out 0 fwd 0
      exit3: fail output 1, fail push 0, cancel, ended -> failed by operatorFailed in 5-2 out 0 fwd 0 ended
      cancel: fail output 1, fail push 0, cancel -> failed by cancelled in 5-2 out 0 fwd 0
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop -> exists in 10-7 out 0 fwd 0
      done: ok 0 -> exists in 5-2! out 0 fwd 0
      corrupt: fail output 1, fail push 0, cancel -> failed by input in 5-2x out 0 fwd 0
      pushLost: fail output 1, cancel -> failed by input in 5-2x out 0 fwd 0
      refused: fail push 0, cancel -> failed by forward in 5-2 out 0 fwd 0x
      """),
    MachineState(
      "running, pull open without a byte", [.start, .pull],
      """
      exists in 0 out 0 fwd 0
      exit3: fail output 0, fail output 1, cancel, ended -> failed by operatorFailed in 0 out 0 fwd 0 ended
      cancel: fail output 0, fail output 1, cancel -> failed by cancelled in 0 out 0 fwd 0
      bytes: drop
      pull: refused as taken
      refused: fail output 0, cancel -> failed by forward in 0 out 0 fwd 0x
      """),
    MachineState(
      "running, pull open with bytes", [.start, .pull, .sent],
      """
      exists in 0 out 7 fwd 0
      exit3: fail output 0, fail output 1, cancel, ended -> failed by operatorFailed in 0 out 7 fwd 0 ended
      cancel: fail output 0, fail output 1, cancel -> failed by cancelled in 0 out 7 fwd 0
      bytes: drop
      pull: refused as taken
      pullLost: fail output 1, cancel -> failed by output in 0 out 7x fwd 0
      refused: fail output 0, cancel -> failed by forward in 0 out 7 fwd 0x
      """),
    MachineState(
      "running, outputs drained before the exit", [.start, .pull, .drained, .drainedForward],
      """
      exists in 0 out 0 fwd 0
      exit0: done 0, done 1 -> exists in 0 out 0! fwd 0!
      exit3: fail output 0, fail output 1, cancel, ended -> failed by operatorFailed in 0 out 0 fwd 0 ended
      cancel: fail output 0, fail output 1, cancel -> failed by cancelled in 0 out 0 fwd 0
      bytes: drop
      pull: refused as taken
      refused: fail output 0, cancel -> failed by forward in 0 out 0 fwd 0x
      """),
  ]
}
