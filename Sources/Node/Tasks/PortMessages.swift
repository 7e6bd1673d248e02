// What a call and its task tell each other about one port.

internal import Client
internal import GRPC
internal import MNP
internal import NIOCore

/// What a push tells the task.
enum PushEvent: Sendable {
  /// The first message has named the port.
  case open(PushHeader, Features, ResumeRequest?)
  case bytes(ByteBuffer)
  /// So many messages have ended, with the empty one that opens; for the status.
  case messages(Int)
  /// With what the sender says to have sent, where it sums it.
  case done(Checksum?)
  case lost(String)
  /// Its connection is gone, and its sender may come back.
  case interrupted(String)
}

/// What the task tells a push.
enum PushReply: Sendable {
  /// So many payload bytes are gone: their stream credit can go back.
  case credit(Int)
  /// A push that came back goes on from this byte.
  case resumed(from: Int64)
  /// The push is over for the task.
  case answer(GRPCStatus)
}

/// What a pull tells the task.
enum PullEvent: Sendable {
  case open
  /// So many payload bytes have left the call's queue.
  case credit(Int)
  /// After `done`: everything has left for the peer, with the status.
  case delivered
  case lost(String)
}

/// What the task tells a pull.
enum PullReply: Sendable {
  case bytes(ByteBuffer)
  case done
  case fail(GRPCStatus)
}

typealias Pusher = Mailbox<PushReply>
typealias Puller = Mailbox<PullReply>

/// Everything that reaches a task from calls, which may live on other loops.
enum TaskMessage: Sendable {
  case push(input: Int, from: Pusher, PushEvent)
  case pull(output: Int, by: Puller, PullEvent)
  /// `look`: with a look whether the operator stands still.
  case query(look: Bool, @Sendable (TaskSnapshot) -> Void)
  case cancel(reason: String)
  /// The session no longer knows it: what it still holds goes, once no pull reads it.
  case release
}
