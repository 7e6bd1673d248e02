// What a server makes of a request, and a client of a response.

import HTTP2
import NIOCore
import Testing

@testable import GRPC

private func fields(_ pairs: KeyValuePairs<String, String>) -> [HTTPField] {
  pairs.map { HTTPField($0.key, $0.value) }
}

private func accept(_ fields: [HTTPField]) -> ServerHandshake {
  ServerHandshake.accept(fields, metadataLimit: 8192)
}

@Suite struct ServerHandshakeTests {
  private func post(_ more: KeyValuePairs<String, String>) -> [HTTPField] {
    fields([
      ":method": "POST", ":scheme": "http", ":path": "/MnpService/About", ":authority": "h:1",
      "te": "trailers",
    ]) + fields(more)
  }

  @Test func whatOurClientSendsIsACall() throws {
    var metadata = Metadata()
    try metadata.add("k", "v")
    let request = ClientRequest.headers(
      path: "/S/M", authority: "host:8502", scheme: "http", timeout: .seconds(5),
      metadata: metadata)
    #expect(
      accept(request)
        == .call(
          RequestHead(
            path: "/S/M", authority: "host:8502", timeout: .seconds(5), metadata: metadata,
            userAgent: "headrace")))
  }

  @Test func theWrongContentTypeIs415() {
    for request in [post([:]), post(["content-type": "application/json"])] {
      guard case .reject(let status, httpStatus: 415) = accept(request) else {
        Issue.record("not refused")
        continue
      }
      #expect(status.code == .unknown)
    }
  }

  @Test func malformedAndZeroTimeouts() {
    let malformed = post(["content-type": "application/grpc", "grpc-timeout": "soon"])
    #expect(
      accept(malformed)
        == .reject(GRPCStatus(.internalError, "malformed grpc-timeout"), httpStatus: 200))
    let zero = post(["content-type": "application/grpc", "grpc-timeout": "0S"])
    guard case .call(let head) = accept(zero) else {
      Issue.record("not a call")
      return
    }
    #expect(head.timeout == .zero)
  }

  @Test func metadataIsReadOrRefused() {
    let large = post([
      "content-type": "application/grpc",
      "x": String(repeating: "v", count: 8192),
    ])
    guard case .reject(let status, httpStatus: 200) = accept(large) else {
      Issue.record("not refused")
      return
    }
    #expect(status.code == .resourceExhausted)
    let garbled = post(["content-type": "application/grpc", "x-bin": "!"])
    guard case .reject(let status, httpStatus: 200) = accept(garbled) else {
      Issue.record("not refused")
      return
    }
    #expect(status.code == .internalError)
  }

  @Test func anEncodingIsRemembered() {
    let request = post(["content-type": "application/grpc", "grpc-encoding": "gzip"])
    guard case .call(let head) = accept(request) else {
      Issue.record("not a call")
      return
    }
    #expect(head.encoding == .unsupported("gzip"))
    #expect(ServerResponse.headers().contains(MessageEncoding.accepted))
    #expect(ServerResponse.trailersOnly(.ok).contains(MessageEncoding.accepted))
  }

  @Test func whatIsNoGRPCGetsAPage() {
    let page = { accept(fields([":method": $0, ":path": $1])) }
    #expect(page("GET", "/") == .page(.front, isHead: false))
    #expect(page("GET", "/?q") == .page(.front, isHead: false))
    #expect(page("HEAD", "/") == .page(.front, isHead: true))
    #expect(page("GET", "/x") == .page(.notFound, isHead: false))
    #expect(page("PUT", "/") == .page(.methodNotAllowed(allow: "GET, HEAD"), isHead: false))
    #expect(page("DELETE", "/S/M") == .page(.methodNotAllowed(allow: "POST"), isHead: false))
    let refusal = ServerResponse.page(.methodNotAllowed(allow: "POST"), length: 3)
    #expect(refusal.contains(HTTPField("allow", "POST")))
  }
}

@Suite struct ClientResponseTests {
  private let head = fields([":status": "200", "content-type": "application/grpc", "a": "1"])

  private func ended(_ action: ClientResponse.Action) -> GRPCStatus? {
    if case .end(let status, _) = action { status } else { nil }
  }

  @Test func metadataThenStatus() throws {
    var response = ClientResponse()
    #expect(
      response.received(headers: fields([":status": "103"]), endStream: false) == .none)
    var metadata = Metadata()
    try metadata.add("a", "1")
    #expect(
      response.received(headers: self.head, endStream: false) == .metadata(metadata, .identity))
    let trailers = ServerResponse.trailers(GRPCStatus(.dataLoss, "50 % gone"), metadata)
    #expect(
      response.received(trailers: trailers)
        == .end(GRPCStatus(.dataLoss, "50 % gone"), trailers: metadata))
    #expect(response.streamClosed(HTTP2ErrorCode(rawValue: 8)) == .none)
    #expect(response.fail(.ok) == .none)
    #expect(response.receivedEndOfData() == .none)
    #expect(response.received(trailers: trailers) == .none)
    #expect(response.received(headers: self.head, endStream: true) == .none)
  }

  @Test func everyStatusArrivesAsTrailersOnly() {
    for code in GRPCStatus.Code.allCases {
      var response = ClientResponse()
      let status = GRPCStatus(code, "because")
      let only = ServerResponse.trailersOnly(status, httpStatus: 415)
      #expect(self.ended(response.received(headers: only, endStream: true)) == status)
    }
  }

  @Test func withoutAStatusHTTPDecides() {
    let codes: [Int: GRPCStatus.Code] = [
      200: .unknown, 204: .unknown, 400: .internalError, 401: .unauthenticated,
      403: .permissionDenied, 404: .unimplemented, 415: .unknown, 429: .unavailable,
      500: .unknown, 502: .unavailable, 503: .unavailable, 504: .unavailable,
    ]
    for (httpStatus, code) in codes {
      for endStream in [true, false] {
        var response = ClientResponse()
        let headers = fields([":status": String(httpStatus), "content-type": "text/html"])
        let status = self.ended(response.received(headers: headers, endStream: endStream))
        #expect(status?.code == code)
        #expect(status?.message.contains("text/html") == true)
      }
    }
  }

  @Test func missingAndStrangeStatuses() {
    for trailers in [fields([:]), fields(["grpc-status": "17"]), fields(["grpc-status": "ok"])] {
      var response = ClientResponse()
      _ = response.received(headers: self.head, endStream: false)
      #expect(self.ended(response.received(trailers: trailers))?.code == .unknown)
    }
    var response = ClientResponse()
    _ = response.received(headers: self.head, endStream: false)
    #expect(self.ended(response.receivedEndOfData())?.code == .unknown)
  }

  @Test func metadataThatIsNoneFailsOnlyASuccess() {
    for (sent, received) in [(0, GRPCStatus.Code.internalError), (5, .notFound)] {
      var response = ClientResponse()
      _ = response.received(headers: self.head, endStream: false)
      let trailers = fields(["grpc-status": String(sent), "x-bin": "!"])
      #expect(self.ended(response.received(trailers: trailers))?.code == received)
    }
    var response = ClientResponse(metadataLimit: 10)
    #expect(
      self.ended(response.received(headers: self.head, endStream: false))?.code
        == .resourceExhausted)
  }

  @Test func resetsAreMapped() {
    let codes: [UInt32: GRPCStatus.Code] = [
      0x0: .internalError, 0x1: .internalError, 0x2: .internalError, 0x3: .internalError,
      0x4: .internalError, 0x5: .internalError, 0x6: .internalError, 0x7: .unavailable,
      0x8: .cancelled, 0x9: .internalError, 0xa: .internalError, 0xb: .resourceExhausted,
      0xc: .permissionDenied, 0xd: .internalError, 0xffff: .internalError,
    ]
    for (error, code) in codes {
      var response = ClientResponse()
      #expect(
        self.ended(response.streamClosed(HTTP2ErrorCode(rawValue: error)))?.code == code)
    }
  }

  @Test func aStatusSaysItsNameAndMessage() {
    #expect("\(GRPCStatus(.notFound, "no such session"))" == "NOT_FOUND: no such session")
    #expect("\(GRPCStatus.ok)" == "OK")
    #expect(Set(GRPCStatus.Code.allCases.map(\.description)).count == 17)
  }

  @Test func longMessagesAreCutOnTheWire() {
    let status = GRPCStatus(.internalError, String(repeating: "x", count: 100_000))
    let trailers = ServerResponse.trailers(status)
    #expect(trailers[1].value.utf8.count == GRPCStatus.maximumEncodedMessage)
    #expect(trailers[1].value.contains("x %E2%80%A6 x"))
  }
}
