// Why a task failed and where on the way it happened, as one value that travels with the answer.

internal import CMNP
public import NIOCore

/// The first thing that went wrong for a task. It names the node where it happened, which need not
/// be the one that was asked.
public struct Failure: ControlMessage {
  /// What went wrong.
  public enum Kind: Hashable, Sendable {
    case unspecified
    /// The operator exited with a code other than 0, or by a signal.
    case `operator`
    /// An input broke off before its end.
    case input
    /// Who read an output went away before its end.
    case output
    /// A forward was not taken by the node behind it.
    case forward
    /// The session or node was quit, or the task cancelled.
    case cancelled
    /// The operator could not be started.
    case start
    /// A limit of the node.
    case limit
    /// A wait for a peer came to its deadline.
    case timeout
    /// A peer's kind that this version does not know.
    case unrecognized(Int32)

    private static let known: [Kind] = [
      .unspecified, .operator, .input, .output, .forward, .cancelled, .start, .limit, .timeout,
    ]

    /// The kind of this number on the wire.
    public init(wire number: Int32) {
      self =
        Kind.known.indices.contains(Int(number)) ? Kind.known[Int(number)] : .unrecognized(number)
    }

    /// Its number on the wire.
    public var wireNumber: Int32 {
      if case .unrecognized(let number) = self { return number }
      return Int32(Kind.known.firstIndex(of: self) ?? 0)
    }
  }

  public var kind: Kind
  /// For people.
  public var message: String
  /// `HOST:TCPPORT` of the node, then the session, task and port there. Empty where not known.
  public var node: String
  public var session: String
  public var task: String
  public var port: String
  /// Bytes that had passed the port when it failed.
  public var offset: Int64
  /// With ``Kind/operator``: its exit code, or the signal that ended it (then above 0).
  public var exitCode: Int32
  public var signal: Int32
  /// The operator's last lines on standard error, oldest first.
  public var stderrTail: [String]

  public init(
    kind: Kind, message: String, node: String = "", session: String = "", task: String = "",
    port: String = "", offset: Int64 = 0, exitCode: Int32 = 0, signal: Int32 = 0,
    stderrTail: [String] = []
  ) {
    self.kind = kind
    self.message = message
    self.node = node
    self.session = session
    self.task = task
    self.port = port
    self.offset = offset
    self.exitCode = exitCode
    self.signal = signal
    self.stderrTail = stderrTail
  }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }
}

extension Failure: Translated {
  init(_ c: Headrace__V1__Failure) throws(MNPError) {
    kind = Kind(wire: Int32(bitPattern: c.kind.rawValue))
    message = try FromC.text(c.message, "message")
    node = try FromC.text(c.node, "node")
    session = try FromC.text(c.session, "session")
    task = try FromC.text(c.task, "task")
    port = try FromC.text(c.port, "port")
    offset = c.offset
    exitCode = c.exit_code
    signal = c.signal
    stderrTail = try FromC.texts(c.stderr_tail, c.n_stderr_tail, "stderr_tail")
  }

  func fill(_ c: inout Headrace__V1__Failure, _ arena: inout PackArena) {
    c.kind = Headrace__V1__Failure__Kind(rawValue: UInt32(bitPattern: kind.wireNumber))
    c.message = arena.text(message)
    c.node = arena.text(node)
    c.session = arena.text(session)
    c.task = arena.text(task)
    c.port = arena.text(port)
    c.offset = offset
    c.exit_code = exitCode
    c.signal = signal
    (c.n_stderr_tail, c.stderr_tail) = arena.list(stderrTail)
  }
}
