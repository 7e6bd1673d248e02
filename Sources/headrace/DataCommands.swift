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
  @Option(help: "The task's id.") var task: TaskID
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let box = FileBox(try InputFile(path: file))
    let client = try network.makeClient()
    let work = InterruptibleTask { [url, task] in
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
  @Option(help: "The task's id.") var task: TaskID
  @Option(help: "The file; standard output without it, or with -.") var output = "-"
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let file = try OutputFile(path: output)
    let client = try network.makeClient()
    let box = FileBox(file)
    let work = InterruptibleTask { [url, task] in
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

      The first --input is port 0, and so on; - is standard input or output. Without --input and \
      --output a command gets standard input and output where the node takes them.
      """)

  @Argument(help: "mnp://HOST:PORT") var url: NodeURL
  @Option(name: .customLong("input"), help: "A file for the next input port.") var inputs:
    [String] = []
  @Option(name: .customLong("output"), help: "A file for the next output port.")
  var outputs: [String] = []
  @Option(name: .customLong("parameter"), help: "K=V") var parameters: [String] = []
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let inputs = try inputs.map { FileBox(try InputFile(path: $0)) }
    let outputs = try outputs.map { FileBox(try OutputFile(path: $0)) }
    let client = try network.makeClient()
    var session = url.node
    session.session = SessionID.random()
    let target = session
    try await open(target, client)
    let work = InterruptibleTask {
      try await DataMove.move(inputs, outputs, on: target, client)
    }
    let outcome = await work.result
    try? await client.quitSession(target)
    try await client.close()
    try outcome.get()
    for output in outputs { try output.value.publish() }
  }

  private func open(_ session: NodeURL, _ client: MNPClient) async throws {
    var request = InitRequest(sessionID: session.session)
    request.inputs = inputs.map { _ in .init() }
    request.outputs = outputs.map { _ in .init() }
    var configuration = Configuration()
    configuration.parameters = try parameters.map {
      let pair = try KeyValue($0, flag: "--parameter")
      return .init(name: pair.name, value: pair.text)
    }
    if !parameters.isEmpty { request.configuration = AnyMessage(configuration) }
    let last = try await client.initialize(session.node, request)
    guard last.state == .ready else {
      throw CommandFailure(code: Exit.operatorFailed, description: last.error)
    }
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
