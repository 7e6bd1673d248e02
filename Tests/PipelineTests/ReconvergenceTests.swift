// Where branches meet again, and where that is harmless.

import OperatorFile
import Testing

@testable import Pipeline

@Suite struct ReconvergenceTests {
  private func warnings(_ operators: String, _ wires: String...) throws -> [String] {
    let text =
      "operators:\n\(operators)wires:\n" + wires.map { "  - \($0)\n" }.joined()
      + "outputs: {m: x}\n"
    return try Bench().plan(text).warnings.map(\.description)
  }

  private let diamond = """
      s: {command: [s], inputs: []}
      a: {command: [a]}
      m: {command: [m], inputs: [x, {name: y, via: fd}]}

    """

  @Test func aDiamondIsWarnedOf() throws {
    #expect(
      try warnings(diamond, "s -> a", "a -> m.x", "s -> m.y") == [
        "p.yaml:8:5: two branches of 's.out' meet again in 'm' (s.out -> a -> m, and s.out -> m): if"
          + " 'm' waits for one of them while the other is full, all of them wait for ever; 'buffer:"
          + " disk' on the wire that 'm' reads later prevents it"
      ])
  }

  @Test func diskEndsIt() throws {
    #expect(
      try warnings(diamond, "s -> a", "a -> m.x", "{from: s, to: m.y, buffer: disk}").isEmpty)
    #expect(
      try warnings(diamond, "{from: s, to: a, buffer: disk}", "a -> m.x", "s -> m.y").isEmpty)
  }

  @Test func twoOutputsOfOneOperator() throws {
    let operators = """
        s: {command: [s], inputs: [], outputs: [p, {name: q, via: fd}]}
        m: {command: [m], inputs: [x, {name: y, via: fd}]}

      """
    let found = try warnings(operators, "s.p -> m.x", "s.q -> m.y")
    #expect(found.count == 1)
    #expect(
      found.first?.contains("two branches of 's' meet again in 'm' (s -> m, and s -> m)") == true)
  }

  @Test func wholeFilesHelpOnlyTogether() throws {
    func merge(_ x: String, _ y: String) -> String {
      "  s: {command: [s], inputs: []}\n  a: {command: [a]}\n  m: {command: [m], inputs: [{name: x,"
        + " via: \(x)}, {name: y, via: \(y)}]}\n"
    }
    let wires = ["s -> a", "a -> m.x", "s -> m.y"]
    #expect(try warnings(merge("file", "fd"), wires[0], wires[1], wires[2]).count == 1)
    #expect(try warnings(merge("stdin", "file"), wires[0], wires[1], wires[2]).count == 1)
    #expect(try warnings(merge("file", "file"), wires[0], wires[1], wires[2]).isEmpty)
  }

  @Test func discardReadsWhateverComes() throws {
    let operators =
      "  s: {command: [s], inputs: []}\n  d: {builtin: discard}\n  m: {command: [m]}\n"
    #expect(try warnings(operators, "s -> d.0", "s -> d.1", "s -> m").isEmpty)
  }

  @Test func separateSourcesDoNotWait() throws {
    let operators = """
        s: {command: [s], inputs: []}
        t: {command: [t], inputs: []}
        m: {command: [m], inputs: [x, {name: y, via: fd}]}

      """
    #expect(try warnings(operators, "s -> m.x", "t -> m.y").isEmpty)
  }

  @Test func aMeetingIsNamedOnceAndAThirdBranchAgain() throws {
    let operators = """
        s: {command: [s], inputs: []}
        a: {command: [a]}
        b: {command: [b]}
        j: {command: [j], inputs: [x, {name: y, via: fd}]}
        k: {command: [k]}
        m: {command: [m], inputs: [x, {name: y, via: fd}]}

      """
    let found = try warnings(
      operators, "s -> a", "s -> b", "a -> j.x", "b -> j.y", "j -> k", "k -> m.x", "s -> m.y")
    #expect(found.count == 2)
    #expect(found[0].contains("meet again in 'j' (s.out -> a -> j, and s.out -> b -> j)"))
    #expect(found[1].contains("meet again in 'm'"))
  }
}
