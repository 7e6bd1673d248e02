// Runs the simulator: many seeds, one seed with its story, or the large pipelines.

private import Glibc
internal import Simulator

@main
struct Simulate {
  private var seeds: UInt64 = 1000
  private var first: UInt64 = 0
  private var single: UInt64?
  private var isTraced = false
  private var mutation: Mutation?
  private var isLarge = false

  static func main() async {
    let command = Simulate(CommandLine.arguments.dropFirst())
    exit(await command.run() ? 0 : 1)
  }

  private init(_ arguments: ArraySlice<String>) {
    var rest = arguments
    while let flag = rest.popFirst() {
      switch flag {
      case "--seeds": seeds = Self.number(flag, &rest)
      case "--from": first = Self.number(flag, &rest)
      case "--seed": single = Self.number(flag, &rest)
      case "--trace": isTraced = true
      case "--scale": isLarge = true
      case "--mutation":
        mutation = rest.popFirst().flatMap(Mutation.init(rawValue:))
        if mutation == nil {
          Self.fail("\(flag): \(Mutation.allCases.map(\.rawValue).joined(separator: ", "))")
        }
      default: Self.fail("'\(flag)' is no flag of it")
      }
    }
  }

  private static func number(_ flag: String, _ rest: inout ArraySlice<String>) -> UInt64 {
    guard let text = rest.popFirst(), let value = UInt64(text) else {
      fail("\(flag) takes a number")
    }
    return value
  }

  private static func fail(_ text: String) -> Never {
    print("usage: scripts/simulate [--seeds N] [--from S] | --seed S [--trace] | --scale\n\(text)")
    exit(64)
  }

  private static func say(_ line: String) {
    let text = Array((line + "\n").utf8)
    _ = write(STDERR_FILENO, text, text.count)
  }

  /// - Returns: whether all was well.
  private func run() async -> Bool {
    isLarge ? await large() : single.map(replay) ?? many()
  }

  /// Prints the page; what it takes goes to standard error.
  private func large() async -> Bool {
    let setups = ScaleReport.setups
    // Each is a world of its own: as many at a time as there are processors.
    let found = await withTaskGroup(of: (Int, LargeFigures).self) { group in
      for (index, setup) in setups.enumerated() {
        group.addTask {
          let began = ContinuousClock.now
          let figures = LargeRun(setup).run()
          let seconds = (ContinuousClock.now - began) / .seconds(1)
          Self.say("\(setup.name): \(figures.events) events in \(Int(seconds)) s")
          return (index, figures)
        }
      }
      return await group.reduce(into: [Int: LargeFigures]()) { $0[$1.0] = $1.1 }
    }
    let all = setups.indices.compactMap { found[$0] }
    print(ScaleReport.page(all))
    return all.allSatisfy { $0.violation == nil }
  }

  private func replay(_ seed: UInt64) -> Bool {
    let simulation = Simulation(seed: seed, mutation: mutation, traced: isTraced ? 1 << 20 : 0)
    let outcome = simulation.run()
    for line in outcome.story { print(line) }
    var tally = Tally()
    tally.add(outcome, seed: seed)
    print(tally.text)
    if let violation = outcome.violation { print("VIOLATION: \(violation.what)") }
    return outcome.violation == nil
  }

  private func many() -> Bool {
    var tally = Tally()
    let began = ContinuousClock.now
    for seed in first..<(first + seeds) {
      let outcome = Simulation(seed: seed, mutation: mutation).run()
      tally.add(outcome, seed: seed)
      guard let violation = outcome.violation else { continue }
      print("seed \(seed), event \(violation.event): \(violation.what)")
      print("  replay: scripts/simulate --seed \(seed) --trace")
      if tally.failures.count >= 10 { break }
    }
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    print(tally.text)
    print("\(Int(Double(tally.seeds) / seconds * 60)) seeds a minute")
    return tally.failures.isEmpty
  }
}
