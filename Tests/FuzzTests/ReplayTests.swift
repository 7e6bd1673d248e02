// The inputs that are kept go through their targets once more: those that reach far, and those that
// broke something. More than that is scripts/fuzz's.

import Foundation
import FuzzBodies
import Testing

@Suite struct ReplayTests {
  private static let folder = URL(filePath: #filePath).appending(path: "../../Fuzz").standardized

  /// What stands in Corpus/TARGET or Findings/TARGET, by its path.
  private static func inputs(_ kind: String, _ target: FuzzTarget) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
      at: folder.appending(path: "\(kind)/\(target.name)"), includingPropertiesForKeys: nil,
      options: .skipsHiddenFiles
    ).sorted { $0.path() < $1.path() }
  }

  private static func replay(_ kind: String, _ target: FuzzTarget) throws -> Int {
    let inputs = try inputs(kind, target)
    for input in inputs {
      do {
        try target.check(Data(contentsOf: input))
      } catch let violation as Violation {
        Issue.record("\(input.path()): \(violation)")
      }
    }
    return inputs.count
  }

  @Test(arguments: FuzzTarget.all) func corpus(_ target: FuzzTarget) throws {
    #expect(try Self.replay("Corpus", target) > 10)
  }

  @Test(arguments: FuzzTarget.all) func findings(_ target: FuzzTarget) throws {
    _ = try Self.replay("Findings", target)
  }

  /// No input at all, and each of a few bytes.
  @Test(arguments: FuzzTarget.all) func shortInputs(_ target: FuzzTarget) throws {
    try target.check([])
    for byte in UInt8.min...UInt8.max { try target.check([byte, byte, byte]) }
  }

  /// A target that is in the script and not here, or the other way round, would be fuzzed by nobody.
  @Test func theScriptNamesTheSameTargets() throws {
    let script = try String(
      contentsOf: Self.folder.appending(path: "../../scripts/fuzz").standardized, encoding: .utf8)
    let names = FuzzTarget.all.map(\.name).joined(separator: " ")
    #expect(script.contains("readonly TARGETS=(\(names))\n"))
  }
}

extension FuzzTarget: CustomTestStringConvertible {
  public var testDescription: String { name }
}
