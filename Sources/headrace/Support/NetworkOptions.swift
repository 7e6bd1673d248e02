// The flags that say how peers are reached.

internal import ArgumentParser
internal import Client
internal import GRPC
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

  /// For a client on its own.
  func makeClient() throws -> MNPClient {
    var configuration = MNPClient.Configuration()
    configuration.connectTimeout = connectTimeout.amount
    configuration.proxy =
      proxyURL.map { .url($0, environment: Environment.all) } ?? .environment(Environment.all)
    do {
      return try MNPClient(configuration)
    } catch let error as MNPClientError where error.code == .invalidArgument {
      throw UsageError("--proxy: \(error.message)")
    }
  }

  /// For a node, whose forwards go the same way.
  func makeTransport() throws -> TransportConfiguration {
    var configuration = TransportConfiguration()
    configuration.connectTimeout = connectTimeout.amount
    do throws(GRPCStatus) {
      configuration.proxy = try ProxySettings(url: proxyURL, environment: Environment.all)
    } catch {
      throw UsageError("--proxy: \(error.message)")
    }
    return configuration
  }

  /// The same, as arguments of a node that this command starts.
  var arguments: [String] {
    ["--connect-timeout", connectTimeout.description] + (proxyURL.map { ["--proxy", $0] } ?? [])
  }
}
