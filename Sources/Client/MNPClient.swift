// The engine's side of the protocol: its seven calls, for async code.

internal import GRPC
public import MNP
public import NIOCore
internal import NIOPosix
package import Transport

/// Calls nodes. One client serves any number of nodes and calls at a time, over one connection for
/// each node (more where a node allows few calls on one).
///
/// URLs name what a call is about: a node, a session or a port. All methods throw
/// ``MNPClientError``, and a cancelled task ends its call. A client that is let go of ends its
/// calls; ``close()`` also waits for the connections to be gone.
public final class MNPClient: Sendable {
  /// A client's settings.
  public struct Configuration: Sendable {
    /// Where calls run. The client takes one loop of it.
    public var eventLoopGroup: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup

    /// How nodes are reached.
    public enum Proxy: Sendable {
      /// As `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` of this environment say;
      /// loopback directly.
      case environment([String: String])
      /// Through this HTTP proxy, `http://[USER:PASSWORD@]HOST[:PORT]`, but for what `no_proxy` of
      /// the environment names.
      case url(String, environment: [String: String] = [:])
      /// Directly.
      case none
    }
    public var proxy: Proxy = .none

    /// For a connection to a node, its name and a proxy included.
    public var connectTimeout: TimeAmount = .seconds(10)

    /// For the answer to About, Quit, QuitSession and QueryTask, connecting included. (Init, Push
    /// and Pull last as long as what they are about; a peer that vanishes is noticed by pings.)
    public var callTimeout: TimeAmount = .seconds(60)

    /// What pushes do when they lose their connection.
    public var resume = ResumeSettings()

    /// Whether pushes and pulls carry the sums of their data, to be compared at the other end, where
    /// that is a node of ours.
    public var checksums = true

    public init() {}
  }

  private let eventLoop: any EventLoop
  private let connections: NIOLoopBoundBox<Connections>
  private let callTimeout: TimeAmount
  private let resume: ResumeSettings
  private let features: Features

  /// Throws: ``MNPClientError`` `invalidArgument` for a proxy's URL that is none.
  public convenience init(_ configuration: Configuration = .init()) throws {
    var transport = TransportConfiguration()
    transport.connectTimeout = configuration.connectTimeout
    do {
      switch configuration.proxy {
      case .none: transport.proxy = .none
      case .environment(let environment):
        transport.proxy = try ProxySettings(url: nil, environment: environment)
      case .url(let url, let environment):
        transport.proxy = try ProxySettings(url: url, environment: environment)
      }
    } catch {
      throw MNPClientError(
        code: .init(error.code), node: "proxy", message: error.message, cause: nil)
    }
    self.init(
      eventLoop: configuration.eventLoopGroup.next(), transport: transport,
      callTimeout: configuration.callTimeout, resume: configuration.resume,
      checksums: configuration.checksums)
  }

  /// On a loop of the caller's choice, and with all of Transport's settings.
  package init(
    eventLoop: any EventLoop, transport: TransportConfiguration,
    callTimeout: TimeAmount = .seconds(60), resume: ResumeSettings = .init(),
    checksums: Bool = true
  ) {
    self.eventLoop = eventLoop
    self.resume = resume
    features = checksums ? .supported : .supported.subtracting(.crc)
    self.callTimeout = callTimeout
    connections = .makeBoxSendingValue(
      Connections(eventLoop: eventLoop, configuration: transport), eventLoop: eventLoop)
  }

  deinit {
    let connections = connections
    eventLoop.execute { _ = connections.value.close() }
  }

  /// Ends all calls and waits until the connections are gone.
  public func close() async throws {
    let connections = connections
    try await eventLoop.flatSubmit { connections.value.close() }.get()
  }

  // MARK: Nodes and sessions

  /// Who a node is.
  public func about(_ node: NodeURL, timeout: TimeAmount? = nil) async throws -> AboutResponse {
    try await call(.about, node, EmptyMessage(), timeout: timeout ?? callTimeout)
  }

  /// Starts a session on a node and returns its last state, ready or failed, when it has come to
  /// it: a session that fails to start is an answer, not an error. `onState` hears of every state,
  /// the last one included, on the client's loop: it must not block.
  ///
  /// Throws: ``MNPClientError`` where the node refused the request, or ended the call before the
  /// session had come to a last state (`dataLoss`).
  public func initialize(
    _ node: NodeURL, _ request: InitRequest, timeout: TimeAmount? = nil,
    onState: @escaping @Sendable (InitResponse) -> Void = { _ in }
  ) async throws -> InitResponse {
    let answer = try await answers(
      .initialize, node, request, timeout: timeout, onAnswer: onState)
    guard let last = answer.last, last.state.isFinal else {
      throw MNPClientError(
        GRPCStatus(.dataLoss, "the node ended Init before the session was ready or had failed"),
        node: node)
    }
    return last
  }

  /// Asks the whole node to end.
  public func quit(_ node: NodeURL, timeout: TimeAmount? = nil) async throws {
    let _: EmptyMessage = try await call(
      .quit, node, EmptyMessage(), timeout: timeout ?? callTimeout)
  }

  /// Ends a session and whatever runs in it.
  public func quitSession(_ session: NodeURL, timeout: TimeAmount? = nil) async throws {
    let request = QuitSessionRequest(sessionID: try sessionID(of: session))
    let _: EmptyMessage = try await call(
      .quitSession, session, request, timeout: timeout ?? callTimeout)
  }

  // MARK: Tasks

  /// How a task of a session is doing. `ensure`: it is created where it is new, which is how a task
  /// without inputs starts.
  public func queryTask(
    _ session: NodeURL, task: TaskID, ensure: Bool = false, look: Bool = false,
    timeout: TimeAmount? = nil
  ) async throws -> QueryTaskResponse {
    let request = QueryTaskRequest(
      sessionID: try sessionID(of: session), taskID: task, ensure: ensure, look: look)
    return try await call(.queryTask, session, request, timeout: timeout ?? callTimeout)
  }

  /// Begins a push to an input port. `sizeHint`: the bytes of it all, where they are known.
  ///
  /// With `awaitsTask`, a node of ours answers when the task behind the port has ended, so that
  /// ``PushWriter/finish()`` throws where the task fails; its outputs must then be read elsewhere
  /// meanwhile. Other nodes answer when they have taken the bytes.
  public func push(
    to port: NodeURL, task: TaskID, sizeHint: Int64? = nil, awaitsTask: Bool = false
  ) throws -> PushWriter {
    let header = PushHeader(
      sessionID: try sessionID(of: port), taskID: task, port: try portNumber(of: port),
      dataSize: sizeHint ?? -1)
    let bridge = PushBridge(to: port, eventLoop: eventLoop)
    let connections = connections
    let resume = resume
    let features = features.intersection(awaitsTask ? [.await, .crc] : .crc)
    eventLoop.execute {
      bridge.start(
        PushStream(
          connections.value, to: port, header: header, features: features, resume: resume,
          delegate: bridge))
    }
    return PushWriter(bridge)
  }

  /// Begins a pull from an output port.
  public func pull(from port: NodeURL, task: TaskID) throws -> PullReader {
    let request = PullRequest(
      sessionID: try sessionID(of: port), taskID: task, port: try portNumber(of: port))
    let bridge = PullBridge(from: port, eventLoop: eventLoop)
    let connections = connections
    let features = features
    eventLoop.execute {
      bridge.start(
        PullStream(
          connections.value, from: port, request: request, features: features, delegate: bridge))
    }
    return PullReader(bridge)
  }

  // MARK: Calls with whole messages

  /// A call with exactly one answer.
  private func call<Answer: ControlMessage>(
    _ method: MNPMethod, _ node: NodeURL, _ request: some ControlMessage, timeout: TimeAmount
  ) async throws -> Answer {
    let (answer, count): (Answer?, Int) = try await answers(
      method, node, request, timeout: timeout)
    guard let answer, count == 1 else {
      throw MNPClientError(
        GRPCStatus(.internalError, "\(count) answers to one request"), node: node)
    }
    return answer
  }

  /// A call with any number of answers: the last one, and how many there were.
  private func answers<Answer: ControlMessage>(
    _ method: MNPMethod, _ node: NodeURL, _ request: some ControlMessage, timeout: TimeAmount?,
    onAnswer: @escaping @Sendable (Answer) -> Void = { _ in }
  ) async throws -> (last: Answer?, count: Int) {
    let message = request.encoded()
    guard message.readableBytes <= maximumControlMessageBytes else {
      throw MNPClientError(
        code: .resourceExhausted, node: node.authority,
        message: "a request of \(message.readableBytes) bytes; "
          + "\(maximumControlMessageBytes) are the most")
    }
    let slot = NIOLoopBoundBox.makeBoxSendingValue(CallSlot<Answer>(), eventLoop: eventLoop)
    let connections = connections
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        eventLoop.execute {
          slot.value.call = ControlCall(
            connections.value, to: node, method, message, timeout: timeout,
            onAnswer: { answer in
              slot.value.last = answer
              slot.value.count += 1
              onAnswer(answer)
            },
            onEnd: { status, cause in
              slot.value.call = nil
              if status.isOK {
                continuation.resume(returning: (slot.value.last, slot.value.count))
              } else {
                continuation.resume(throwing: MNPClientError(status, node: node, cause: cause))
              }
            })
          if slot.value.isCancelled { slot.value.call?.cancel() }
        }
      }
    } onCancel: {
      eventLoop.execute {
        // It may come before the call.
        slot.value.isCancelled = true
        slot.value.call?.cancel()
      }
    }
  }

  // MARK: URLs

  private func sessionID(of url: NodeURL) throws -> SessionID {
    guard let session = url.session else { throw incomplete(url, "a session") }
    return session
  }

  private func portNumber(of url: NodeURL) throws -> Int32 {
    guard let port = url.port else { throw incomplete(url, "a port") }
    return port
  }

  private func incomplete(_ url: NodeURL, _ what: String) -> MNPClientError {
    MNPClientError(
      GRPCStatus(.invalidArgument, "the URL \(url) does not name \(what)"), node: url)
  }
}

/// What a call in flight has brought so far.
private struct CallSlot<Answer: ControlMessage> {
  var call: ControlCall<Answer>?
  var isCancelled = false
  var last: Answer?
  var count = 0
}
