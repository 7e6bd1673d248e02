// about, query, quit-session and quit: one call each.

public import ArgumentParser
internal import Client
public import MNP
internal import Pipeline

/// A node, session or port, as a command takes it.
extension NodeURL: ExpressibleByArgument {
  public init?(argument: String) {
    do throws(MNPError) {
      try self.init(argument)
    } catch {
      Exit.end(with: UsageError("\(error)"))
    }
  }
}

extension TaskID: ExpressibleByArgument {
  public init?(argument: String) {
    do throws(MNPError) {
      try self.init(argument)
    } catch {
      Exit.end(with: UsageError("\(error)"))
    }
  }
}

struct About: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Says who a node is.")

  @Argument(help: "mnp://HOST:PORT") var url: NodeURL
  @Flag(help: "The answer as JSON.") var json = Twin.flag("JSON")
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let node = try url.nodeAlone(for: "about")
    let client = try network.makeClient()
    let answer = try await client.about(node)
    try await client.close()
    if json {
      let extra = answer.extra.map { JSONText.quoted($0.typeURL) } ?? "null"
      print("{\"name\":\(JSONText.quoted(answer.name)),\"extra\":\(extra)}")
    } else {
      print(answer.name)
    }
  }
}

struct Query: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells how a task is doing.",
    discussion: """
      Exits with 10 when its operator has failed, with 11 when its data broke off, with 0 otherwise.
      """)

  @Argument(help: "mnp://HOST:PORT/SESSION") var url: NodeURL
  @OptionGroup var task: TaskOption
  @Flag(help: "Creates the task where it is new, which starts one without inputs.")
  var ensure = Twin.flag("ENSURE")
  @Flag(help: "The answer as JSON.") var json = Twin.flag("JSON")
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let session = try url.sessionAlone(for: "query")
    let id = try task.id()
    let client = try network.makeClient()
    let answer = try await client.queryTask(session, task: id, ensure: ensure)
    try await client.close()
    print(json ? TaskText.json(answer) : TaskText.plain(answer))
    guard answer.state == .failed else { return }
    throw CommandFailure(code: Exit.code(for: answer.failure), description: answer.error)
  }
}

struct QuitSession: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quit-session", abstract: "Ends a session and whatever runs in it.")

  @Argument(help: "mnp://HOST:PORT/SESSION") var url: NodeURL
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let session = try url.sessionAlone(for: "quit-session")
    let client = try network.makeClient()
    try await client.quitSession(session)
    try await client.close()
  }
}

struct Quit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Asks a node to end; running tasks go on for the node's drain time.")

  @Argument(help: "mnp://HOST:PORT") var url: NodeURL
  @OptionGroup var network: NetworkOptions

  func run() async throws {
    let node = try url.nodeAlone(for: "quit")
    let client = try network.makeClient()
    try await client.quit(node)
    try await client.close()
  }
}

/// QueryTask's answer, for people and for programs.
enum TaskText {
  static func plain(_ answer: QueryTaskResponse) -> String {
    var lines = ["\(name(of: answer.state))"]
    for (direction, ports) in [("input", answer.inputs), ("output", answer.outputs)] {
      for (number, port) in ports.enumerated() {
        var line = "\(direction) \(number): \(port.bytes) bytes, \(port.messageCount) messages"
        if port.done { line += ", done" }
        if port.unread > 0 { line += ", \(port.unread) bytes unread" }
        if port.held > 0 { line += ", \(port.held) bytes waiting" }
        if let checksum = port.checksum { line += ", CRC32C \(checksum.hexadecimal)" }
        if !port.error.isEmpty { line += ", \(port.error)" }
        lines.append(line)
      }
    }
    return lines.joined(separator: "\n")
  }

  static func json(_ answer: QueryTaskResponse) -> String {
    let ports = { (ports: [PortStatus]) in
      "["
        + ports.map { port in
          let checksum = port.checksum.map { "\"crc32c\":\"\($0.hexadecimal)\"," } ?? ""
          return "{\"bytes\":\(port.bytes),\"messages\":\(port.messageCount),\"done\":\(port.done),"
            + "\"unread\":\(port.unread),\"waiting\":\(port.held),\(checksum)"
            + "\"error\":\(JSONText.quoted(port.error))}"
        }.joined(separator: ",") + "]"
    }
    return "{\"state\":\"\(name(of: answer.state))\",\"error\":\(JSONText.quoted(answer.error)),"
      + "\"inputs\":\(ports(answer.inputs)),\"outputs\":\(ports(answer.outputs))}"
  }

  private static func name(of state: TaskState) -> String {
    switch state {
    case .unknown: "TS_UNKNOWN"
    case .exists: "TS_EXISTS"
    case .finished: "TS_FINISHED"
    case .failed: "TS_FAILED"
    default: "\(state)"
    }
  }
}
