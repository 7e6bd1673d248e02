// What a spill is told: how much its file may hold, and where it is.

/// The parameters of `spill`.
struct SpillSettings {
  /// The most that the file may take up, in bytes.
  let limit: Int
  /// The same as it was given.
  let limitText: String
  /// Where the file is made; nil is `$TMPDIR`, or /tmp.
  let folder: String?

  /// Below this a spill would be nearly all waiting.
  private static let smallest = 64 << 10

  init(_ parameters: [String: String]) throws(BuiltinError) {
    let text = parameters["limit"] ?? "10G"
    guard let limit = parseByteCount(text), limit >= Self.smallest else {
      throw BuiltinError("spill: limit='\(text)' is not a number from 64K on, with K, M or G")
    }
    self.limit = limit
    self.limitText = text
    self.folder = parameters["folder"].flatMap { $0.isEmpty ? nil : $0 }
  }
}
