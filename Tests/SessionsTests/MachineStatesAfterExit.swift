// The states of a task from its operator's success, or its first failure, on.

extension MachineState {
  /// The operator has exited 0, or the task has failed.
  static let fromTheExitOn: [MachineState] = [
    MachineState(
      "delivering", [.start, .exit0],
      """
      exists in 0 out 0 fwd 0
      cancel: fail output 1, cancel, ended -> failed by cancelled in 0 out 0 fwd 0 ended
      bytes: drop
      drainedForward: done 1 -> exists in 0 out 0 fwd 0!
      refused: cancel, ended -> failed by forward in 0 out 0 fwd 0x ended
      """),
    MachineState(
      "delivering, push open with bytes", [.start, .push, .bytes, .exit0],
      """
      exists in 5 out 0 fwd 0
      cancel: fail output 1, fail push 0, cancel, ended -> failed by cancelled in 5 out 0 fwd 0 ended
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop -> exists in 10-5 out 0 fwd 0
      done: ok 0 -> exists in 5! out 0 fwd 0
      corrupt: fail output 1, fail push 0, cancel, ended -> failed by input in 5x out 0 fwd 0 ended
      pushLost: - -> exists in 5x out 0 fwd 0
      drainedForward: done 1 -> exists in 5 out 0 fwd 0!
      refused: fail push 0, cancel, ended -> failed by forward in 5 out 0 fwd 0x ended
      """),
    MachineState(
      "delivering, awaiting push open", [.start, .pushAwaiting, .exit0],
      """
      exists in 0 out 0 fwd 0
      cancel: fail output 1, fail push 0, cancel, ended -> failed by cancelled in 0 out 0 fwd 0 ended
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop -> exists in 5-5 out 0 fwd 0
      done: - -> exists in 0! out 0 fwd 0
      corrupt: fail output 1, fail push 0, cancel, ended -> failed by input in 0x out 0 fwd 0 ended
      pushLost: fail output 1, cancel, ended -> failed by input in 0x out 0 fwd 0 ended
      drainedForward: done 1 -> exists in 0 out 0 fwd 0!
      refused: fail push 0, cancel, ended -> failed by forward in 0 out 0 fwd 0x ended
      """),
    MachineState(
      "delivering, awaiting push done", [.start, .pushAwaiting, .bytes, .done, .exit0],
      """
      exists in 5! out 0 fwd 0
      cancel: fail output 1, fail push 0, cancel, ended -> failed by cancelled in 5! out 0 fwd 0 ended
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop
      pushLost: fail output 1, cancel, ended -> failed by input in 5!x out 0 fwd 0 ended
      drainedForward: done 1 -> exists in 5! out 0 fwd 0!
      refused: fail push 0, cancel, ended -> failed by forward in 5! out 0 fwd 0x ended
      """),
    MachineState(
      "delivering, only a pull without a byte is left",
      [.start, .pull, .exit0, .drainedForward, .answered],
      """
      exists in 0 out 0 fwd 0!
      cancel: fail output 0, cancel, ended -> failed by cancelled in 0 out 0 fwd 0! ended
      bytes: drop
      pull: refused as taken
      drained: done 0 -> exists in 0 out 0! fwd 0!
      pullLost: ended -> finished in 0 out 0 fwd 0! ended
      """),
    MachineState(
      "delivering, only a pull with bytes is left",
      [.start, .pull, .sent, .exit0, .drainedForward, .answered],
      """
      exists in 0 out 7 fwd 0!
      cancel: fail output 0, cancel, ended -> failed by cancelled in 0 out 7 fwd 0! ended
      bytes: drop
      pull: refused as taken
      drained: done 0 -> exists in 0 out 7! fwd 0!
      pullLost: cancel, ended -> failed by output in 0 out 7x fwd 0! ended
      """),
    MachineState(
      "delivering, pull ended and not delivered, without a byte",
      [.start, .pull, .drained, .drainedForward, .exit0, .answered],
      """
      exists in 0 out 0! fwd 0!
      cancel: fail output 0, cancel, ended -> failed by cancelled in 0 out 0 fwd 0! ended
      bytes: drop
      pull: refused as taken
      delivered: ended -> finished in 0 out 0! fwd 0! ended
      pullLost: ended -> finished in 0 out 0 fwd 0! ended
      """),
    MachineState(
      "delivering, pull ended and not delivered, with bytes",
      [.start, .pull, .sent, .drained, .drainedForward, .exit0, .answered],
      """
      exists in 0 out 7! fwd 0!
      cancel: fail output 0, cancel, ended -> failed by cancelled in 0 out 7 fwd 0! ended
      bytes: drop
      pull: refused as taken
      delivered: ended -> finished in 0 out 7! fwd 0! ended
      pullLost: cancel, ended -> failed by output in 0 out 7x fwd 0! ended
      """),
    MachineState(
      "delivering, forward ended and not answered",
      [.start, .exit0, .sentForward, .drainedForward],
      """
      exists in 0 out 0 fwd 9!
      cancel: fail output 1, cancel, ended -> failed by cancelled in 0 out 0 fwd 9 ended
      bytes: drop
      answered: ended -> finished in 0 out 0 fwd 9! ended
      refused: cancel, ended -> failed by forward in 0 out 0 fwd 9x ended
      """),
    MachineState(
      "stopping", [.start, .cancel],
      """
      failed by cancelled in 0 out 0 fwd 0
      exit0: ended -> failed by cancelled in 0 out 0 fwd 0 ended
      exit3: ended -> failed by cancelled in 0 out 0 fwd 0 ended
      push: refused by cancelled
      pushAwaiting: refused by cancelled
      bytes: drop
      pull: refused by cancelled
      """),
    MachineState(
      "stopping, everything was open", [.start, .pushAwaiting, .bytes, .pull, .sent, .cancel],
      """
      failed by cancelled in 5 out 7 fwd 0
      exit0: ended -> failed by cancelled in 5 out 7 fwd 0 ended
      exit3: ended -> failed by cancelled in 5 out 7 fwd 0 ended
      push: refused by cancelled
      pushAwaiting: refused by cancelled
      bytes: drop
      pull: refused by cancelled
      """),
    MachineState(
      "failed", [.start, .exit3],
      """
      failed by operatorFailed in 0 out 0 fwd 0 ended
      push: refused by operatorFailed
      pushAwaiting: refused by operatorFailed
      bytes: drop
      pull: refused by operatorFailed
      """),
    MachineState(
      "finished, output not read", [.start, .push, .done, .exit0, .drainedForward, .answered],
      """
      finished in 0! out 0 fwd 0! ended
      release: let go
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop
      """),
    MachineState(
      "finished, late pull without a byte",
      [.start, .push, .done, .exit0, .drainedForward, .answered, .pull],
      """
      finished in 0! out 0 fwd 0! ended
      cancel: fail output 0
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop
      pull: refused as taken
      drained: done 0 -> finished in 0! out 0! fwd 0! ended
      """),
    MachineState(
      "finished, late pull with bytes",
      [.start, .push, .done, .exit0, .drainedForward, .answered, .pull, .sent],
      """
      finished in 0! out 7 fwd 0! ended
      cancel: fail output 0
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop
      pull: refused as taken
      drained: done 0 -> finished in 0! out 7! fwd 0! ended
      pullLost: - -> finished in 0! out 7x fwd 0! ended
      """),
    MachineState(
      "finished, late pull ended and not delivered",
      [.start, .push, .done, .exit0, .drainedForward, .answered, .pull, .sent, .drained],
      """
      finished in 0! out 7! fwd 0! ended
      cancel: fail output 0 -> finished in 0! out 7 fwd 0! ended
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop
      pull: refused as taken
      pullLost: - -> finished in 0! out 7x fwd 0! ended
      """),
    MachineState(
      "finished and released, late pull with bytes",
      [.start, .push, .done, .exit0, .drainedForward, .answered, .pull, .sent, .release],
      """
      finished in 0! out 7 fwd 0! ended
      cancel: fail output 0, let go
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop
      pull: refused as taken
      drained: done 0 -> finished in 0! out 7! fwd 0! ended
      pullLost: let go -> finished in 0! out 7x fwd 0! ended
      """),
    MachineState(
      "finished and released, output not read",
      [.start, .push, .done, .exit0, .drainedForward, .answered, .release],
      """
      finished in 0! out 0 fwd 0! ended
      cancel: let go
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop
      pull: refused as taken
      delivered: let go
      pullLost: let go
      answered: let go
      """),
    MachineState(
      "finished, push open", [.start, .push, .exit0, .drainedForward, .answered],
      """
      finished in 0 out 0 fwd 0! ended
      release: let go
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop -> finished in 5-5 out 0 fwd 0! ended
      done: ok 0 -> finished in 0! out 0 fwd 0! ended
      corrupt: fail push 0 -> finished in 0x out 0 fwd 0! ended
      """),
    MachineState(
      "finished, awaiting push open",
      [.start, .pushAwaiting, .bytes, .exit0, .drainedForward, .answered],
      """
      finished in 5 out 0 fwd 0! ended
      release: let go
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop -> finished in 10-5 out 0 fwd 0! ended
      done: ok 0 -> finished in 5! out 0 fwd 0! ended
      corrupt: fail push 0 -> finished in 5x out 0 fwd 0! ended
      pushLost: - -> finished in 5x out 0 fwd 0! ended
      """),
    MachineState(
      "finished, everything delivered",
      [
        .start, .push, .bytes, .done, .pull, .sent, .drained, .drainedForward, .exit0, .answered,
        .delivered,
      ],
      """
      finished in 5! out 7! fwd 0! ended
      release: let go
      push: refused as taken
      pushAwaiting: refused as taken
      bytes: drop
      pull: refused as taken
      """),
  ]
}
