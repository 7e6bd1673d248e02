// headrace serve: a node.

internal import ArgumentParser
internal import Builtins
internal import Logging
internal import MNP
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix
internal import Node
internal import OperatorFile
internal import Operators
internal import Transport

#if canImport(Glibc)
  internal import Glibc
#endif

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a node: one operator, any number of sessions and tasks.",
    discussion: """
      headrace serve -- sort -u
      headrace serve --operator trend.operator.yaml --listen 127.0.0.1:0 --address-file trend.url
      headrace serve --builtin throttle --parameter rate=10M

      Without an operator file the command has up to one input on standard input and up to one \
      output on standard output, as the engine's Init says. SIGTERM, Ctrl-C and Quit drain the node; \
      a second signal ends it now.
      """)

  @Option(help: "HOST:PORT; port 0 takes a free one.")
  var listen = Twin.value("LISTEN", default: ListenAddress(host: "127.0.0.1", tcpPort: 8502))

  @Option(help: "HOST:PORT that others are told, when listening on all addresses.")
  var advertise: ListenAddress?

  @Option(help: "Gets mnp://HOST:PORT as soon as the node listens; removed at the end.")
  var addressFile: String?

  @Option(help: "What About and error texts call the node.")
  var name: String?

  @Option(name: .customLong("operator"), help: "The operator's definition.")
  var operatorFile: String?

  @Option(help: "Runs a builtin: \(BuiltinKind.allCases.map(\.rawValue).joined(separator: ", ")).")
  var builtin: BuiltinKind?

  @Option(
    name: .customLong("parameter"),
    help: "K=V, a parameter for every session; K=@FILE and K=env:NAME are secrets.")
  var parameters: [String] = Twin.list("PARAMETER")

  @Option(
    name: .customLong("allow-parameter"),
    help: "A name that Init may set undeclared, or *; * by default on loopback alone.")
  var allowedParameters: [String] = Twin.list("ALLOW_PARAMETER")

  @Flag(help: "Listens beyond loopback without encryption.")
  var insecure = Twin.flag("INSECURE")

  @Flag(name: .customLong("no-quit"), help: "Refuses Quit.")
  var refusesQuit = Twin.flag("NO_QUIT")

  @Option(help: "Event loops; a task lives on one of them.")
  var loops: Int = Twin.value("LOOPS", default: 1)

  @Option(
    name: .customLong("limit"),
    help: "NAME=VALUE, a limit on what peers may ask of the node; docs/limits.md has them all.")
  var limits: [String] = Twin.list("LIMIT")

  @OptionGroup var waits: WaitOptions
  @OptionGroup var network: NetworkOptions
  @OptionGroup var log: LogOptions

  @Argument(parsing: .postTerminator, help: "The operator: a program and its arguments.")
  var command: [String] = []

  func run() async throws {
    guard listen.isLoopback || insecure else {
      throw UsageError(
        "--listen \(listen) is beyond loopback, and there is no TLS yet: what the node sends and "
          + "runs would be open to the network. Add --insecure to do it all the same")
    }
    guard name?.isEmpty != true else { throw UsageError("--name is empty") }
    guard (1...64).contains(loops) else { throw UsageError("--loops takes 1 to 64") }
    let definition = try makeDefinition()
    let startSession = try StartSession(environment: Environment.all)
    let logger = log.makeLogger(nodeName(definition))
    // Before the loops' threads: the keeper is a copy of this process as it is now.
    _ = Keeper.shared
    OrphanReaper.start()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
    let node = try await Node(
      try makeConfiguration(definition, logger: logger), group: group, logger: logger)
    let bound: PeerAddress
    do {
      bound = try await node.start()
    } catch {
      throw UsageError("cannot listen on \(listen): \(error)")
    }
    try await serve(node, at: address(bound), logger: logger) {
      try await startSession?.open(on: bound)
    }
    try await group.shutdownGracefully()
    RuntimeFolder.pipes.remove()
    RuntimeFolder.data.remove()
    Keeper.shared.shutDown()
  }

  /// Until the node has ended.
  private func serve(
    _ node: Node, at address: ListenAddress, logger: Logger, prepare: () async throws -> Void
  ) async throws {
    let url = "mnp://\(address)"
    let file = NIOLockedValueBox<AddressFile?>(nil)
    let interrupts = Signals.onInterrupt { count, _ in
      if count == 1 {
        logger.info("ending: running tasks have \(waits.drain) left; a second signal ends them now")
        node.drain()
      } else {
        // The keeper kills what still runs and removes the folders.
        file.withLockedValue { $0?.remove() }
        Exit.now(Exit.interrupted)
      }
    }
    do {
      try await prepare()
    } catch {
      node.end(reason: "its first session could not begin")
      try await node.ended.get()
      throw error
    }
    // After the signals: who reads it may end the node at once.
    if let path = addressFile ?? Twin.string("ADDRESS_FILE") {
      let written = try AddressFile(path: path, url: url)
      file.withLockedValue { $0 = written }
    }
    defer { file.withLockedValue { $0?.remove() } }
    logger.info("listening on \(url)")
    try await node.ended.get()
    withExtendedLifetime(interrupts) {}
    logger.info("ended")
  }

  private func makeDefinition() throws -> OperatorDefinition {
    let folder = Environment.currentFolder
    var definition: OperatorDefinition
    let file = operatorFile ?? Twin.string("OPERATOR")
    if let file {
      definition = try OperatorDefinition.load(file)
    } else {
      definition = OperatorDefinition(program: nil, workdir: folder)
    }
    if let builtin = builtin ?? Twin.optional("BUILTIN") {
      guard command.isEmpty, file == nil else {
        throw UsageError("--builtin goes without a command and without --operator")
      }
      return OperatorDefinition(program: .builtin(builtin), workdir: folder)
    }
    if !command.isEmpty { definition.program = .command(command) }
    guard definition.program != nil else {
      throw UsageError(
        "what is the node to run? Give -- COMMAND [ARG...], --operator FILE or --builtin NAME")
    }
    return definition
  }

  private func makeConfiguration(_ definition: OperatorDefinition, logger: Logger) throws
    -> NodeConfiguration
  {
    let given = try parameters.map { try ParameterArgument($0).parameter }
    let resolution: ParameterResolution
    do throws(ParameterError) {
      resolution = try ParameterResolution(
        definition: definition, inherited: Environment.inherited, serve: given,
        allowed: AllowedParameters(flags: allowedParameters, listensOnLoopback: listen.isLoopback))
    } catch {
      throw UsageError("\(error)")
    }
    if case .builtin(let kind) = definition.program {
      let values = Dictionary(given.map { ($0.name, $0.text) }) { $1 }
      do throws(BuiltinError) { try kind.check(given: values) } catch {
        let secrets = Secrets(given.filter(\.isSecret).map(\.text))
        throw UsageError(secrets.hidden(in: "\(error)"))
      }
    }
    for warning in resolution.warnings { logger.warning("\(warning)") }
    var configuration = NodeConfiguration(
      name: nodeName(definition), definition: definition, parameters: resolution,
      transport: try network.makeTransport())
    configuration.host = listen.host
    configuration.tcpPort = listen.tcpPort
    configuration.refusesQuit = refusesQuit
    configuration.loops = loops
    try waits.apply(to: &configuration)
    configuration.version = Version.current
    for limit in limits {
      let pair = try KeyValue(limit, flag: "--limit")
      do throws(LimitSetting.Refusal) {
        try LimitSetting.set(pair.name, to: pair.text, in: &configuration)
      } catch {
        throw UsageError("--limit: \(error)")
      }
    }
    configuration.resume = try network.resume()
    configuration.checksums = !network.noChecksums
    return configuration
  }

  /// Without --name, the command's own, or the builtin's.
  private func nodeName(_ definition: OperatorDefinition) -> String {
    if let name = name ?? Twin.string("NAME") { return name }
    return switch definition.program {
    case .builtin(let kind): kind.rawValue
    case .command(let words): words.first?.split(separator: "/").last.map(String.init) ?? "node"
    case nil: "node"
    }
  }

  /// What others are told: never "all addresses", to which nobody can connect.
  private func address(_ bound: PeerAddress) -> ListenAddress {
    let tcpPort = bound.tcpPort
    if let advertise = advertise ?? Twin.optional("ADVERTISE") {
      return ListenAddress(
        host: advertise.host, tcpPort: advertise.tcpPort == 0 ? tcpPort : advertise.tcpPort)
    }
    return ListenAddress(
      host: listen.isUnspecified ? Environment.hostName : listen.host, tcpPort: tcpPort)
  }
}

extension BuiltinKind: ExpressibleByArgument {}
