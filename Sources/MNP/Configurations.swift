// What may stand in a session's configuration: ours, and the Mantik engine's.

internal import CMNP
public import NIOCore

/// A session's configuration, ours.
public struct Configuration: AnyEmbeddable {
  public static let typeURL = AnyMessage.typeURLPrefix + "headrace.v1.Configuration"

  /// One parameter of the operator.
  public struct Parameter: Hashable, Sendable {
    public var name: String
    public var value: String
    /// The node shows it to nobody but the operator: in what that prints it is hidden.
    public var isSecret: Bool

    public init(name: String, value: String, isSecret: Bool = false) {
      self.name = name
      self.value = value
      self.isSecret = isSecret
    }
  }

  /// In the order given; a later one of the same name wins.
  public var parameters: [Parameter]
  /// Names of the ports by number, or none at all.
  public var inputNames: [String]
  public var outputNames: [String]
  /// Tasks that have ended before this session began: a late push or pull must not start them again.
  public var endedTasks: [String]

  public init(
    parameters: [Parameter] = [], inputNames: [String] = [], outputNames: [String] = [],
    endedTasks: [String] = []
  ) {
    self.parameters = parameters
    self.inputNames = inputNames
    self.outputNames = outputNames
    self.endedTasks = endedTasks
  }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }
}

extension Configuration: Translated {
  init(_ c: Headrace__V1__Configuration) throws(MNPError) {
    parameters = try FromC.list(c.parameters, c.n_parameters)
    inputNames = try FromC.texts(c.input_names, c.n_input_names, "input_names")
    outputNames = try FromC.texts(c.output_names, c.n_output_names, "output_names")
    endedTasks = try FromC.texts(c.ended_tasks, c.n_ended_tasks, "ended_tasks")
  }

  func fill(_ c: inout Headrace__V1__Configuration, _ arena: inout PackArena) {
    (c.n_parameters, c.parameters) = arena.list(parameters)
    (c.n_input_names, c.input_names) = arena.list(inputNames)
    (c.n_output_names, c.output_names) = arena.list(outputNames)
    (c.n_ended_tasks, c.ended_tasks) = arena.list(endedTasks)
  }
}

extension Configuration.Parameter: Translated {
  init(_ c: Headrace__V1__Parameter) throws(MNPError) {
    name = try FromC.text(c.name, "name")
    value = try FromC.text(c.value, "value")
    isSecret = c.secret != 0
  }

  func fill(_ c: inout Headrace__V1__Parameter, _ arena: inout PackArena) {
    c.name = arena.text(name)
    c.value = arena.text(value)
    c.secret = isSecret ? 1 : 0
  }
}

/// A session's configuration, the Mantik engine's: what its bridge is to run.
public struct MantikInitConfiguration: AnyEmbeddable {
  public static let typeURL =
    AnyMessage.typeURLPrefix + "ai.mantik.bridge.protos.MantikInitConfiguration"

  /// What the item carries besides its header.
  public enum Payload: Hashable, Sendable {
    /// Fetched with HTTP GET.
    case url(String)
    case content([UInt8])
  }

  /// A MantikHeader as JSON.
  public var header: String
  /// Empty or `application/zip`: an archive to unpack into a folder. Else: one file.
  public var payloadContentType: String
  public var payload: Payload?

  public init(header: String, payloadContentType: String = "", payload: Payload? = nil) {
    self.header = header
    self.payloadContentType = payloadContentType
    self.payload = payload
  }

  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { pack(self) }
}

extension MantikInitConfiguration: Translated {
  init(_ c: Headrace__Ai__Mantik__Bridge__Protos__MantikInitConfiguration) throws(MNPError) {
    header = try FromC.text(c.header, "header")
    payloadContentType = try FromC.text(c.payload_content_type, "payload_content_type")
    switch c.payload_case {
    case MantikInitConfiguration.urlCase: payload = .url(try FromC.text(c.url, "url"))
    case MantikInitConfiguration.contentCase: payload = .content(Array(FromC.bytes(c.content)))
    default: payload = nil
    }
  }

  func fill(
    _ c: inout Headrace__Ai__Mantik__Bridge__Protos__MantikInitConfiguration,
    _ arena: inout PackArena
  ) {
    c.header = arena.text(header)
    c.payload_content_type = arena.text(payloadContentType)
    switch payload {
    case .url(let url):
      c.payload_case = MantikInitConfiguration.urlCase
      c.url = arena.text(url)
    case .content(let content):
      c.payload_case = MantikInitConfiguration.contentCase
      c.content = arena.bytes(content)
    case nil: break
    }
  }

  private static var urlCase:
    Headrace__Ai__Mantik__Bridge__Protos__MantikInitConfiguration__PayloadCase
  { HEADRACE__AI__MANTIK__BRIDGE__PROTOS__MANTIK_INIT_CONFIGURATION__PAYLOAD_URL }

  private static var contentCase:
    Headrace__Ai__Mantik__Bridge__Protos__MantikInitConfiguration__PayloadCase
  { HEADRACE__AI__MANTIK__BRIDGE__PROTOS__MANTIK_INIT_CONFIGURATION__PAYLOAD_CONTENT }
}

/// What a Mantik bridge puts into ``AboutResponse/extra``.
public struct BridgeAboutResponse: AnyEmbeddable {
  public static let typeURL =
    AnyMessage.typeURLPrefix + "ai.mantik.bridge.protos.BridgeAboutResponse"

  public init() {}
  public init(decoding buffer: ByteBuffer) throws(MNPError) { self = try decode(buffer) }
  public func encoded() -> ByteBuffer { ByteBuffer() }
}

extension BridgeAboutResponse: Translated {
  init(_ c: Headrace__Ai__Mantik__Bridge__Protos__BridgeAboutResponse) throws(MNPError) {}
  func fill(
    _ c: inout Headrace__Ai__Mantik__Bridge__Protos__BridgeAboutResponse,
    _ arena: inout PackArena
  ) {}
}
