// Where two of our nodes tell each other their features: the metadata of request and first answer.

package import GRPC
package import MNP

extension Metadata {
  /// The metadata in which a side names its features.
  package static func naming(_ features: Features) -> Metadata {
    var metadata = Metadata()
    metadata.addText(Features.metadataKey, features.description)
    return metadata
  }

  /// Adds a text of ours.
  mutating func addText(_ name: String, _ text: String) {
    do throws(GRPCStatus) {
      try add(name, text)
    } catch {
      preconditionFailure("what we say in metadata is ASCII: \(error)")
    }
  }

  /// What the other side named; none for a peer that is not ours.
  package var features: Features {
    self[Features.metadataKey].map(Features.init(parsing:)) ?? []
  }
}
