// SIGINT and SIGTERM as events.

@preconcurrency internal import Dispatch

#if canImport(Glibc)
  internal import Glibc
#endif

enum Signals {
  static func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
  }

  /// Calls `handler` for each SIGINT and SIGTERM from now on, with their count, 1 for the first. Until
  /// this has returned they end the process as they do any other: none is lost in between.
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
    let registered = DispatchGroup()
    sources = [SIGINT, SIGTERM].map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { handler(count.next(), number) }
      source.setRegistrationHandler { registered.leave() }
      registered.enter()
      source.resume()
      return source
    }
    // Dispatch takes the signals on a thread of its own, a moment later: whoever is told after this
    // that the process is ready may send one at once.
    registered.wait()
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
