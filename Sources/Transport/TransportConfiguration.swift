// Every setting of connections and listeners, with its default.

package import HTTP2
package import NIOCore

/// Sizes are in bytes.
package struct TransportConfiguration: Sendable {
  /// For reaching a peer: its name, its address, and the proxy where there is one.
  package var connectTimeout = TimeAmount.seconds(10)
  /// From then until the peer's first SETTINGS frame.
  package var handshakeTimeout = TimeAmount.seconds(10)

  /// Silence after which a PING asks whether the peer is still there. A client asks only while it
  /// has calls.
  package var keepaliveInterval = TimeAmount.seconds(30)
  /// How long the answer may take.
  package var keepaliveTimeout = TimeAmount.seconds(20)
  /// What a client uses in place of `keepaliveInterval` until it knows that the server is ours:
  /// gRPC's servers end a connection whose client pings more often than every five minutes.
  package var foreignKeepaliveInterval = TimeAmount.seconds(310)
  /// After which a client's connection without calls is closed.
  package var idleTimeout = TimeAmount.minutes(5)
  /// How long a closing connection waits for its peer to close as well.
  package var lingerTimeout = TimeAmount.seconds(2)

  /// Data of one message.
  package var maximumData = 64 << 20
  /// Of one message, unless the call sets its own: its data, and an envelope of less than 64 KiB.
  package var maximumMessageLength: Int { maximumData + (64 << 10) }

  /// Connections that a listener serves at a time. More wait in the kernel's queue.
  package var maximumConnections = 1024

  /// One read of the socket: large where much comes, so that it costs few calls; small where little
  /// does, since a slice that waits keeps its whole buffer.
  package var readBuffer = (64 << 10)...(256 << 10)
  /// Reads before what came is answered: 1 MiB in all.
  package var readsPerTurn = 4
  /// What is given to the socket at a time. Twice as much as half of it costs a third less, as the
  /// receiver is woken half as often.
  package var writeBatch = 512 << 10
  /// Batches before reading gets its turn again.
  package var batchesPerTurn = 8

  /// What a listener shows to browsers at "/", as HTML.
  package var frontPage = ""

  package var http2 = TransportConfiguration.oneCallBeforeSettings
  package var budget = WindowBudget.shared
  /// How a client reaches hosts.
  package var proxy = ProxySettings.none

  package init() {}

  /// Before a server's SETTINGS are here, its limit of calls is not known. What is beyond it would
  /// be refused (REFUSED_STREAM) after its first bytes have gone: so one call goes ahead, which
  /// every limit allows, and the others wait for the SETTINGS, which a server sends first of all.
  private static var oneCallBeforeSettings: HTTP2Connection.Configuration {
    var configuration = HTTP2Connection.Configuration()
    configuration.assumedPeerStreams = 1
    return configuration
  }
}
