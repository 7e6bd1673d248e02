// headrace bench-peer: what `bench` and Benchmarks/compare measure as the limit, and parts of a node by
// themselves.

internal import ArgumentParser
internal import Bench
internal import Operators

struct BenchPeer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench-peer", abstract: "Takes, passes on or sends data, for the benchmarks.",
    shouldDisplay: false)

  @Option(help: "Gets mnp://HOST:PORT, as that of a node, though this is none.")
  var addressFile: String?

  @Option(help: "Counts what comes, in reads of so many bytes.")
  var read = 64 << 10

  @Option(help: "Passes on what comes to this TCP port of loopback.")
  var relay: Int?

  @Option(help: "Sends to this TCP port of loopback, says as JSON what that took, and ends.")
  var send: Int?

  @Option(help: "Bytes of a write of --send.")
  var write = 64 << 10

  @Option(help: "Pumps bytes through a program's pipes, says as JSON what that took, and ends.")
  var pump: String?

  @Option(help: "How long --send and --pump go on.")
  var seconds = 1.0

  func run() async throws {
    for (flag, value) in [("--read", read), ("--write", write)] {
      guard (1...(1 << 20)).contains(value) else { throw UsageError("\(flag) takes 1 to 1048576") }
    }
    guard (0.01...3600).contains(seconds) else { throw UsageError("--seconds takes 0.01 to 3600") }
    if let send {
      return print(try await RawPeer.send(write: write, to: send, seconds: seconds).json)
    }
    if let pump {
      // Before threads: the keeper is a copy of this process as it is now.
      _ = Keeper.shared
      return print(try await RawPeer.pump(through: [pump], seconds: seconds).json)
    }
    guard let addressFile else { throw UsageError("--address-file, --send or --pump is needed") }
    let tcpPort = try await RawPeer.start(
      relay.map { .relay(tcpPort: $0) } ?? .receiver(read: read))
    // SIGTERM ends it: it holds nothing, and its file is in a folder of the bench.
    _ = try AddressFile(path: addressFile, url: "mnp://127.0.0.1:\(tcpPort)")
    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
  }
}
