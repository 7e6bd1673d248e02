// The samples, and what the real compiler makes of them.

import Foundation
import Testing

@testable import Claimed

/// A file of Tests/ClaimedTests/Golden, beside which stands what C3 gives for it.
struct Sample: CustomTestStringConvertible, Sendable {
  static let folder = URL(filePath: #filePath).appending(path: "../Golden").standardized

  static let all: [Sample] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path())
    return (names ?? []).filter { !$0.hasSuffix(".json") }.sorted().map(Sample.init)
  }()

  let name: String

  var testDescription: String { name }
  var path: String { Self.folder.path(percentEncoded: false) + "/" + name }

  var bytes: Data { get throws { try Data(contentsOf: URL(filePath: path)) } }

  /// Either an interface or the exception with which C3 ends.
  func golden() throws -> Golden {
    try JSONDecoder().decode(Golden.self, from: Data(contentsOf: URL(filePath: path + ".json")))
  }
}

enum Golden: Decodable {
  case interface(C3Interface)
  case crash(String)

  private enum CodingKeys: CodingKey { case crash }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let crash = try container.decodeIfPresent(String.self, forKey: .crash) {
      self = .crash(crash)
    } else {
      self = .interface(try C3Interface(from: decoder))
    }
  }
}
