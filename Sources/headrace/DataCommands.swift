// push, pull and call: data in and out of nodes.

internal import ArgumentParser
internal import Client
internal import MNP
internal import Pipeline

struct Push: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pushes a file, or standard input, to an input port to its end.")

  @Argument(help: "mnp://HOST:PORT/SESSION/PORT") var url: NodeURL
  @Argument(help: "The file; standard input without it, or with -.") var file = "-"
  @OptionGroup var task: TaskOption
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let url = try url.withPort(for: "push")
    let task = try task.id()
    let box = FileBox(try InputFile(path: try path(file, flag: "push")))
    let client = try network.makeClient()
    let work = InterruptibleTask {
      try await DataMove.push(box.value, to: url, task: task, client)
    }
    try await work.result.get()
    try await client.close()
  }
}

struct Pull: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pulls an output port to its end.",
    discussion: "A file appears whole or not at all; standard output is written as data comes.")

  @Argument(help: "mnp://HOST:PORT/SESSION/PORT") var url: NodeURL
  @OptionGroup var task: TaskOption
  @Option(help: "The file; standard output without it, or with -.")
  var output = Twin.string("OUTPUT") ?? "-"
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let url = try url.withPort(for: "pull")
    let task = try task.id()
    let file = try OutputFile(path: try path(output, flag: "--output"))
    let client = try network.makeClient()
    let box = FileBox(file)
    let work = InterruptibleTask {
      try await DataMove.pull(url, task: task, into: box.value, client)
    }
    try await work.result.get()
    try file.publish()
    try await client.close()
  }
}

struct Call: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tries a node: a session and a task of its own, with files at its ports.",
    discussion: """
      headrace call mnp://127.0.0.1:8502 --input words.txt --output sorted.txt

      The first --input is port 0, and so on; - is standard input or output. Without --output the \
      first output goes to standard output, and without --input as well the first input comes from \
      standard input, where the node has them.
      """)

  @Argument(help: "mnp://HOST:PORT") var url: NodeURL
  @Option(name: .customLong("input"), help: "A file for the next input port.")
  var inputs: [String] = Twin.list("INPUT")
  @Option(name: .customLong("output"), help: "A file for the next output port.")
  var outputs: [String] = Twin.list("OUTPUT")
  @Option(name: .customLong("parameter"), help: "K=V; K=@FILE and K=env:NAME are secrets.")
  var parameters: [String] = Twin.list("PARAMETER")
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let node = try url.nodeAlone(for: "call")
    // Before the node hears of it: a file that is not there is nobody else's trouble.
    let named = (
      inputs: try inputs.map { FileBox(try InputFile(path: try path($0, flag: "--input"))) },
      outputs: try outputs.map { FileBox(try OutputFile(path: try path($0, flag: "--output"))) }
    )
    let client = try network.makeClient()
    let (target, ports) = try await open(on: node, client)
    let inputs = try named.inputs + ports.inputs.map { FileBox(try InputFile(path: $0)) }
    let outputs = try named.outputs + ports.outputs.map { FileBox(try OutputFile(path: $0)) }
    let work = InterruptibleTask {
      try await DataMove.move(inputs, outputs, on: target, client)
    }
    let outcome = await work.result
    try? await client.quitSession(target)
    try await client.close()
    try outcome.get()
    for output in outputs { try output.value.publish() }
  }

  /// What standard input and output stand in for, where no file is named.
  private typealias Standard = (inputs: [String], outputs: [String])

  /// Opens a session with the ports that files are named for. Where none are, with those that
  /// standard input and output can stand in for, as many as the node takes.
  private func open(on node: NodeURL, _ client: MNPClient) async throws -> (NodeURL, Standard) {
    let inputChoices: [[String]] = inputs.isEmpty && outputs.isEmpty ? [["-"], []] : [[]]
    let outputChoices: [[String]] = outputs.isEmpty ? [["-"], []] : [[]]
    var refusal = ""
    for standardOutput in outputChoices {
      for standardInput in inputChoices {
        var session = node
        session.session = SessionID.random()
        let answer = try await initialize(
          session, inputs: inputs.count + standardInput.count,
          outputs: outputs.count + standardOutput.count, client)
        if answer.state == .ready { return (session, (standardInput, standardOutput)) }
        if refusal.isEmpty { refusal = answer.error }
      }
    }
    throw CommandFailure(code: Exit.operatorFailed, description: refusal)
  }

  private func initialize(
    _ session: NodeURL, inputs: Int, outputs: Int, _ client: MNPClient
  ) async throws -> InitResponse {
    var request = InitRequest(sessionID: session.session)
    request.inputs = (0..<inputs).map { _ in .init() }
    request.outputs = (0..<outputs).map { _ in .init() }
    var configuration = Configuration()
    configuration.parameters = try parameters.map {
      let given = try ParameterArgument($0).parameter
      return .init(name: given.name, value: given.text, isSecret: given.isSecret)
    }
    if !parameters.isEmpty { request.configuration = AnyMessage(configuration) }
    return try await client.initialize(session.node, request)
  }
}

extension DataMove {
  /// Moves all files at once, on a task of its own in `session`.
  static func move(
    _ inputs: [FileBox<InputFile>], _ outputs: [FileBox<OutputFile>], on session: NodeURL,
    _ client: MNPClient
  ) async throws {
    let task = TaskID.random()
    if inputs.isEmpty { _ = try await client.queryTask(session, task: task, ensure: true) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, file) in outputs.enumerated() {
        let port = session.port(number)
        group.addTask { try await pull(port, task: task, into: file.value, client) }
      }
      for (number, file) in inputs.enumerated() {
        let port = session.port(number)
        group.addTask { try await push(file.value, to: port, task: task, client) }
      }
      try await group.waitForAll()
    }
    try await finish(session, task, client)
  }

  /// Waits for the task's own end, which comes after that of its data.
  private static func finish(_ session: NodeURL, _ task: TaskID, _ client: MNPClient) async throws {
    var pause = Duration.milliseconds(2)
    while true {
      let answer = try await client.queryTask(session, task: task)
      switch answer.state {
      case .finished: return
      case .failed:
        throw CommandFailure(code: Exit.code(for: answer.failure), description: answer.error)
      default: try await _Concurrency.Task.sleep(for: pause)
      }
      pause = min(pause * 2, .milliseconds(500))
    }
  }
}

extension NodeURL {
  fileprivate func port(_ number: Int) -> NodeURL {
    var url = self
    url.port = Int32(number)
    return url
  }
}

/// A Swift task that the first Ctrl-C cancels; the second ends the program.
struct InterruptibleTask<Value: Sendable>: Sendable {
  private let task: _Concurrency.Task<Value, any Error>
  private let interrupts: InterruptHandler

  init(_ body: @escaping @Sendable () async throws -> Value) {
    let task = _Concurrency.Task { try await body() }
    self.task = task
    interrupts = Signals.onInterrupt { count, _ in
      if count > 1 { Exit.now(Exit.interrupted) }
      task.cancel()
    }
  }

  /// A cancelled one ends with exit code 130, whatever its cancellation broke.
  var result: Result<Value, any Error> {
    get async {
      let result = await task.result
      guard task.isCancelled, case .failure = result else { return result }
      return .failure(CommandFailure(code: Exit.interrupted, description: "interrupted"))
    }
  }
}
