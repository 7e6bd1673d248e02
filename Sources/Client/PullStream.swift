// One pull as its receiver makes it, on the loop of its connection.

package import GRPC
package import MNP
package import NIOCore
package import Transport

/// Hears what a pull brings, on its loop. Held until `pullEnded`.
package protocol PullStreamDelegate: AnyObject {
  /// Data, not empty: a slice of what was read. The peer may send as much again when
  /// `returnCredit` has been told that these bytes are done with.
  func pullReceived(_ data: ByteBuffer)

  /// Exactly once, last, and never from within a method of the pull. OK only where the peer said
  /// `done` and then OK: anything else, and what has come is not all of it.
  func pullEnded(_ status: GRPCStatus)
}

/// Receives the data of one output port. Confined to the loop of `connections`: not Sendable.
/// Methods of a pull that has ended do nothing.
package final class PullStream {
  private var call: ClientCall?
  private var delegate: (any PullStreamDelegate)?
  private var parser = PullParser()
  private var failure: GRPCStatus?
  private let source: String
  private let asked: Features
  /// Of what came, where the sender says at its end what it has sent.
  private var checksum: RunningChecksum?
  /// Credit of tags and lengths, returned together with that of data: each alone would be a few
  /// bytes.
  private var owed = 0
  private static let owedLimit = 4096

  /// Of everything, where the first message says it. A hint.
  package var sizeHint: Int64? { parser.sizeHint }

  /// Begins the pull. `features` are asked for; `timeout` is for all of it.
  package init(
    _ connections: Connections, from node: NodeURL, request: PullRequest,
    features: Features = .supported, timeout: TimeAmount? = nil, delegate: any PullStreamDelegate
  ) {
    asked = features
    self.delegate = delegate
    source =
      "node \(node.authority), session \(request.sessionID), task \(request.taskID), "
      + "output \(request.port)"
    let call = connections.open(
      to: PeerAddress(node), path: MNPMethod.pull.path, metadata: .naming(features),
      timeout: timeout, receiver: self)
    call.send(request.encoded())
    call.halfClose()
    self.call = call
  }

  /// Data is done with.
  package func returnCredit(_ bytes: Int) {
    call?.returnCredit(bytes + owed)
    owed = 0
  }

  /// Breaks the pull off; it ends with `status`.
  package func cancel(_ status: GRPCStatus = GRPCStatus(.cancelled, "the pull was cancelled")) {
    call?.cancel(status)
  }

  private func outcome(_ status: GRPCStatus) -> GRPCStatus {
    if let failure { return failure }
    guard status.isOK, !parser.isDone else { return status }
    return GRPCStatus(.dataLoss, "the data broke off: the sender ended without saying done")
  }

  private func refuse(_ error: MNPError) {
    failure = GRPCStatus(answer: error)
    call?.cancel()
  }
}

extension PullStream: CallReceiver {
  package func callReceivedHeaders(_ metadata: Metadata) {
    if asked.contains(.crc), metadata.features.contains(.crc) { checksum = RunningChecksum() }
  }

  package func callReceivedMessage(length: Int) {
    if failure == nil { parser.begin(length: length) }
  }

  package func callReceived(_ fragment: ByteBuffer) {
    guard failure == nil else { return }
    do throws(MNPError) {
      let data = try parser.receive(fragment)
      owed += fragment.readableBytes - (data?.readableBytes ?? 0)
      if owed >= PullStream.owedLimit { returnCredit(0) }
      if let data {
        checksum?.add(data)
        delegate?.pullReceived(data)
      }
    } catch {
      refuse(error)
    }
  }

  package func callReceivedMessageEnd() {
    guard failure == nil else { return }
    do throws(MNPError) {
      guard try parser.end(), let sum = checksum?.sum else { return }
      guard let difference = sum.difference(from: parser.checksum) else { return }
      failure = GRPCStatus(.dataLoss, "\(source) at byte \(sum.bytes): \(difference)")
      call?.cancel()
    } catch {
      refuse(error)
    }
  }

  package func callReceivedEnd() {}
  package func callBecameWritable() {}

  package func callEnded(_ status: GRPCStatus, trailers: Metadata) {
    let outcome = outcome(status)
    let delegate = delegate
    call = nil
    self.delegate = nil
    delegate?.pullEnded(outcome)
  }
}
