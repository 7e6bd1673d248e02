// Retries: the same tasks again, under another id, after what died was started again.

internal import Operators

extension Runner {
  /// Runs all tasks, and again as long as that is allowed and may help.
  func attempts(_ nodes: NodeSet, _ ends: RunEnds, _ report: inout RunReport) async -> RunFailure? {
    var first: RunFailure?
    var number = 1
    while true {
      let start = ContinuousClock().now
      report.task = "\(report.run)-\(number)"
      let failure = await attempt(number, nodes, ends, &report)
      report.attempts.append(
        RunReport.Attempt(
          task: report.task, seconds: (ContinuousClock().now - start) / .seconds(1),
          error: failure?.description))
      guard let failure, !_Concurrency.Task.isCancelled, failure.mayPass, options.retries > 0
      else { return failure }
      guard number <= options.retries else { return exhausted(failure, after: first) }
      if let output = ends.irrevocable {
        let place = output.path == "-" ? "standard output" : output.path
        return failure.adding(
          "not tried again: \(output.bytes) bytes are written to \(place), which cannot be taken back"
        )
      }
      do {
        try ends.rewind()
      } catch {
        return failure.adding("not tried again: \(error)")
      }
      onEvent(
        .retry(
          "attempt \(number) of \(options.retries + 1) failed: \(failure);"
            + " attempt \(number + 1) begins, as task \(report.run)-\(number + 1)"))
      first = first ?? failure
      // A node elsewhere may need a moment to come back.
      try? await _Concurrency.Task.sleep(for: min(.seconds(5), .milliseconds(100) * (1 << number)))
      if _Concurrency.Task.isCancelled { return failure }
      number += 1
    }
  }

  /// One attempt, from its nodes to the end of its sessions.
  private func attempt(
    _ number: Int, _ nodes: NodeSet, _ ends: RunEnds, _ report: inout RunReport
  ) async -> RunFailure? {
    do {
      let urls = try await startNodes(nodes, attempt: number)
      let engine = try Engine(
        client: client, plan: plan, run: report.run, attempt: number, urls: urls)
      var failure = await drive(engine, nodes, ends, &report)
      // The nodes around it tell of broken streams alone.
      if let node = nodes.gone.first, let end = node.end, failure?.mayPass == true {
        failure = failure?.of(node.name, "its node was \(end.text)")
      }
      // When this returns, nothing of this attempt runs any more on nodes that can be reached. Those
      // of ours that cannot be asked are killed, stopped ones too: they would send on when they go on.
      let silent = await Self.uncancelled { await engine.quitSessions() }
      if failure != nil {
        await Self.uncancelled { for name in silent { await nodes.kill(name) } }
      }
      return failure
    } catch {
      return RunFailure(operator: nil, error)
    }
  }

  private func exhausted(_ last: RunFailure, after first: RunFailure?) -> RunFailure {
    guard let first else { return last }
    let count = "all \(options.retries + 1) attempts failed"
    // Names of attempts and what depends on time differ; whose failure it was is what counts.
    return first.operatorName == last.operatorName && first.kind == last.kind
      ? last.adding(count) : last.adding("\(count), the first with: \(first)")
  }
}

extension RunFailure {
  fileprivate func adding(_ text: String) -> RunFailure {
    var failure = self
    failure.message += "; \(text)"
    return failure
  }

  /// The same failure with its root.
  fileprivate func of(_ name: String, _ root: String) -> RunFailure {
    var failure = self
    failure.message = "\(root); \(description)"
    failure.operatorName = name
    return failure
  }
}

extension ChildEnd {
  fileprivate var text: String {
    switch self {
    case .exited(let code): "ended with exit code \(code)"
    case .signaled(let signal): "ended by signal \(signal)"
    case .lost: "lost"
    }
  }
}
