// The messages of Pull's request and of QueryTask: a task and how it is doing.

internal import CMNP
public import NIOCore

/// Asks for the data of an output port.
public struct PullRequest: ControlMessage {
  public var sessionID: SessionID
  public var taskID: TaskID
  /// As it came: whether the session has such a port is for the session to say.
  public var port: Int32

  public init(sessionID: SessionID, taskID: TaskID, port: Int32) {
    self.sessionID = sessionID
    self.taskID = taskID
    self.port = port
  }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }
}

extension PullRequest: Translated {
  init(_ c: Headrace__Mnp__PullRequest) throws(MNPError) {
    sessionID = try SessionID(wire: FromC.bytes(c.session_id))
    taskID = try TaskID(wire: FromC.bytes(c.task_id))
    port = c.port
  }

  func fill(_ c: inout Headrace__Mnp__PullRequest, _ arena: inout PackArena) {
    c.session_id = arena.text(sessionID.description)
    c.task_id = arena.text(taskID.description)
    c.port = port
  }
}

/// Asks how a task is doing.
public struct QueryTaskRequest: ControlMessage {
  public var sessionID: SessionID
  public var taskID: TaskID
  /// Whether to create the task where it is new.
  public var ensure: Bool
  /// Whether to look if the operator stands still, at some cost. Ours (field 1000).
  public var look: Bool

  public init(sessionID: SessionID, taskID: TaskID, ensure: Bool = false, look: Bool = false) {
    self.sessionID = sessionID
    self.taskID = taskID
    self.ensure = ensure
    self.look = look
  }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }
}

extension QueryTaskRequest: Translated {
  init(_ c: Headrace__Mnp__QueryTaskRequest) throws(MNPError) {
    sessionID = try SessionID(wire: FromC.bytes(c.session_id))
    taskID = try TaskID(wire: FromC.bytes(c.task_id))
    ensure = c.ensure != 0
    look = c.look != 0
  }

  func fill(_ c: inout Headrace__Mnp__QueryTaskRequest, _ arena: inout PackArena) {
    c.session_id = arena.text(sessionID.description)
    c.task_id = arena.text(taskID.description)
    c.ensure = ensure ? 1 : 0
    c.look = look ? 1 : 0
  }
}

/// Where a task is in its life.
public enum TaskState: Hashable, Sendable {
  case unknown, exists, finished, failed
  /// A peer's state that this version does not know.
  case unrecognized(Int32)

  private static let known: [TaskState] = [.unknown, .exists, .finished, .failed]

  /// The state of this number on the wire.
  public init(wire number: Int32) {
    self =
      TaskState.known.indices.contains(Int(number))
      ? TaskState.known[Int(number)] : .unrecognized(number)
  }

  /// Its number on the wire.
  public var wireNumber: Int32 {
    switch self {
    case .unknown: 0
    case .exists: 1
    case .finished: 2
    case .failed: 3
    case .unrecognized(let number): number
    }
  }
}

/// How one port of a task is doing.
public struct PortStatus: Hashable, Sendable {
  /// Messages that passed; peers count them differently.
  public var messageCount: Int32
  /// Bytes that passed.
  public var bytes: Int64
  public var error: String
  /// Whether all of it has passed.
  public var done: Bool
  /// Inputs only: bytes that an operator which exited 0 did not read. Ours (field 1000).
  public var unread: Int64
  /// Bytes that wait at the port: at an input for the operator, at an output for its reader. Ours
  /// (field 1001).
  public var held: Int64
  /// Of an input whose push is summed: what has arrived. Ours (field 1002).
  public var checksum: Checksum?

  public init(
    messageCount: Int32 = 0, bytes: Int64 = 0, error: String = "", done: Bool = false,
    unread: Int64 = 0, held: Int64 = 0, checksum: Checksum? = nil
  ) {
    self.messageCount = messageCount
    self.bytes = bytes
    self.error = error
    self.done = done
    self.unread = unread
    self.held = held
    self.checksum = checksum
  }
}

extension PortStatus: Translated {
  init(_ c: Headrace__Mnp__TaskPortStatus) throws(MNPError) {
    messageCount = c.msg_count
    bytes = c.data
    error = try FromC.text(c.error, "error")
    done = c.done != 0
    unread = c.unread
    held = c.held
    checksum = try FromC.message(c.checksum)
  }

  func fill(_ c: inout Headrace__Mnp__TaskPortStatus, _ arena: inout PackArena) {
    c.msg_count = messageCount
    c.data = bytes
    c.error = arena.text(error)
    c.done = done ? 1 : 0
    c.unread = unread
    c.held = held
    if let checksum { c.checksum = arena.message(checksum) }
  }
}

/// How a task is doing.
public struct QueryTaskResponse: ControlMessage {
  public var state: TaskState
  /// With ``TaskState/failed``: why, for people.
  public var error: String
  public var inputs: [PortStatus]
  public var outputs: [PortStatus]
  /// With ``TaskState/failed``: why, for programs. Ours (field 1000); other nodes have none.
  public var failure: Failure?
  /// To ``QueryTaskRequest/look``: the operator does nothing until one of its ports moves. Ours (field
  /// 1001); of other nodes it is not known, which is false.
  public var still: Bool

  public init(
    state: TaskState, error: String = "", inputs: [PortStatus] = [], outputs: [PortStatus] = [],
    failure: Failure? = nil, still: Bool = false
  ) {
    self.state = state
    self.error = error
    self.inputs = inputs
    self.outputs = outputs
    self.failure = failure
    self.still = still
  }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }
}

extension QueryTaskResponse: Translated {
  init(_ c: Headrace__Mnp__QueryTaskResponse) throws(MNPError) {
    state = TaskState(wire: Int32(bitPattern: c.state.rawValue))
    error = try FromC.text(c.error, "error")
    inputs = try FromC.list(c.inputs, c.n_inputs)
    outputs = try FromC.list(c.outputs, c.n_outputs)
    failure = try FromC.message(c.failure)
    still = c.still != 0
  }

  func fill(_ c: inout Headrace__Mnp__QueryTaskResponse, _ arena: inout PackArena) {
    c.state = Headrace__Mnp__TaskState(rawValue: UInt32(bitPattern: state.wireNumber))
    c.error = arena.text(error)
    (c.n_inputs, c.inputs) = arena.list(inputs)
    (c.n_outputs, c.outputs) = arena.list(outputs)
    if let failure { c.failure = arena.message(failure) }
    c.still = still ? 1 : 0
  }
}
