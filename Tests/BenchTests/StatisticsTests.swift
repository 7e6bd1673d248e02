// Medians, spreads, percentiles, histograms.

import Testing

@testable import Bench

@Suite struct StatisticsTests {
  @Test func aSpreadHasItsMedianAndItsEnds() throws {
    let odd = try #require(Spread([3, 1, 2]))
    #expect((odd.median, odd.min, odd.max) == (2, 1, 3))
    #expect(odd.runs == [3, 1, 2])
    #expect(Spread([4, 1, 2, 3])?.median == 2.5)
    #expect(Spread([5])?.median == 5)
    #expect(Spread([]) == nil)
  }

  @Test func percentilesAreOfTheNearestRank() throws {
    let hundred = try #require(Distribution((1...100).reversed().map(Double.init)))
    #expect(hundred.percentile(0.5) == 50)
    #expect(hundred.percentile(0.99) == 99)
    #expect(hundred.percentile(1) == 100)
    #expect(hundred.percentile(0.001) == 1)
    #expect(hundred.maximum == 100)
    let one = try #require(Distribution([7]))
    #expect(one.percentile(0.5) == 7)
    #expect(one.percentile(0.99) == 7)
    #expect(Distribution([]) == nil)
  }

  @Test func theHistogramHoldsEverySampleOnce() throws {
    let samples = (1...1000).map { Double($0) * 0.7 }
    let histogram = try #require(Distribution(samples)).histogram
    #expect(histogram.reduce(0) { $0 + $1.count } == samples.count)
    #expect(zip(histogram, histogram.dropFirst()).allSatisfy { $0.limit < $1.limit })
    #expect(histogram.first?.limit == 1)
    #expect((histogram.last?.limit ?? 0) >= 700)
  }

  @Test func theHistogramBeginsAndEndsWithASample() throws {
    let histogram = try #require(Distribution([40, 50, 200])).histogram
    #expect(histogram.map(\.count) == [1, 1, 0, 0, 0, 1])
    #expect(histogram[1].limit == 64)
    #expect(histogram[5].limit == 256)
  }
}
