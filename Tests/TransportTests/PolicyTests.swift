// The pure parts: windows, budget, keepalive, round trips, memory limits, addresses.

import NIOCore
import Testing

@testable import Transport

private func at(_ milliseconds: Int64) -> NIODeadline {
  .uptimeNanoseconds(1_000_000_000) + .milliseconds(milliseconds)
}

@Suite struct AdaptiveWindowTests {
  /// One window drained after the other, each in `milliseconds`.
  private func drained(
    _ count: Int, in milliseconds: Int64, roundTrip: TimeAmount,
    pressure: AdaptiveWindow.Pressure = .none, from window: AdaptiveWindow? = nil
  ) -> AdaptiveWindow {
    var window = window ?? AdaptiveWindow(now: at(0))
    _ = window.decide(now: at(0), roundTrip: .zero, pressure: .high)
    for index in 1...count {
      let early = window.consume(window.size - 1)
      let due = window.consume(1)
      #expect(!early && due)
      let size = window.decide(
        now: at(Int64(index) * milliseconds), roundTrip: roundTrip, pressure: pressure)
      window.resize(to: size)
    }
    return window
  }

  @Test func growsWhileTheConsumerKeepsUp() {
    let sizes = (1...6).map { self.drained($0, in: 50, roundTrip: .milliseconds(40)).size }
    #expect(sizes == [512, 1024, 2048, 4096, 4096, 4096].map { $0 << 10 })
  }

  @Test func staysWhereTheConsumerIsTheSlowOne() {
    #expect(self.drained(9, in: 81, roundTrip: .milliseconds(40)).size == AdaptiveWindow.start)
  }

  @Test func growsOnLoopbackToo() {
    #expect(self.drained(9, in: 2, roundTrip: .microseconds(30)).size == AdaptiveWindow.maximum)
    #expect(self.drained(9, in: 3, roundTrip: .microseconds(30)).size == AdaptiveWindow.start)
  }

  @Test func givesBackUnderPressureButKeepsTheLeast() {
    let large = self.drained(9, in: 1, roundTrip: .zero)
    let kept = self.drained(9, in: 1, roundTrip: .zero, pressure: .high, from: large)
    #expect(kept.size == AdaptiveWindow.maximum)
    let small = self.drained(3, in: 1, roundTrip: .zero, pressure: .critical, from: large)
    #expect(small.size == AdaptiveWindow.maximum / 8)
    let least = self.drained(20, in: 1, roundTrip: .zero, pressure: .critical, from: large)
    #expect(least.size == AdaptiveWindow.minimum)
  }
}

@Suite struct WindowBudgetTests {
  @Test func startsShrinkBeforeTheyAreRefused() {
    let budget = WindowBudget(limit: AdaptiveWindow.start * 2 + AdaptiveWindow.minimum)
    #expect(budget.reserveStart() == AdaptiveWindow.start)
    #expect(budget.reserveStart() == AdaptiveWindow.start)
    #expect(budget.reserveStart() == AdaptiveWindow.minimum)
    #expect(budget.reserveStart() == nil)
    #expect(budget.forceStart() == AdaptiveWindow.minimum)
    #expect(budget.inUse == budget.limit + AdaptiveWindow.minimum)
    budget.release(budget.inUse)
    #expect(budget.inUse == 0)
  }

  @Test func pressureRisesWithUse() {
    let budget = WindowBudget(limit: 800)
    #expect(budget.pressure == .none)
    #expect(budget.reserve(600) && budget.pressure == .none)
    #expect(budget.reserve(100) && budget.pressure == .high)
    #expect(budget.reserve(1) && budget.pressure == .critical)
    #expect(!budget.reserve(100))
  }
}

@Suite struct KeepaliveTests {
  @Test func asksOnlyTheSilent() {
    var keepalive = Keepalive(interval: .seconds(30), timeout: .seconds(20), now: at(0))
    #expect(keepalive.check(now: at(0)) == .wait(until: at(30_000)))
    keepalive.received(now: at(29_000))
    #expect(keepalive.check(now: at(30_000)) == .wait(until: at(59_000)))
    #expect(keepalive.check(now: at(59_000)) == .ping(until: at(79_000)))
    #expect(keepalive.check(now: at(60_000)) == .wait(until: at(79_000)))
    keepalive.received(now: at(78_000))
    #expect(keepalive.check(now: at(79_000)) == .wait(until: at(108_000)))
    #expect(keepalive.check(now: at(108_000)) == .ping(until: at(128_000)))
    #expect(keepalive.check(now: at(128_000)) == .dead)
  }

  @Test func roundTripsBelieveTheShortAtOnce() {
    var roundTrip = RoundTrip()
    #expect(roundTrip.isDue(now: at(0)))
    roundTrip.sent(1, now: at(0))
    #expect(!roundTrip.isDue(now: at(60_000)))
    roundTrip.sent(2, now: at(1))
    roundTrip.answered(2, now: at(2))
    #expect(roundTrip.estimate == .zero)
    roundTrip.answered(1, now: at(80))
    #expect(roundTrip.estimate == .milliseconds(80))
    #expect(!roundTrip.isDue(now: at(10_079)))
    #expect(roundTrip.isDue(now: at(10_080)))
    roundTrip.sent(3, now: at(10_080))
    roundTrip.answered(3, now: at(10_088))
    #expect(roundTrip.estimate == .milliseconds(8))
    roundTrip.sent(4, now: at(30_000))
    roundTrip.answered(4, now: at(30_088))
    #expect(roundTrip.estimate == .milliseconds(18))
  }
}

@Suite struct MemoryLimitTests {
  private func limit(_ files: [String: String], machine: Int = 1000) -> Int {
    MemoryLimit.smallest(machine: machine) { files[$0] }
  }

  @Test func theSmallestGroupAboveUsCounts() {
    let group = ["/proc/self/cgroup": "0::/a.slice/b.scope\n"]
    #expect(self.limit(group) == 1000)
    #expect(self.limit([:]) == 1000)
    var files = group
    files["/sys/fs/cgroup/a.slice/b.scope/memory.max"] = "max\n"
    #expect(self.limit(files) == 1000)
    files["/sys/fs/cgroup/a.slice/memory.max"] = "700\n"
    #expect(self.limit(files) == 700)
    // As in a container, where only the root of the mount is visible.
    files["/sys/fs/cgroup/memory.max"] = "300\n"
    #expect(self.limit(files) == 300)
  }

  @Test func versionOneAsWell() {
    var files = ["/proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/x\n1:name=systemd:/x\n"]
    files["/sys/fs/cgroup/memory/x/memory.limit_in_bytes"] = "9223372036854771712\n"
    #expect(self.limit(files) == 1000)
    files["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "600\n"
    #expect(self.limit(files) == 600)
  }

  @Test func thisMachineHasMemory() {
    #expect(MemoryLimit.current() > 1 << 20)
    #expect(WindowBudget.shared.limit <= 256 << 20)
  }
}

@Suite struct PeerAddressTests {
  @Test func addressesAreWrittenAsInURLs() throws {
    #expect("\(PeerAddress(host: "h", tcpPort: 1))" == "h:1")
    #expect("\(PeerAddress(host: "::1", tcpPort: 1))" == "[::1]:1")
    let address = PeerAddress(try SocketAddress(ipAddress: "::1", port: 5))
    #expect(address == PeerAddress(host: "::1", tcpPort: 5))
    #expect(address?.isLoopback == true)
    #expect(PeerAddress(host: "127.1.2.3", tcpPort: 1).isLoopback)
    #expect(PeerAddress(host: "localhost", tcpPort: 1).isLoopback)
    #expect(!PeerAddress(host: "10.0.0.1", tcpPort: 1).isLoopback)
  }
}
