// How a push goes on after the loss of its connection: its settings, and what its two ends say for it.

package import GRPC
package import MNP
public import NIOCore
package import Transport

/// Whether, how far and how long a push may go on after the loss of its connection. Between two of our
/// nodes only (feature `resume`).
public struct ResumeSettings: Hashable, Sendable {
  /// Bytes of each push that are kept because the receiver may not have them; a writer that is further
  /// ahead waits. 0 switches it off; at least ``smallestWindow`` otherwise.
  public var window = 8 << 20
  /// How long the sender tries to come back, and the receiver waits for it. 0 switches it off.
  public var time = TimeAmount.seconds(30)
  /// Also to a peer on this host. What breaks there is no network but a process, which does not come
  /// back, and keeping the bytes costs most where they move fastest.
  public var includesLoopback = false

  /// Below this the round trips of the acknowledgements would be seen.
  public static let smallestWindow = 1 << 20

  public init() {}

  var isOn: Bool { window > 0 && time > .zero }

  /// The features that it adds to a push to this peer.
  package func features(to peer: PeerAddress) -> Features {
    isOn && (includesLoopback || !peer.isLoopback) ? .resume : []
  }

  /// The features that a node with these settings names.
  package var named: Features {
    isOn ? .supported : Features.supported.subtracting(.resume)
  }
}

/// What a push says of itself: `headrace-resume: TOKEN`, and when it has come back,
/// `headrace-resume: TOKEN; from=BASE; attempt=NUMBER`.
package struct ResumeRequest: Hashable, Sendable {
  /// Random, of this push alone.
  package var token: String
  /// Of a push that has come back: the first byte that it still has.
  package var base: Int64?
  /// Counts how often it has come back, from 1: one that was given up by its sender may be read by the
  /// receiver after a later one.
  package var attempt = 0

  package init(token: String, base: Int64? = nil, attempt: Int = 0) {
    self.token = token
    self.base = base
    self.attempt = attempt
  }

  static func randomToken() -> String {
    String(UInt64.random(in: .min ... .max), radix: 36)
      + String(UInt64.random(in: .min ... .max), radix: 36)
  }

  fileprivate static let key = "headrace-resume"

  fileprivate init?(_ text: String) {
    let parts = text.split(separator: ";").map { $0.drop { $0 == " " } }
    guard let token = parts.first, (1...128).contains(token.utf8.count) else { return nil }
    self.token = String(token)
    for part in parts.dropFirst() {
      if part.hasPrefix("from="), let base = Int64(part.dropFirst(5)), base >= 0 {
        self.base = base
      } else if part.hasPrefix("attempt="), let attempt = Int(part.dropFirst(8)), attempt > 0 {
        self.attempt = attempt
      } else {
        return nil
      }
    }
  }

  fileprivate var text: String {
    base.map { "\(token); from=\($0); attempt=\(attempt)" } ?? token
  }
}

extension Metadata {
  private static let offsetKey = "headrace-resume-from"

  /// What a push says.
  static func push(_ features: Features, _ resume: ResumeRequest?) -> Metadata {
    var metadata = Metadata.naming(features)
    if let resume { metadata.addText(ResumeRequest.key, resume.text) }
    return metadata
  }

  /// What the receiver says to a push that has come back: the bytes that its port has.
  package static func resuming(from offset: Int64, _ features: Features) -> Metadata {
    var metadata = Metadata.naming(features)
    metadata.addText(offsetKey, "\(offset)")
    return metadata
  }

  package var resumeRequest: ResumeRequest? {
    self[ResumeRequest.key].flatMap { ResumeRequest($0) }
  }

  var resumeOffset: Int64? { self[Metadata.offsetKey].flatMap { Int64($0) } }
}
