// About, Quit, QuitSession and QueryTask.

internal import Client
internal import GRPC
internal import MNP
internal import NIOCore
internal import Transport

extension Node {
  func about(_ call: ServerCall) {
    call.sendHeaders(.naming(features))
    // As Mantik's bridges say that they are one.
    let extra = AnyMessage(BridgeAboutResponse())
    call.answer(AboutResponse(name: configuration.name, extra: extra).encoded())
  }

  /// Answered at once; the drain begins after that.
  func quit(_ call: ServerCall) {
    guard !configuration.refusesQuit else {
      return call.refuse(.permissionDenied, "node \(configuration.name) refuses Quit (--no-quit)")
    }
    call.answer(EmptyMessage().encoded())
    drain()
  }

  func quitSession(_ call: ServerCall, request: ByteBuffer) {
    let message: QuitSessionRequest
    do throws(MNPError) {
      message = try QuitSessionRequest(decoding: request)
    } catch {
      return call.refuse(.invalidArgument, "malformed QuitSessionRequest: \(error)")
    }
    guard let session = session(message.sessionID) else {
      return call.refuse(
        .notFound, "node \(configuration.name) has no session \(message.sessionID)")
    }
    let promise = call.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { [self] _ in
      removeSession(session)
      call.answer(EmptyMessage().encoded())
    }
    session.quit(reason: "the session was quit", promise: promise)
  }

  func queryTask(_ call: ServerCall, request: ByteBuffer) {
    let message: QueryTaskRequest
    do throws(MNPError) {
      message = try QueryTaskRequest(decoding: request)
    } catch {
      return call.refuse(.invalidArgument, "malformed QueryTaskRequest: \(error)")
    }
    let lookup = task(
      session: message.sessionID, task: message.taskID, on: call.eventLoop,
      creating: message.ensure)
    switch lookup {
    case .found(let task):
      let reply = Mailbox<TaskSnapshot>(on: call.eventLoop) { call.answer($0.response.encoded()) }
      task.mailbox.post(.query(look: message.look) { reply.post($0) })
    case .unknown:
      // TS_UNKNOWN is an answer, not an error.
      call.answer(QueryTaskResponse(state: .unknown).encoded())
    case .refused(let status):
      call.finish(status, trailers: Metadata())
    }
  }
}
