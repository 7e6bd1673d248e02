// spill: what its reader does not take yet waits in a file, so that the writer can go on.

internal import NIOCore

/// The order of a spill's bytes and where each of them waits, without I/O.
///
/// From the oldest to the newest: `front`, in memory and next to be emitted; the file; a batch on its
/// way into the file; `waiting`, which nothing was done with yet. As long as the file is empty, bytes
/// go from `waiting` straight to `front`, and a reader that keeps up never costs a disk access.
///
/// Credit: what has reached `front` or the file is taken, whether it was emitted or not. So the writer
/// goes on until the file is full; only then do its bytes stay in `waiting`, bounded by its window.
struct SpillQueue {
  enum Action: Equatable {
    case emit(ByteBuffer)
    /// The credit of this many bytes can be returned.
    case took(Int)
    /// Write these bytes at this offset of the file, which is to be emptied before if it is 0.
    /// `stored` follows. At most one at a time.
    case store([ByteBuffer], at: Int64)
    /// Read this part of the file and give its room back to the disk. `loaded` follows. At most one
    /// at a time.
    case load(Range<Int64>)
    /// The file is full: from here on the writer waits. Once.
    case sayFull
    /// All of the input has been emitted.
    case finished
  }

  /// As much may wait in memory, in bytes; with a load on its way on top.
  static let memoryLimit = 1 << 20
  /// What is read from the file at a time, in bytes.
  static let loadSize: Int64 = 256 << 10
  /// The largest batch for the file, in bytes.
  static let storeSize = 1 << 20

  /// The most that the file may take up, in bytes.
  private let limit: Int64
  private var front = InputQueue()
  private var frontBytes = 0
  private var waiting = InputQueue()
  private var isReading = false
  private var owed = 0
  /// The file holds the bytes from `loadedTo` to `storedTo`; up to `freedTo` its room is given back.
  private var freedTo: Int64 = 0
  private var loadedTo: Int64 = 0
  private var storedTo: Int64 = 0
  private var storing: Int64 = 0
  private var isLoading = false
  private var hasSaidFull = false

  /// All that went through the file, in bytes.
  private(set) var spilled: Int64 = 0
  /// The most that was in it at once, in bytes.
  private(set) var peak: Int64 = 0

  init(limit: Int64) {
    self.limit = limit
  }

  mutating func write(_ bytes: ByteBuffer) {
    self.waiting.append(bytes)
  }

  mutating func end() {
    self.waiting.end()
  }

  mutating func setReading(_ reading: Bool) {
    self.isReading = reading
  }

  /// The batch is in the file.
  mutating func stored() {
    self.storedTo += self.storing
    self.spilled += self.storing
    self.owed += Int(self.storing)
    self.storing = 0
    self.peak = max(self.peak, self.storedTo - self.loadedTo)
  }

  /// A part of the file has been read.
  ///
  /// - Parameter isFreed: whether the file system took its room back; where it cannot, the room
  ///   counts until the file is empty.
  mutating func loaded(_ bytes: ByteBuffer, isFreed: Bool) {
    self.isLoading = false
    self.loadedTo += Int64(bytes.readableBytes)
    if isFreed { self.freedTo = self.loadedTo }
    self.pushFront(bytes)
  }

  mutating func next() -> Action? {
    if self.owed > 0 {
      defer { self.owed = 0 }
      return .took(self.owed)
    }
    if self.isReading, !self.front.isEmpty {
      let bytes = self.front.readFront()
      self.frontBytes -= bytes.readableBytes
      return .emit(bytes)
    }
    let fileIsEmpty = self.loadedTo == self.storedTo && self.storing == 0
    if fileIsEmpty, !self.waiting.isEmpty, self.frontBytes < Self.memoryLimit {
      let bytes = self.waiting.readFront()
      self.owed += bytes.readableBytes
      self.pushFront(bytes)
      return self.next()
    }
    if !self.isLoading, self.loadedTo < self.storedTo, self.frontBytes < Self.memoryLimit / 2 {
      self.isLoading = true
      return .load(self.loadedTo..<min(self.storedTo, self.loadedTo + Self.loadSize))
    }
    if self.storing == 0, !self.waiting.isEmpty { return self.nextStore(fileIsEmpty) }
    return fileIsEmpty && self.front.isEmpty && self.waiting.isDone ? .finished : nil
  }

  private mutating func nextStore(_ fileIsEmpty: Bool) -> Action? {
    if fileIsEmpty { (self.freedTo, self.loadedTo, self.storedTo) = (0, 0, 0) }
    let room = Int(min(Int64(Self.storeSize), self.limit - (self.storedTo - self.freedTo)))
    guard room > 0 else {
      defer { self.hasSaidFull = true }
      return self.hasSaidFull ? nil : .sayFull
    }
    var batch: [ByteBuffer] = []
    var size = 0
    while size < room, !self.waiting.isEmpty {
      let bytes = self.waiting.read(min(room - size, self.waiting.front.readableBytes))
      size += bytes.readableBytes
      batch.append(bytes)
    }
    self.storing = Int64(size)
    return .store(batch, at: self.storedTo)
  }

  private mutating func pushFront(_ bytes: ByteBuffer) {
    self.frontBytes += bytes.readableBytes
    self.front.append(bytes)
  }
}
