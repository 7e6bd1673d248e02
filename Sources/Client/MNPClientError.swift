// Why a call did not succeed: a code for programs, a message for people, and what was behind it.

internal import GRPC
internal import MNP

/// A call's failure.
///
/// Callers switch on ``code``, which is the gRPC status that ended the call (or would have, where
/// this side ended it); ``message`` says what happened, ``node`` where.
public struct MNPClientError: Error, Sendable, CustomStringConvertible {
  /// A gRPC status code other than OK.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private let code: GRPCStatus.Code

    /// Ended by this side, its task or its caller; or by the peer's session or node being quit.
    public static let cancelled = Code(.cancelled)
    public static let unknown = Code(.unknown)
    /// A request that cannot be: a bad id, a port out of range, a malformed message.
    public static let invalidArgument = Code(.invalidArgument)
    /// A wait for the peer came to its end.
    public static let deadlineExceeded = Code(.deadlineExceeded)
    public static let notFound = Code(.notFound)
    public static let alreadyExists = Code(.alreadyExists)
    public static let permissionDenied = Code(.permissionDenied)
    /// A limit, on either side.
    public static let resourceExhausted = Code(.resourceExhausted)
    /// For example a push or pull of a task that has ended.
    public static let failedPrecondition = Code(.failedPrecondition)
    public static let aborted = Code(.aborted)
    public static let outOfRange = Code(.outOfRange)
    public static let unimplemented = Code(.unimplemented)
    /// An answer that breaks the protocol, or a fault of the peer's.
    public static let internalError = Code(.internalError)
    /// The peer cannot be reached, or went away.
    public static let unavailable = Code(.unavailable)
    /// Data broke off: what has arrived is not all of it.
    public static let dataLoss = Code(.dataLoss)
    public static let unauthenticated = Code(.unauthenticated)

    init(_ code: GRPCStatus.Code) { self.code = code }

    /// gRPC's number of it.
    public var rawValue: Int { code.rawValue }

    /// gRPC's name of it, as in `NOT_FOUND`.
    public var description: String { code.description }
  }

  public let code: Code
  /// The node that was called, as `HOST:TCPPORT`.
  public let node: String
  public let message: String
  /// What was behind it where that was another error, for example an `MNPError`.
  public let cause: (any Error)?

  public init(code: Code, node: String, message: String, cause: (any Error)? = nil) {
    self.code = code
    self.node = node
    self.message = message
    self.cause = cause
  }

  public var description: String {
    "\(node): \(code)" + (message.isEmpty ? "" : ": \(message)")
  }

  init(_ status: GRPCStatus, node: NodeURL, cause: (any Error)? = nil) {
    self.init(
      code: Code(status.code), node: node.authority, message: status.message, cause: cause)
  }
}

extension GRPCStatus {
  /// What a peer's malformed answer does to the call that it answers.
  init(answer error: MNPError) {
    self.init(
      error.code == .tooLarge ? .resourceExhausted : .internalError,
      "the answer breaks the protocol: \(error.message)")
  }
}
