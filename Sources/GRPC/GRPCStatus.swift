// The outcome of a call: one of gRPC's 17 codes and a message for people.

/// How a call ended. Thrown where a call cannot go on, and sent as the last thing of every call.
///
/// Source: grpc/doc/statuscodes.md; the numbers are the wire's.
package struct GRPCStatus: Error, Hashable, Sendable {
  package enum Code: Int, CaseIterable, Sendable {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case internalError = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16
  }

  package var code: Code
  /// For people: any Unicode text. On the wire it loses its middle where it is above
  /// `maximumEncodedMessage` bytes.
  package var message: String

  package init(_ code: Code, _ message: String = "") {
    self.code = code
    self.message = message
  }

  package static let ok = GRPCStatus(.ok)

  package var isOK: Bool { self.code == .ok }

  /// Bytes of the percent-encoded message that are sent at most. Peers refuse trailers above 8 KiB
  /// (gRPC C core's default), and the status must arrive whatever is said with it.
  package static let maximumEncodedMessage = 4096
}

extension GRPCStatus.Code: CustomStringConvertible {
  /// The name as the gRPC documents write it.
  package var description: String {
    switch self {
    case .ok: "OK"
    case .cancelled: "CANCELLED"
    case .unknown: "UNKNOWN"
    case .invalidArgument: "INVALID_ARGUMENT"
    case .deadlineExceeded: "DEADLINE_EXCEEDED"
    case .notFound: "NOT_FOUND"
    case .alreadyExists: "ALREADY_EXISTS"
    case .permissionDenied: "PERMISSION_DENIED"
    case .resourceExhausted: "RESOURCE_EXHAUSTED"
    case .failedPrecondition: "FAILED_PRECONDITION"
    case .aborted: "ABORTED"
    case .outOfRange: "OUT_OF_RANGE"
    case .unimplemented: "UNIMPLEMENTED"
    case .internalError: "INTERNAL"
    case .unavailable: "UNAVAILABLE"
    case .dataLoss: "DATA_LOSS"
    case .unauthenticated: "UNAUTHENTICATED"
    }
  }
}

extension GRPCStatus: CustomStringConvertible {
  package var description: String {
    self.message.isEmpty ? "\(self.code)" : "\(self.code): \(self.message)"
  }
}
