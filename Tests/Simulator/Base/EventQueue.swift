// What is to happen, in the order of the simulated clock.

/// A binary heap of closures. Events of the same moment happen in the order in which they were
/// scheduled, so that a run depends on its seed alone.
struct EventQueue {
  /// Where a closure waits, so that it can be taken back.
  struct Ticket {
    fileprivate let slot: Int
    fileprivate let order: UInt64
  }

  private struct Key {
    var time: Int64
    var order: UInt64
    var slot: Int

    func comes(before other: Key) -> Bool {
      time != other.time ? time < other.time : order < other.order
    }
  }

  private struct Slot {
    var order: UInt64
    var action: (() -> Void)?
  }

  private var heap: [Key] = []
  // Apart from the heap, so that sorting moves numbers alone.
  private var slots: [Slot] = []
  private var freeSlots: [Int] = []
  private var nextOrder: UInt64 = 0

  /// When the next event is due, in nanoseconds. One that was taken back still counts.
  var nextTime: Int64? { heap.first?.time }

  @discardableResult
  mutating func schedule(at time: Int64, _ action: @escaping () -> Void) -> Ticket {
    let order = nextOrder
    nextOrder += 1
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
      slots[slot] = Slot(order: order, action: action)
    } else {
      slot = slots.count
      slots.append(Slot(order: order, action: action))
    }
    heap.append(Key(time: time, order: order, slot: slot))
    rise(heap.count - 1)
    return Ticket(slot: slot, order: order)
  }

  mutating func cancel(_ ticket: Ticket) {
    if slots[ticket.slot].order == ticket.order { slots[ticket.slot].action = nil }
  }

  /// - Returns: the next event; its action is nil where it was taken back.
  mutating func pop() -> (time: Int64, action: (() -> Void)?)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink(0)
    }
    let action = slots[first.slot].action
    slots[first.slot].action = nil
    freeSlots.append(first.slot)
    return (first.time, action)
  }

  private mutating func rise(_ start: Int) {
    var index = start
    let key = heap[index]
    while index > 0 {
      let parent = (index - 1) / 2
      guard key.comes(before: heap[parent]) else { break }
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = key
  }

  private mutating func sink(_ start: Int) {
    var index = start
    let key = heap[index]
    let count = heap.count
    while true {
      var child = 2 * index + 1
      guard child < count else { break }
      if child + 1 < count, heap[child + 1].comes(before: heap[child]) { child += 1 }
      guard heap[child].comes(before: key) else { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = key
  }
}
