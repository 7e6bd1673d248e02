// headrace bench-peer: the other process of what `bench` measures as the limit.

internal import ArgumentParser
internal import Bench

struct BenchPeer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench-peer", abstract: "Takes or passes on TCP data, for headrace bench.",
    shouldDisplay: false)

  @Option(help: "Gets mnp://HOST:PORT, as that of a node, though this is none.")
  var addressFile: String

  @Option(help: "Counts what comes, in reads of so many bytes.")
  var read = 64 << 10

  @Option(help: "Passes on what comes to this TCP port of loopback.")
  var relay: Int?

  func run() async throws {
    guard (1...(1 << 20)).contains(read) else { throw UsageError("--read takes 1 to 1048576") }
    let tcpPort = try await RawPeer.start(
      relay.map { .relay(tcpPort: $0) } ?? .receiver(read: read))
    // SIGTERM ends it: it holds nothing, and its file is in a folder of the bench.
    _ = try AddressFile(path: addressFile, url: "mnp://127.0.0.1:\(tcpPort)")
    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
  }
}
