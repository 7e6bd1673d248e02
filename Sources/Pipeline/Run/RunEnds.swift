// The files at the ends of a run: what is pushed, what is pulled and published.

internal import NIOConcurrencyHelpers
package import Operators

#if canImport(Glibc)
  internal import Glibc
#endif

/// One thread at a time uses the file: whoever moves its bytes, and afterwards who made it.
package struct FileBox<File>: @unchecked Sendable {
  package let value: File

  package init(_ value: File) {
    self.value = value
  }
}

/// Opened before anything starts, so that a wrong path costs nothing.
final class RunEnds {
  private(set) var inputs: [FileBox<InputFile>] = []
  private(set) var outputs: [FileBox<OutputFile>] = []

  /// - Parameter spoolFolder: where inputs that cannot be read twice are kept; nil keeps nothing.
  func open(_ plan: Plan, spoolFolder: String?) throws(FileFailure) {
    for source in plan.sources {
      inputs.append(
        FileBox(try InputFile(path: source.place.path, spoolFolder: spoolFolder)))
    }
    for sink in plan.sinks { outputs.append(FileBox(try OutputFile(path: sink.place.path))) }
  }

  /// An output of which bytes are gone for good, so that nothing can run again.
  var irrevocable: OutputFile? { outputs.map(\.value).first(where: \.isIrrevocable) }

  /// For another attempt: inputs from their beginning, outputs empty.
  func rewind() throws(FileFailure) {
    for input in inputs { try input.value.rewind() }
    for output in outputs { try output.value.restart() }
  }

  func publish() throws(FileFailure) {
    for output in outputs { try output.value.publish() }
  }

  func discard() {
    for output in outputs { output.value.discard() }
  }

  func report(_ plan: Plan) -> (inputs: [RunReport.File], outputs: [RunReport.File]) {
    let inputs = zip(plan.sources, inputs).map { source, file in
      RunReport.File(
        port: plan.label(source.port, .input), file: file.value.path, bytes: file.value.bytes,
        sha256: file.value.digest)
    }
    let outputs = zip(plan.sinks, outputs).map { sink, file in
      RunReport.File(
        port: plan.label(sink.port, .output), file: file.value.path, bytes: file.value.bytes,
        sha256: file.value.digest)
    }
    return (inputs, outputs)
  }
}

extension OuterPlace {
  /// As files take it: `-` is the standard stream.
  var path: String {
    switch self {
    case .standardStream: "-"
    case .file(let path): path
    }
  }
}

/// The nodes that a run has started, and their folder.
package final class NodeSet: Sendable {
  private let nodes = NIOLockedValueBox([NodeProcess]())
  private let folder = NIOLockedValueBox(String?.none)
  private let folders = RuntimeFolder(
    parents: [getenv("TMPDIR").map { String(cString: $0) }, "/tmp"], keeper: .shared)

  package init() {}

  /// For operator files and addresses; removed at the end, by the keeper if need be. Blocks.
  package func makeFolder() throws(SystemError) -> String {
    if let path = folder.withLockedValue({ $0 }) { return path }
    let path = try folders.makeTaskFolder()
    folder.withLockedValue { $0 = path }
    return path
  }

  /// The process of a node, where one was started, whether it still runs or not.
  func process(of name: String) -> NodeProcess? {
    nodes.withLockedValue { nodes in nodes.first { $0.name == name } }
  }

  /// The nodes that are gone although nobody has ended them.
  var gone: [NodeProcess] { nodes.withLockedValue { nodes in nodes.filter { $0.end != nil } } }

  /// Puts a node that runs in the place of one that is gone.
  func replace(_ node: NodeProcess) {
    nodes.withLockedValue { nodes in
      nodes.removeAll { $0.name == node.name }
      nodes.append(node)
    }
  }

  /// Kills a node that does not answer, and waits until it is gone.
  func kill(_ name: String) async {
    guard let node = process(of: name) else { return }
    node.signal(SIGKILL)
    await node.waitForEnd()
  }

  package func add(_ node: NodeProcess) {
    nodes.withLockedValue { $0.append(node) }
  }

  /// Drains one node, whose sessions are gone by now, and waits for its end.
  package func end(_ node: NodeProcess) async {
    await Self.end([node])
    nodes.withLockedValue { $0.removeAll { $0 === node } }
  }

  /// Kills every node, and waits for nothing: what is going on with them breaks.
  package func kill() {
    for node in nodes.withLockedValue({ $0 }) { node.signal(SIGKILL) }
  }

  /// Drains every node, whose sessions are gone by now, and waits until all have ended.
  package func end() async {
    await Self.end(nodes.withLockedValue { $0 })
    folders.remove()
  }

  private static func end(_ nodes: [NodeProcess]) async {
    for node in nodes { node.signal(SIGTERM) }
    let deadline = _Concurrency.Task {
      try await _Concurrency.Task.sleep(for: .seconds(10))
      for node in nodes { node.signal(SIGKILL) }
    }
    for node in nodes { await node.waitForEnd() }
    deadline.cancel()
  }
}
