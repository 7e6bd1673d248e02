// The command line's root.

internal import ArgumentParser
internal import NIOCore

@main
struct Headrace: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "headrace",
    abstract: "Streams data between the steps of a pipeline while it is being made.",
    discussion: """
      A node (headrace serve) gives an operator ports that speak MNP; an engine (headrace run, or \
      any other MNP engine) wires nodes together, and the bytes flow from node to node.

      Every flag has a twin in the environment: --log-level is HEADRACE_LOG_LEVEL. A flag wins over \
      the environment, the environment over files, files over defaults.

      Exit codes: 0 good, 64 usage, 65 pipeline or input file wrong, 69 peer not reachable, 70 a bug \
      of headrace, 75 deadline, 10 operator failed, 11 data broken or cut short, 130 Ctrl-C.
      """,
    version: Version.current,
    subcommands: [
      Serve.self, Run.self, About.self, Initialize.self, Push.self, Pull.self, Query.self,
      QuitSession.self, Quit.self, Call.self, OperatorCommand.self, BenchCommand.self,
      BenchPeer.self,
    ])

  static func main() async {
    // A reader that goes away (headrace pull | head) is an error of a write, not a death.
    Signals.ignoreBrokenPipes()
    Environment.holdStandardDescriptors()
    Allocator.keepFreedBuffers()
    // What blocks (names, disks, the starts of programs) waits for one of these; one disk that hangs
    // must not hold up all the rest, whatever the number of cores.
    NIOSingletons.blockingPoolThreadCountSuggestion = 8
    do {
      var command = try parseAsRoot()
      if var asyncCommand = command as? any AsyncParsableCommand {
        try await asyncCommand.run()
      } else {
        try command.run()
      }
    } catch {
      Exit.end(with: error)
    }
  }
}

enum Version {
  static let current = "0.2.0"
}
