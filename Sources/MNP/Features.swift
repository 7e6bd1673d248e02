// What two Headrace nodes can do together beyond MNP, and how they tell each other.

/// The features that a node names in the metadata `headrace` of a request and of its first
/// response: `1; features=await,crc`. One is used where both sides have named it.
public struct Features: OptionSet, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A push asks for, and the receiver gives, its answer when the task behind it has ended, that
  /// task's own forwards included.
  public static let `await` = Features(rawValue: 1 << 0)

  /// The last message of a push or a pull carries the ``Checksum`` of its data, which the receiver
  /// compares with what came.
  public static let crc = Features(rawValue: 1 << 1)

  /// A push whose connection is lost goes on from the byte that its receiver has.
  public static let resume = Features(rawValue: 1 << 2)

  /// All that this version can do.
  public static let supported: Features = [.await, .crc, .resume]

  private static let supportedText = supported.listed

  /// The metadata's name.
  public static let metadataKey = "headrace"

  private static let names: [(feature: Features, name: Substring)] = [
    (.await, "await"), (.crc, "crc"), (.resume, "resume"),
  ]

  /// Reads the metadata's value. What it does not know it passes over: names of features,
  /// parameters other than `features`, and all of it where the version is not 1.
  public init(parsing value: String) {
    // What nodes of one version say to each other.
    if value == Features.supportedText {
      self = .supported
      return
    }
    self = []
    let parts = value.split(separator: ";", omittingEmptySubsequences: false).map(Features.trimmed)
    guard parts.first == "1" else { return }
    for part in parts.dropFirst() {
      guard let equals = part.firstIndex(of: "="),
        Features.trimmed(part[..<equals]) == "features"
      else { continue }
      let named = part[part.index(after: equals)...].split(separator: ",").map(Features.trimmed)
      for (feature, name) in Features.names where named.contains(name) { insert(feature) }
    }
  }

  /// The metadata's value.
  public var description: String {
    self == .supported ? Features.supportedText : listed
  }

  private var listed: String {
    let named = Features.names.filter { contains($0.feature) }.map(\.name)
    return named.isEmpty ? "1" : "1; features=" + named.joined(separator: ",")
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
