// The flags that say how peers are reached.

internal import ArgumentParser
internal import Client
internal import GRPC
internal import NIOCore
internal import NIOPosix
internal import Transport

/// How a command reaches nodes.
struct NetworkOptions: ParsableArguments {
  @Option(
    help: """
      An HTTP proxy, http://[USER:PASSWORD@]HOST[:PORT]; by default as http_proxy, https_proxy, \
      all_proxy and no_proxy say. Loopback is reached directly, unless a proxy is given here.
      """)
  var proxy: String?

  private var proxyURL: String? { proxy ?? Twin.string("PROXY") }

  @Option(help: "How long reaching a node may take.")
  var connectTimeout: DurationArgument = Twin.value(
    "CONNECT_TIMEOUT", default: DurationArgument(.seconds(10)))

  @Option(help: "How long a peer may then take until it speaks HTTP/2.")
  var handshakeTimeout: DurationArgument = Twin.value(
    "HANDSHAKE_TIMEOUT", default: DurationArgument(.seconds(10)))

  @Option(help: "Silence after which a peer is asked for a sign of life.")
  var keepalive: DurationArgument = Twin.value(
    "KEEPALIVE", default: DurationArgument(.seconds(30)))

  @Option(
    help: """
      In place of --keepalive for calls to a node that is not Headrace: gRPC's servers end a \
      connection that asks more often than every five minutes.
      """)
  var foreignKeepalive: DurationArgument = Twin.value(
    "FOREIGN_KEEPALIVE", default: DurationArgument(.seconds(310)))

  @Option(help: "How long its answer to that may take.")
  var keepaliveTimeout: DurationArgument = Twin.value(
    "KEEPALIVE_TIMEOUT", default: DurationArgument(.seconds(20)))

  @Option(help: "How long a node may take to answer About, Quit, QuitSession or QueryTask.")
  var callTimeout: DurationArgument = Twin.value(
    "CALL_TIMEOUT", default: DurationArgument(.seconds(60)))

  @Option(
    help: """
      Bytes of a push that are kept until its receiver has them, for the case that their connection \
      is lost: 1M or more; 0 is off. By default 8M to other hosts, and off on loopback.
      """)
  var resumeWindow: ByteCountArgument?

  private var keptBytes: Int? { (resumeWindow ?? Twin.optional("RESUME_WINDOW"))?.count }

  @Option(help: "How long a push may be without a connection; 0 is not at all.")
  var resumeTime: DurationArgument = Twin.value(
    "RESUME_TIME", default: DurationArgument(.seconds(30)))

  @Flag(
    help: """
      Neither sums data nor has it compared at its other end: what changes it on its way is not \
      found, and a tenth of the CPU is saved where nothing else is done with it.
      """)
  var noChecksums = Twin.flag("NO_CHECKSUMS")

  func resume() throws -> ResumeSettings {
    var settings = ResumeSettings()
    settings.time = resumeTime.amount
    guard let window = keptBytes else { return settings }
    guard window == 0 || window >= ResumeSettings.smallestWindow else {
      throw UsageError("--resume-window takes 1M or more, or 0")
    }
    settings.window = window
    settings.includesLoopback = true
    return settings
  }

  /// For a client on its own.
  func makeClient() throws -> MNPClient {
    MNPClient(
      eventLoop: MultiThreadedEventLoopGroup.singleton.next(), transport: try makeTransport(),
      callTimeout: try callTimeout.positive("--call-timeout"), resume: try resume(),
      checksums: !noChecksums)
  }

  /// For a node, whose forwards go the same way, and for clients.
  func makeTransport() throws -> TransportConfiguration {
    var configuration = TransportConfiguration()
    configuration.connectTimeout = try connectTimeout.positive("--connect-timeout")
    configuration.handshakeTimeout = try handshakeTimeout.positive("--handshake-timeout")
    configuration.keepaliveInterval = try keepalive.positive("--keepalive")
    configuration.foreignKeepaliveInterval = try foreignKeepalive.positive("--foreign-keepalive")
    configuration.keepaliveTimeout = try keepaliveTimeout.positive("--keepalive-timeout")
    do throws(GRPCStatus) {
      configuration.proxy = try ProxySettings(url: proxyURL, environment: Environment.all)
    } catch {
      throw UsageError("--proxy: \(error.message)")
    }
    return configuration
  }

  /// The same, as arguments of a node that this command starts.
  var arguments: [String] {
    [
      "--connect-timeout", connectTimeout.description,
      "--handshake-timeout", handshakeTimeout.description,
      "--keepalive", keepalive.description,
      "--foreign-keepalive", foreignKeepalive.description,
      "--keepalive-timeout", keepaliveTimeout.description,
      "--resume-time", resumeTime.description,
    ] + (keptBytes.map { ["--resume-window", "\($0)"] } ?? [])
      + (proxyURL.map { ["--proxy", $0] } ?? []) + (noChecksums ? ["--no-checksums"] : [])
  }
}
