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

  func open(_ plan: Plan) throws(FileFailure) {
    for source in plan.sources { inputs.append(FileBox(try InputFile(path: source.place.path))) }
    for sink in plan.sinks { outputs.append(FileBox(try OutputFile(path: sink.place.path))) }
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
  private let folders = RuntimeFolder(
    parents: [getenv("TMPDIR").map { String(cString: $0) }, "/tmp"], keeper: .shared)

  package init() {}

  /// For operator files and addresses; removed at the end, by the keeper if need be. Blocks.
  package func makeFolder() throws(SystemError) -> String { try folders.makeTaskFolder() }

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
