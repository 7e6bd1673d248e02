// Where two of our nodes tell each other their features: the metadata of request and first answer.

package import GRPC
package import MNP

extension Metadata {
  /// The metadata in which a side names its features.
  package static func naming(_ features: Features) -> Metadata {
    var metadata = Metadata()
    do throws(GRPCStatus) {
      try metadata.add(Features.metadataKey, features.description)
    } catch {
      preconditionFailure("the name and the names of features are ASCII: \(error)")
    }
    return metadata
  }

  /// What the other side named; none for a peer that is not ours.
  package var features: Features {
    self[Features.metadataKey].map(Features.init(parsing:)) ?? []
  }
}
