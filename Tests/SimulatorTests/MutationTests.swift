// The invariants bite: what the simulated glue is made to do wrong is found, within a bounded number of seeds.

import Simulator
import Testing

@Suite struct MutationTests {
  /// Some times as many as the rarest of them needs.
  private static let seeds: UInt64 = 150

  @Test(arguments: Mutation.allCases)
  func isFound(mutation: Mutation) {
    let found = (0..<Self.seeds).first {
      Simulation(seed: $0, mutation: mutation).run().violation != nil
    }
    #expect(found != nil, "\(mutation.rawValue) was not found in \(Self.seeds) seeds")
  }
}
