// The metadata in which two nodes name what they can do together.

import MNP
import Testing

@Suite struct FeaturesTests {
  @Test(
    arguments: [
      ("1; features=await", .await),
      ("1;features=await", .await),
      (" 1 ;\tfeatures = crc , await,unheard-of ", [.await, .crc]),
      ("1; x=y; features=await", .await),
      ("1; features=awaits", []),
      ("1; features=", []),
      ("1; features", []),
      ("1; await", []),
      ("1", []),
      ("", []),
      ("2; features=await", []),
      ("10; features=await", []),
    ] as [(String, Features)])
  func parse(value: String, features: Features) {
    #expect(Features(parsing: value) == features)
  }

  @Test func printed() {
    #expect(Features.supported.description == "1; features=await,crc,resume")
    #expect(Features().description == "1")
    #expect(Features(parsing: Features.supported.description) == .supported)
  }
}
