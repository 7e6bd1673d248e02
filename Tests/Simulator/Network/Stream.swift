// One call's stream, and what goes over it.

/// What two ends of a call tell each other.
enum Frame {
  /// A push's headers with its first message.
  case push(session: String, task: String, input: Int, awaiting: Bool)
  case pull(session: String, task: String, output: Int)
  /// The head of the answer.
  case features
  case data(Chunk)
  case done
  /// In place of `done`: the push breaks off, and why.
  case failure(String)
  /// Stream credit.
  case update(Int)
  /// The status.
  case answer(CallStatus)
  case reset

  var bytes: Int {
    if case .data(let chunk) = self { chunk.count + 24 } else { 48 }
  }
}

/// How a call ended.
enum CallStatus: Equatable {
  case ok
  /// The task has failed.
  case failed(String)
  /// The call cannot be: a second writer, an unknown session, an expired task.
  case refused(String)
  case unavailable(String)
  case exhausted(String)
  case cancelled(String)

  var isOK: Bool { self == .ok }

  var reason: String {
    switch self {
    case .ok: "ok"
    case .failed(let text), .refused(let text), .unavailable(let text), .exhausted(let text),
      .cancelled(let text):
      text
    }
  }
}

/// One end of a stream. Nothing is called after ``Stream/close(_:)`` of its side.
protocol StreamEnd: AnyObject {
  /// A client's: frames can be sent.
  func connected()
  func received(_ frame: Frame)
  func connectionLost(_ reason: String)
}

/// A stream of a connection.
final class Stream {
  let connection: Connection
  private(set) var client: (any StreamEnd)?
  private(set) var server: (any StreamEnd)?
  /// What is under way: issued credit is somewhere at any moment.
  private(set) var dataUnderWay = 0
  private(set) var creditUnderWay = 0
  /// The half that sends data, to compare credit with.
  var sender: DataSender?
  private var lastArrival: [Int64] = [0, 0]
  private var wasAccepted = false

  init(on connection: Connection, client: any StreamEnd) {
    self.connection = connection
    self.client = client
  }

  func accept(_ server: any StreamEnd) {
    self.server = server
    // Its client may have gone before its first frame came.
    if client == nil { connection.add(self) }
  }

  /// What was sent before arrives before.
  func arrival(from side: Side, notBefore time: Int64) -> Int64 {
    let arrival = max(time, lastArrival[side.rawValue])
    lastArrival[side.rawValue] = arrival
    return arrival
  }

  func send(_ frame: Frame, from side: Side) {
    switch frame {
    case .data(let chunk): dataUnderWay += chunk.count
    case .update(let bytes): creditUnderWay += bytes
    default: break
    }
    connection.carry(frame, of: self, from: side)
  }

  func landed(_ frame: Frame) {
    switch frame {
    case .data(let chunk): dataUnderWay -= chunk.count
    case .update(let bytes): creditUnderWay -= bytes
    default: break
    }
  }

  func deliver(_ frame: Frame, to side: Side) {
    if side == .server, !wasAccepted {
      wasAccepted = true
      connection.server.accept(frame, on: self)
      return
    }
    (side == .client ? client : server)?.received(frame)
  }

  func lose(_ side: Side, _ reason: String) {
    let end = side == .client ? client : server
    close(side)
    end?.connectionLost(reason)
  }

  /// This side has nothing more to do with it.
  func close(_ side: Side) {
    if side == .client { client = nil } else { server = nil }
    // A server that has never heard of the stream will not, once its client has gone.
    guard client == nil, server == nil else { return }
    sender = nil
    connection.remove(self)
  }
}
