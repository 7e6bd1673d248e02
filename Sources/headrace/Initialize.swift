// headrace init: opens a session on a node.

internal import ArgumentParser
internal import Client
internal import MNP
internal import NIOCore
internal import Pipeline

#if canImport(Glibc)
  internal import Glibc
#endif

struct Initialize: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Opens a session on a node.",
    discussion: """
      headrace init mnp://127.0.0.1:8502/s1 --input text/plain --output ''
      headrace init mnp://127.0.0.1:8502/s1 --output '=>mnp://10.0.0.7:8502/s2/0'

      Prints the session's states as they come. Exits with 10 when the session fails to start.
      """)

  @Argument(help: "mnp://HOST:PORT/SESSION") var url: NodeURL

  @Option(name: .customLong("input"), help: "An input's content type; empty means any.")
  var inputs: [String] = Twin.list("INPUT")

  @Option(
    name: .customLong("output"),
    help: "An output's content type, and after => the input port that it is forwarded to.")
  var outputs: [String] = Twin.list("OUTPUT")

  @Option(name: .customLong("parameter"), help: "K=V; K=@FILE and K=env:NAME are secrets.")
  var parameters: [String] = Twin.list("PARAMETER")

  @Option(
    name: .customLong("init"),
    help: "A whole InitRequest, from a file (@FILE) or as base64; goes without the other flags.")
  var request: String?

  @OptionGroup var network: NetworkOptions

  func run() async throws {
    guard let session = try url.sessionAlone(for: "init").session else { return }
    let message =
      try (request ?? Twin.string("INIT")).map { try read($0, session: session) } ?? make(session)
    let client = try network.makeClient()
    let last = try await client.initialize(url.node, message) { answer in
      print(Self.name(of: answer.state))
      // As they come, also into a pipe.
      fflush(nil)
    }
    try await client.close()
    guard last.state == .ready else {
      throw CommandFailure(code: Exit.operatorFailed, description: last.error)
    }
  }

  private func make(_ session: SessionID) throws -> InitRequest {
    var message = InitRequest(sessionID: session)
    message.inputs = inputs.map { .init(contentType: $0) }
    message.outputs = try outputs.map { try OutputArgument($0).output }
    if !parameters.isEmpty {
      var configuration = Configuration()
      configuration.parameters = try parameters.map {
        let given = try ParameterArgument($0).parameter
        return .init(name: given.name, value: given.text, isSecret: given.isSecret)
      }
      message.configuration = AnyMessage(configuration)
    }
    return message
  }

  private func read(_ argument: String, session: SessionID) throws -> InitRequest {
    guard inputs.isEmpty, outputs.isEmpty, parameters.isEmpty else {
      throw UsageError("--init goes without --input, --output and --parameter")
    }
    guard !argument.isEmpty else { throw UsageError("--init takes @FILE or base64, and is empty") }
    var message: InitRequest
    if argument.hasPrefix("@") {
      var bytes = ByteBuffer()
      let file = try InputFile(path: String(argument.dropFirst()))
      while var chunk = try file.read(limit: 64 * 1024) { bytes.writeBuffer(&chunk) }
      message = try InitRequest(bytes: bytes, "--init")
    } else {
      message = try InitRequest(base64: argument, "--init")
    }
    guard message.sessionID == nil || message.sessionID == session else {
      throw UsageError("--init is for the session \(message.sessionID!), the URL for \(session)")
    }
    message.sessionID = session
    return message
  }

  private static func name(of state: SessionState) -> String {
    switch state {
    case .initializing: "SS_INITIALIZING"
    case .downloading: "SS_DOWNLOADING"
    case .startingUp: "SS_STARTING_UP"
    case .ready: "SS_READY"
    case .failed: "SS_FAILED"
    default: "\(state)"
    }
  }
}

/// `CT`, or `CT=>mnp://HOST:PORT/SESSION/PORT`.
struct OutputArgument {
  var output: InitRequest.Output

  init(_ argument: String) throws {
    guard let arrow = argument.firstRange(of: "=>") else {
      output = .init(contentType: argument)
      return
    }
    let url = String(argument[arrow.upperBound...])
    do throws(MNPError) {
      _ = try NodeURL(destination: url)
    } catch {
      throw UsageError("--output: \(error)")
    }
    output = .init(contentType: String(argument[..<arrow.lowerBound]), destinationURL: url)
  }
}
