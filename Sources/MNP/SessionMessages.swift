// The messages of About, Init and QuitSession: a node and its sessions.

internal import CMNP
public import NIOCore

/// What a node says about itself.
public struct AboutResponse: ControlMessage {
  public var name: String
  /// Belongs to the Mantik engine: ``BridgeAboutResponse``, or nothing.
  public var extra: AnyMessage?

  public init(name: String, extra: AnyMessage? = nil) {
    self.name = name
    self.extra = extra
  }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }
}

extension AboutResponse: Translated {
  init(_ c: Headrace__Mnp__AboutResponse) throws(MNPError) {
    name = try FromC.text(c.name, "name")
    extra = try FromC.message(c.extra)
  }

  func fill(_ c: inout Headrace__Mnp__AboutResponse, _ arena: inout PackArena) {
    c.name = arena.text(name)
    if let extra { c.extra = arena.message(extra) }
  }
}

/// A message of any type inside another, with the name of its type.
public struct AnyMessage: ControlMessage {
  /// What the type's full name stands behind in ``typeURL``.
  public static let typeURLPrefix = "type.googleapis.com/"

  public var typeURL: String
  public var value: [UInt8]

  public init(typeURL: String, value: [UInt8]) {
    self.typeURL = typeURL
    self.value = value
  }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }

  /// Packs a message that may travel in an Any.
  public init(_ message: some AnyEmbeddable) {
    self.init(typeURL: message.typeURL, value: Array(message.encoded().readableBytesView))
  }

  /// The embedded message; nil where it is of another type.
  ///
  /// Throws: as the type's own `init(decoding:)` does.
  public func unpacked<Message: AnyEmbeddable>(
    as type: Message.Type = Message.self
  ) throws(MNPError) -> Message? {
    guard typeURL == Message.typeURL else { return nil }
    return try Message(decoding: ByteBuffer(bytes: value))
  }
}

/// A message that travels in ``InitRequest/configuration`` or ``AboutResponse/extra``.
public protocol AnyEmbeddable: ControlMessage {
  /// ``AnyMessage/typeURLPrefix`` and the type's full name.
  static var typeURL: String { get }
}

extension AnyEmbeddable {
  /// As the type's.
  public var typeURL: String { Self.typeURL }
}

extension AnyMessage: Translated {
  init(_ c: Headrace__Google__Protobuf__Any) throws(MNPError) {
    typeURL = try FromC.text(c.type_url, "type_url")
    value = Array(FromC.bytes(c.value))
  }

  func fill(_ c: inout Headrace__Google__Protobuf__Any, _ arena: inout PackArena) {
    c.type_url = arena.text(typeURL)
    c.value = arena.bytes(value)
  }
}

/// Starts a session with this configuration and these ports.
public struct InitRequest: ControlMessage {
  /// An input port. Its number is its place in the list.
  public struct Input: Hashable, Sendable {
    /// Empty: any.
    public var contentType: String
    public init(contentType: String = "") { self.contentType = contentType }
  }

  /// An output port. Its number is its place in the list.
  public struct Output: Hashable, Sendable {
    /// Empty: any.
    public var contentType: String
    /// Where the node forwards it, as it stands on the wire (``NodeURL/init(destination:)`` reads
    /// it). Empty: nowhere, it is pulled.
    public var destinationURL: String

    public init(contentType: String = "", destinationURL: String = "") {
      self.contentType = contentType
      self.destinationURL = destinationURL
    }
  }

  /// Nil where it is empty on the wire, as in a prepared request whose session comes from
  /// elsewhere. A node refuses that.
  public var sessionID: SessionID?
  public var configuration: AnyMessage?
  public var inputs: [Input]
  public var outputs: [Output]

  public init(
    sessionID: SessionID?, configuration: AnyMessage? = nil, inputs: [Input] = [],
    outputs: [Output] = []
  ) {
    self.sessionID = sessionID
    self.configuration = configuration
    self.inputs = inputs
    self.outputs = outputs
  }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }
}

extension InitRequest: Translated {
  init(_ c: Headrace__Mnp__InitRequest) throws(MNPError) {
    let id = FromC.bytes(c.session_id)
    sessionID = id.isEmpty ? nil : try SessionID(wire: id)
    configuration = try FromC.message(c.configuration)
    inputs = try FromC.list(c.inputs, c.n_inputs)
    outputs = try FromC.list(c.outputs, c.n_outputs)
  }

  func fill(_ c: inout Headrace__Mnp__InitRequest, _ arena: inout PackArena) {
    c.session_id = arena.text(sessionID?.description ?? "")
    if let configuration { c.configuration = arena.message(configuration) }
    (c.n_inputs, c.inputs) = arena.list(inputs)
    (c.n_outputs, c.outputs) = arena.list(outputs)
  }
}

extension InitRequest.Input: Translated {
  init(_ c: Headrace__Mnp__ConfigureInputPort) throws(MNPError) {
    contentType = try FromC.text(c.content_type, "content_type")
  }

  func fill(_ c: inout Headrace__Mnp__ConfigureInputPort, _ arena: inout PackArena) {
    c.content_type = arena.text(contentType)
  }
}

extension InitRequest.Output: Translated {
  init(_ c: Headrace__Mnp__ConfigureOutputPort) throws(MNPError) {
    contentType = try FromC.text(c.content_type, "content_type")
    destinationURL = try FromC.text(c.destination_url, "destination_url")
  }

  func fill(_ c: inout Headrace__Mnp__ConfigureOutputPort, _ arena: inout PackArena) {
    c.content_type = arena.text(contentType)
    c.destination_url = arena.text(destinationURL)
  }
}

/// How far a session has come in starting.
public enum SessionState: Hashable, Sendable {
  case initializing, downloading, startingUp, ready, failed
  /// A peer's state that this version does not know; neither ready nor failed.
  case unrecognized(Int32)

  private static let known: [SessionState] = [
    .initializing, .downloading, .startingUp, .ready, .failed,
  ]

  /// The state of this number on the wire.
  public init(wire number: Int32) {
    self =
      SessionState.known.indices.contains(Int(number))
      ? SessionState.known[Int(number)] : .unrecognized(number)
  }

  /// Its number on the wire.
  public var wireNumber: Int32 {
    switch self {
    case .initializing: 0
    case .downloading: 1
    case .startingUp: 2
    case .ready: 3
    case .failed: 4
    case .unrecognized(let number): number
    }
  }

  /// Ready or failed: nothing follows.
  public var isFinal: Bool { self == .ready || self == .failed }
}

/// A session's next state.
public struct InitResponse: ControlMessage {
  public var state: SessionState
  /// With ``SessionState/failed``: why.
  public var error: String

  public init(state: SessionState, error: String = "") {
    self.state = state
    self.error = error
  }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }
}

extension InitResponse: Translated {
  init(_ c: Headrace__Mnp__InitResponse) throws(MNPError) {
    state = SessionState(wire: Int32(bitPattern: c.state.rawValue))
    error = try FromC.text(c.error, "error")
  }

  func fill(_ c: inout Headrace__Mnp__InitResponse, _ arena: inout PackArena) {
    c.state = Headrace__Mnp__SessionState(rawValue: UInt32(bitPattern: state.wireNumber))
    c.error = arena.text(error)
  }
}

/// Ends a session.
public struct QuitSessionRequest: ControlMessage {
  public var sessionID: SessionID
  public init(sessionID: SessionID) { self.sessionID = sessionID }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }
}

extension QuitSessionRequest: Translated {
  init(_ c: Headrace__Mnp__QuitSessionRequest) throws(MNPError) {
    sessionID = try SessionID(wire: FromC.bytes(c.session_id))
  }

  func fill(_ c: inout Headrace__Mnp__QuitSessionRequest, _ arena: inout PackArena) {
    c.session_id = arena.text(sessionID.description)
  }
}
