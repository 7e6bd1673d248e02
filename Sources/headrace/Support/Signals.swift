// SIGINT and SIGTERM as events.

@preconcurrency internal import Dispatch

#if canImport(Glibc)
  internal import Glibc
#endif

enum Signals {
  static func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
  }

  /// Calls `handler` for each SIGINT and SIGTERM from now on, with their count, 1 for the first.
  ///
  /// - Returns: what keeps the handler in place; hold it as long as signals are to be handled.
  static func onInterrupt(_ handler: @escaping @Sendable (Int, Int32) -> Void) -> InterruptHandler {
    InterruptHandler(handler)
  }
}

final class InterruptHandler: Sendable {
  private let sources: [any DispatchSourceSignal]

  fileprivate init(_ handler: @escaping @Sendable (Int, Int32) -> Void) {
    // One serial queue for both signals: the count needs no lock.
    let queue = DispatchQueue(label: "headrace.signals")
    let count = Counter()
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { handler(count.next(), number) }
      source.resume()
      return source
    }
  }

  /// Used on the signals' queue only.
  private final class Counter: @unchecked Sendable {
    private var value = 0

    func next() -> Int {
      value += 1
      return value
    }
  }
}
