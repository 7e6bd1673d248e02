// The flags that say how long a node waits for what.

internal import ArgumentParser
internal import NIOCore
internal import Node

/// How long a node waits for pushers, for its own tasks, and for nothing at all.
struct WaitOptions: ParsableArguments {
  @Option(help: "How long running tasks may go on after Quit or SIGTERM.")
  var drain: DurationArgument = Twin.value("DRAIN", default: DurationArgument(.seconds(30)))

  @Option(help: "How long a call that was opened may take until its first message is here.")
  var firstMessageTimeout: DurationArgument = Twin.value(
    "FIRST_MESSAGE_TIMEOUT", default: DurationArgument(.seconds(30)))

  @Option(help: "How long the inputs of a task that was created may stay without a push.")
  var inputTimeout: DurationArgument = Twin.value(
    "INPUT_TIMEOUT", default: DurationArgument(.seconds(600)))

  @Option(
    help: """
      A task on none of whose ports a byte moves for so long fails. Without it a task may stand \
      still as long as its peers live.
      """)
  var progressTimeout: DurationArgument?

  @Option(help: "How long a connection to another node stays open without a call.")
  var idleTimeout: DurationArgument = Twin.value(
    "IDLE_TIMEOUT", default: DurationArgument(.seconds(300)))

  func apply(to configuration: inout NodeConfiguration) throws {
    configuration.drain = drain.amount
    configuration.limits.firstMessageDeadline = try firstMessageTimeout.positive(
      "--first-message-timeout")
    configuration.limits.inputDeadline = try inputTimeout.positive("--input-timeout")
    configuration.limits.progressDeadline =
      try (progressTimeout ?? Twin.optional("PROGRESS_TIMEOUT"))?.positive("--progress-timeout")
    configuration.transport.idleTimeout = try idleTimeout.positive("--idle-timeout")
  }
}
