// docs/scale.md, from what was run.

/// The page that says how a thousand nodes would do.
package enum ScaleReport {
  /// What is run for it.
  package static var setups: [LargeSetup] {
    var setups = [LargeSetup("chain, one task a node"), LargeSetup("chain")]
    setups[0].runs = 1
    var warm = LargeSetup("chain, every task named at once")
    warm.warmsUp = true
    var far = LargeSetup("chain, hosts 5 ms apart")
    far.runs = 20
    far.network.latency = 5_000_000
    far.network.jitter = 500_000
    var tree = LargeSetup("tree of 500 sources, 16 KiB each")
    tree.bytes = 16 << 10
    tree.shape = .tree
    var slow = LargeSetup("chain, the 500th operator a tenth as fast")
    slow.incident = .slow
    var kill = LargeSetup("chain, the 500th node killed")
    kill.incident = .kill
    var vanish = LargeSetup("chain, the 500th host vanishes")
    vanish.incident = .vanish
    return setups + [warm, far, tree, slow, kill, vanish]
  }

  package static func page(_ all: [LargeFigures]) -> String {
    let usual = LargeSetup("")
    let settings = LargeSetup.settings
    return """
      # A thousand nodes

      No machine here can run a pipeline of \(usual.nodes) nodes. This page asks the simulator instead: the state \
      machines, windows and budgets are the node's own code, what is around them is a model
      ([ARCHITECTURE.md](../ARCHITECTURE.md#the-simulator)). Every figure comes from `scripts/simulate --scale`, which \
      writes the page; the same seed gives the same figures on every machine.

      ## What is assumed

      - \(usual.nodes) nodes, one operator on each, \(usual.runs) runs of the engine at the same time: \
      \(thousands(usual.nodes * usual.runs)) tasks. Each source writes \(size(usual.bytes)), where nothing else is said.
      - Between any two hosts \(time(usual.network.latency)) one way, and up to \(time(usual.network.jitter)) more for \
      each frame; \(usual.network.bytesPerSecond / 1_000_000) MB/s each way of each connection. One connection for each \
      pair of nodes.
      - An operator starts in \(time(settings.startTime)) and copies: \(time(settings.overhead)) for each read, and \
      \(settings.bytesPerSecond / 1_000_000_000) GB/s. Pipes hold \(size(Int64(settings.pipeCapacity))).
      - Every node has the default limits: a budget of 256 MiB for windows, windows from 256 KiB to 4 MiB, an input \
      deadline of 10 minutes, keepalive after \(time(usual.network.keepaliveInterval)) and \
      \(time(usual.network.keepaliveTimeout)).
      - The engine begins all of it at time 0, with the sessions ready: it pulls the sink and names each task on its \
      sources. What is behind them is created as the forwards come, as `headrace run` does it.

      ## Critical path

      | Pipeline | Tasks | First byte at the sink | First task whole | All whole | All tasks ended |
      |---|---|---|---|---|---|
      \(all.filter { $0.failedAt == nil }.map(pathRow).joined(separator: "\n"))

      \(pathText(all))

      ## Buffers

      The most that was ever there, on any node.

      | Pipeline | Received on one stream, not taken | Waiting on one stream | In one pipe | Windows granted by a node | \
      In and before a node's operators | The same, all nodes together |
      |---|---|---|---|---|---|---|
      \(all.filter { $0.failedAt == nil }.map(bufferRow).joined(separator: "\n"))

      Waiting on one stream is bounded by 512 KiB and one read of a pipe; windows granted by a node are \(usual.runs) \
      streams of 256 KiB at first; the 64 KiB for the answer to each of its forwards are not in the model. They are looked at every 5 ms of simulated time, the others at every event.

      ## Recovery

      The node in the middle is lost when it has got half of all bytes. The engine does nothing but wait: the failure \
      has to travel along the chain by itself. Then the node is replaced, and the runs that were not whole run again, in \
      new sessions, under new ids.

      | Pipeline | Lost at | The engine knows of every failed run | Every task of the other nodes has ended | All whole, \
      second attempt |
      |---|---|---|---|---|
      \(all.filter { $0.failedAt != nil }.map(recoveryRow).joined(separator: "\n"))

      The times of the last three columns count from the loss. A vanished host is found by keepalive alone \
      (`--keepalive`), and that is the time it takes.

      ## What the model leaves out

      - **Processors.** Each operator has a processor of its own, and a node's own work costs nothing: a hundred tasks on \
      one host share its cores in truth. What a node costs is in [performance.md](performance.md).
      - **The network between hosts** has a rate for each connection, none for a switch; nothing is lost without the \
      connection being lost; TCP's own windows and its slow start are not there.
      - **HTTP/2 below the stream**: the connection's window (64 MiB, returned at once), headers, SETTINGS, the limit of \
      concurrent streams, sharing a batch between streams.
      - **The glue**: `TaskRun`, the calls and the forwarder are modelled after the node's, line by line, not the same \
      code. Pipes do not grow, files and spills are not there, Init is at an end before time 0, and no push resumes after the loss of its connection.
      - **Contents.** Bytes have numbers, not values.
      \(problems(all))
      """
  }

  // MARK: Rows

  private static func pathRow(_ figures: LargeFigures) -> String {
    row([
      figures.setup.name, thousands(figures.tasks), time(figures.firstByte),
      time(figures.firstWhole),
      time(figures.allWhole), time(figures.allEnded),
    ])
  }

  private static func bufferRow(_ figures: LargeFigures) -> String {
    row([
      figures.setup.name, size(Int64(figures.largestWindow)), size(Int64(figures.largestQueue)),
      size(Int64(figures.largestPipe)), size(Int64(figures.mostGrantedOfNode)),
      size(Int64(figures.mostHeldOfNode)), size(Int64(figures.mostHeld)),
    ])
  }

  private static func recoveryRow(_ figures: LargeFigures) -> String {
    row([
      figures.setup.name, time(figures.failedAt), time(figures.toldAfter), time(figures.endedAfter),
      time(figures.wholeAfter),
    ])
  }

  private static func row(_ cells: [String]) -> String {
    "| " + cells.joined(separator: " | ") + " |"
  }

  // MARK: Words

  private static func pathText(_ all: [LargeFigures]) -> String {
    guard let chain = all.first(where: { $0.setup.runs == 1 && $0.setup.shape == .chain }),
      let first = chain.firstByte, let whole = chain.firstWhole,
      let warm = all.first(where: { $0.setup.warmsUp }), let warmFirst = warm.firstByte
    else { return "" }
    let hops = Int64(chain.setup.nodes - 1)
    return """
      In a chain the first byte pays for every hop: \(time(first / hops)) each, of which a new connection is the larger \
      part (three ways for TCP and SETTINGS, one for the push). Where the engine names every task on every node at the \
      start, so that all connections open side by side, the first byte is there after \(time(warmFirst)): \
      \(time(warmFirst / hops)) a hop. Behind the first byte, \(size(chain.setup.bytes)) come within \
      \(time(whole - first)): hops work side by side, so the length of the chain costs once, not for each chunk. The \
      answers travel back up to the source in \(time(chain.allEnded - whole)): a task is TS_FINISHED when everything \
      behind it is.
      """
  }

  private static func problems(_ all: [LargeFigures]) -> String {
    let found = all.compactMap { figures in
      figures.violation.map { "\(figures.setup.name): \($0)" }
    }
    let events = all.reduce(0) { $0 + $1.events }
    let verdict =
      found.isEmpty ? "no invariant was broken" : "BROKEN: " + found.joined(separator: "; ")
    return "\nIn \(thousands(events)) events of these runs \(verdict)."
  }

  static func time(_ time: Int64?) -> String {
    guard let time else { return "–" }
    if time >= 10_000_000_000 { return decimals(time, 1_000_000_000, 1) + " s" }
    if time >= 1_000_000_000 { return decimals(time, 1_000_000_000, 2) + " s" }
    if time >= 100_000_000 { return decimals(time, 1_000_000, 0) + " ms" }
    if time >= 1_000_000 { return decimals(time, 1_000_000, 1) + " ms" }
    return decimals(time, 1000, 0) + " µs"
  }

  static func size(_ bytes: Int64) -> String {
    if bytes >= 10 << 30 { return decimals(bytes, 1 << 30, 1) + " GiB" }
    if bytes >= 1 << 20 {
      return decimals(bytes, 1 << 20, bytes % (1 << 20) == 0 ? 0 : 1) + " MiB"
    }
    if bytes >= 1 << 10 { return decimals(bytes, 1 << 10, 0) + " KiB" }
    return "\(bytes) B"
  }

  private static func decimals(_ value: Int64, _ unit: Int64, _ places: Int) -> String {
    var scale: Int64 = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = (value * scale + unit / 2) / unit
    guard places > 0 else { return String(scaled) }
    let rest = String(scaled % scale + scale).dropFirst()
    return "\(scaled / scale).\(rest)"
  }

  static func thousands(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text = "," + text }
      text = String(digit) + text
    }
    return text
  }
}
