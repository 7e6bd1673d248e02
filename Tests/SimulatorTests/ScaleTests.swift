// The large pipelines in small: what docs/scale.md is made of.

import Simulator
import Testing

@Suite struct ScaleTests {
  private func figures(_ change: (inout LargeSetup) -> Void) -> LargeFigures {
    var setup = LargeSetup("small")
    setup.nodes = 12
    setup.runs = 3
    setup.bytes = 300_000
    change(&setup)
    return LargeRun(setup).run()
  }

  @Test func aChainComesThrough() throws {
    let chain = figures { _ in }
    #expect(chain.violation == nil)
    #expect(chain.tasks == 36)
    let first = try #require(chain.firstByte)
    let whole = try #require(chain.allWhole)
    // Every hop costs at least the way of one frame.
    #expect(first > 11 * chain.setup.network.latency)
    #expect(first < whole && whole < chain.allEnded)
  }

  @Test func toNameEveryTaskAtOnceIsFaster() throws {
    let usual = try #require(figures { _ in }.firstByte)
    let warm = try #require(figures { $0.warmsUp = true }.firstByte)
    #expect(warm < usual)
  }

  @Test func aTreeComesThrough() {
    let tree = figures { $0.shape = .tree }
    #expect(tree.violation == nil)
    #expect(tree.allWhole != nil)
  }

  @Test func aSlowOperatorFillsWhatIsBeforeIt() {
    let slow = figures {
      $0.incident = .slow
      $0.bytes = 3_000_000
    }
    let usual = figures { $0.bytes = 3_000_000 }
    #expect(slow.violation == nil)
    #expect(slow.mostHeld > usual.mostHeld)
  }

  @Test func aLostNodeIsReplaced() throws {
    // Enough of them that some are not whole when the first one is.
    let killed = figures {
      $0.incident = .kill
      $0.runs = 12
      $0.bytes = 1_000_000
    }
    let vanished = figures {
      $0.incident = .vanish
      $0.runs = 12
      $0.bytes = 1_000_000
    }
    #expect(killed.violation == nil && vanished.violation == nil)
    let told = try #require(killed.endedAfter)
    let found = try #require(vanished.endedAfter)
    #expect(told < found, "a closed connection is seen before a silent one")
    #expect(found > killed.setup.network.keepaliveInterval)
    #expect(killed.wholeAfter != nil && vanished.wholeAfter != nil)
  }
}
