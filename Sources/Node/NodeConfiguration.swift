// Every setting of a node, with its default.

package import Client
package import NIOCore
package import OperatorFile
package import Transport

package struct NodeConfiguration: Sendable {
  /// What About and every error text call the node.
  package var name: String
  /// Of the program, for the page that browsers get; empty leaves it out.
  package var version = ""
  package var host = "127.0.0.1"
  /// 0 takes a free one.
  package var tcpPort = 8502
  /// What the node runs for each task: a command or a builtin, with or without a list of ports.
  package var definition: OperatorDefinition
  /// Defaults, `--parameter` and the inherited environment, ready for what Init brings.
  package var parameters: ParameterResolution
  /// Running tasks may go on for so long after Quit or SIGTERM.
  package var drain = TimeAmount.seconds(30)
  /// `--no-quit`: Quit is answered with PERMISSION_DENIED.
  package var refusesQuit = false
  /// Event loops. Everything of a task lives on one of them.
  package var loops = 1
  /// Of its forwards, and of the pushes that it receives.
  package var resume = ResumeSettings()
  /// `--no-checksums` switches it off: data is neither summed nor compared at its other end.
  package var checksums = true
  package var limits = Limits()
  package var transport: TransportConfiguration

  package struct Limits: Sendable {
    package var sessions = 256
    /// That have not ended.
    package var tasksPerSession = 1024
    /// Of each session, that keep their status.
    package var endedTasks = 4096
    /// Of each session, that are remembered without a status.
    package var taskIDs = 65_536
    /// An ended task keeps its status for so long.
    package var statusLifetime = TimeAmount.minutes(10)
    /// After that its id is remembered for so long.
    package var idLifetime = TimeAmount.hours(24)
    /// Bytes of a message of Init, Pull, QueryTask, QuitSession, Quit and About.
    package var controlMessage = 4 << 20
    /// A push that was opened names its port within this time, and a call of another kind has sent
    /// its request.
    package var firstMessageDeadline = TimeAmount.seconds(30)
    /// A created task whose inputs nobody opens fails after this time.
    package var inputDeadline = TimeAmount.minutes(10)
    /// A task on none of whose ports a byte moves for so long fails; nil: it may stand still as long
    /// as its peers live.
    package var progressDeadline: TimeAmount?

    package init() {}
  }

  /// What windows, grown pipes and large requests hold together, in bytes.
  package var buffers: Int {
    get { transport.budget.limit }
    set { transport.budget = WindowBudget(limit: newValue) }
  }

  package init(
    name: String, definition: OperatorDefinition, parameters: ParameterResolution,
    transport: TransportConfiguration
  ) {
    self.name = name
    self.definition = definition
    self.parameters = parameters
    self.transport = transport
  }
}
