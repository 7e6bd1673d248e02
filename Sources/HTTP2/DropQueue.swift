// Taking back what waits on a stream, for an end that must not wait behind it.

extension HTTP2Connection {
  /// Drops the bytes that are queued on a stream and not yet in a batch. Only before a `finish`
  /// that says that the stream failed: the peer gets what went before, then the trailers.
  package func dropQueue(_ id: StreamID) {
    guard let stream = stream(id), !stream.isReset, stream.queue.readableBytes > 0 else { return }
    _ = stream.watermarks.remove(stream.queue.readableBytes)
    stream.queue.removeAll()
  }
}
