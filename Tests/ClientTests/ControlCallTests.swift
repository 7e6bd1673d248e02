// The calls with whole messages, well and broken.

import Client
import GRPC
import MNP
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct ControlCallTests {
  @Test func allCallsWithWholeMessages() async throws {
    let session = try SessionID("s")
    let status = QueryTaskResponse(
      state: .failed, error: "no",
      inputs: [PortStatus(messageCount: 1, bytes: 2, done: true, unread: 3)],
      failure: Failure(kind: .operator, message: "exit 3", exitCode: 3, stderrTail: ["a", "b"]))
    try await withNode { exchange, method in
      #expect(exchange.call.head.metadata[Features.metadataKey] == "1; features=await,crc,resume")
      #expect((exchange.call.head.timeout != nil) == (method != .initialize))
      exchange.onHalfClose = { exchange in
        #expect(exchange.messages.count == 1)
        let request = ByteBuffer(bytes: exchange.messages.first ?? [0xff])
        do {
          switch method {
          case .about:
            _ = try EmptyMessage(decoding: request)
            exchange.answer(AboutResponse(name: "a node", extra: AnyMessage(BridgeAboutResponse())))
          case .initialize:
            let request = try InitRequest(decoding: request)
            #expect(request == InitRequest(sessionID: session, inputs: [.init()]))
            for state in [SessionState.initializing, .unrecognized(9), .startingUp, .ready] {
              exchange.call.send(InitResponse(state: state).encoded())
            }
            exchange.call.finish(.ok)
          case .quit, .quitSession:
            if method == .quitSession {
              let request = try QuitSessionRequest(decoding: request)
              #expect(request.sessionID == session)
            }
            exchange.answer(EmptyMessage())
          case .queryTask:
            let request = try QueryTaskRequest(decoding: request)
            #expect(request == QueryTaskRequest(sessionID: session, taskID: task, ensure: true))
            exchange.answer(status)
          case .push, .pull: Issue.record("nobody asked for \(method)")
          }
        } catch {
          exchange.call.finish(GRPCStatus(.invalidArgument, "\(error)"))
        }
      }
    } _: { client, url in
      let about = try await client.about(url.node)
      #expect(about.name == "a node")
      #expect(about.extra?.typeURL == BridgeAboutResponse.typeURL)

      let states = promise(of: [SessionState].self)
      let seen = Box<[SessionState]>([])
      let last = try await client.initialize(
        url.node, InitRequest(sessionID: session, inputs: [.init()])
      ) { response in
        seen.value.append(response.state)
        if response.state.isFinal { states.succeed(seen.value) }
      }
      #expect(last == InitResponse(state: .ready))
      #expect(
        try await states.futureResult.get() == [
          .initializing, .unrecognized(9), .startingUp, .ready,
        ])

      #expect(try await client.queryTask(url, task: task, ensure: true) == status)
      try await client.quitSession(url)
      try await client.quit(url.node)
    }
  }

  @Test func aSessionThatFailsIsAnAnswer() async throws {
    try await withNode { exchange, _ in
      exchange.onHalfClose = { exchange in
        exchange.call.send(InitResponse(state: .initializing).encoded())
        exchange.answer(InitResponse(state: .failed, error: "no such type"))
      }
    } _: { client, url in
      let last = try await client.initialize(url, InitRequest(sessionID: url.session))
      #expect(last == InitResponse(state: .failed, error: "no such type"))
    }
  }

  @Test func anInitWithoutALastStateIsLost() async throws {
    try await withNode { exchange, _ in
      exchange.onHalfClose = { $0.answer(InitResponse(state: .startingUp)) }
    } _: { client, url in
      _ = await failure(.dataLoss) {
        try await client.initialize(url, InitRequest(sessionID: url.session))
      }
    }
  }

  @Test func statusesKeepTheirCodes() async throws {
    try await withNode { exchange, _ in
      exchange.onHalfClose = {
        $0.call.finish(GRPCStatus(.alreadyExists, "die Sitzung gibt es schon: \u{1}%"))
      }
    } _: { client, url in
      let error = await failure(.alreadyExists) {
        try await client.initialize(url, InitRequest(sessionID: url.session))
      }
      #expect(error?.message == "die Sitzung gibt es schon: \u{1}%")
      #expect(error?.node == url.authority)
      #expect(error?.description == "\(url.authority): ALREADY_EXISTS: \(error?.message ?? "")")
      #expect(error?.code.rawValue == 6)
    }
  }

  @Test func answersThatBreakTheProtocol() async throws {
    try await withNode { exchange, method in
      exchange.onHalfClose = { exchange in
        switch method {
        case .about:
          exchange.call.send(ByteBuffer(bytes: [0x0a, 1, 0xff]))
        case .quit:
          exchange.call.send(ByteBuffer())
          exchange.call.send(ByteBuffer())
        case .quitSession:
          break
        default:
          exchange.call.send(ByteBuffer(repeating: 0, count: maximumControlMessageBytes + 1))
        }
        exchange.call.finish(.ok)
      }
    } _: { client, url in
      let malformed = await failure(.internalError) { try await client.about(url) }
      #expect((malformed?.cause as? MNPError)?.code == .malformed)
      let two = await failure(.internalError) { try await client.quit(url) }
      #expect(two?.message == "2 answers to one request")
      let none = await failure(.internalError) { try await client.quitSession(url) }
      #expect(none?.message == "0 answers to one request")
      _ = await failure(.resourceExhausted) { try await client.queryTask(url, task: task) }
    }
  }

  @Test func urlsNameWhatACallIsAbout() async throws {
    let client = try MNPClient()
    let node = NodeURL(host: "127.0.0.1", tcpPort: 1)
    let session = NodeURL(host: "127.0.0.1", tcpPort: 1, session: try SessionID("s"))
    _ = await failure(.invalidArgument) { try await client.quitSession(node) }
    _ = await failure(.invalidArgument) { try await client.queryTask(node, task: task) }
    _ = await failure(.invalidArgument) { try client.push(to: session, task: task) }
    let error = await failure(.invalidArgument) { try client.pull(from: session, task: task) }
    #expect(error?.message == "the URL mnp://127.0.0.1:1/s does not name a port")
    try await client.close()
  }

  @Test func nobodyListens() async throws {
    let client = try MNPClient()
    // Bound and closed again: nobody else has it.
    let tcpPort = Box(0)
    try await withNode { _, _ in
    } _: { _, url in
      tcpPort.value = url.tcpPort
    }
    let node = NodeURL(host: "127.0.0.1", tcpPort: tcpPort.value)
    let error = await failure(.unavailable) { try await client.about(node) }
    #expect(error?.node == node.authority)
    let writer = try client.push(
      to: NodeURL(host: "127.0.0.1", tcpPort: tcpPort.value, session: SessionID("s"), port: 0),
      task: task)
    _ = await failure(.unavailable) { try await writer.finish() }
    try await client.close()
  }

  @Test func aNodeThatDoesNotAnswer() async throws {
    try await withNode { _, _ in
    } _: { client, url in
      let error = await failure(.deadlineExceeded) {
        try await client.about(url, timeout: .milliseconds(20))
      }
      // Whichever side's timer is first, the error names the node.
      #expect(error?.description.contains(url.authority) == true)
    }
  }

  @Test func aCancelledTaskEndsItsCall() async throws {
    let arrived = promise()
    let ended = promise(of: GRPCStatus.Code.self)
    try await withNode { exchange, _ in
      exchange.onHalfClose = { _ in arrived.succeed() }
      exchange.onEnd = { ended.succeed($0.code) }
    } _: { client, url in
      let call = _Concurrency.Task { try await client.about(url) }
      try await arrived.futureResult.get()
      call.cancel()
      _ = await failure(.cancelled) { try await call.value }
      #expect(try await ended.futureResult.get() == .cancelled)

      let early = _Concurrency.Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await client.about(url)
      }
      _ = await failure(.cancelled) { try await early.value }
    }
  }

  @Test func aClosedClient() async throws {
    let arrived = promise()
    try await withNode { exchange, _ in
      exchange.onHalfClose = { _ in arrived.succeed() }
    } _: { client, url in
      let call = _Concurrency.Task { try await client.about(url) }
      try await arrived.futureResult.get()
      try await client.close()
      _ = await failure(.unavailable) { try await call.value }
      _ = await failure(.unavailable) { try await client.about(url) }
    }
  }

  @Test func proxiesThatAreNone() async throws {
    var configuration = MNPClient.Configuration()
    configuration.proxy = .url("https://proxy:1")
    _ = await failure(.invalidArgument) { try MNPClient(configuration) }
    configuration.proxy = .environment(["http_proxy": "ftp://proxy"])
    let error = await failure(.invalidArgument) { try MNPClient(configuration) }
    #expect(error?.message.contains("http_proxy") == true)
    configuration.proxy = .environment([:])
    try await MNPClient(configuration).close()
  }

  @Test func featureMetadata() throws {
    #expect(Metadata.naming(.await).features == .await)
    #expect(Metadata.naming([]).features == [])
    #expect(Metadata().features == [])
  }
}
