// A value that tests share with closures on other threads.

import NIOConcurrencyHelpers

final class Box<Value: Sendable>: Sendable {
  private let locked: NIOLockedValueBox<Value>
  init(_ value: Value) { locked = .init(value) }

  var value: Value {
    get { locked.withLockedValue { $0 } }
    set { locked.withLockedValue { $0 = newValue } }
    _modify {
      // Not atomic: for one writer at a time.
      var value = self.value
      yield &value
      self.value = value
    }
  }
}
