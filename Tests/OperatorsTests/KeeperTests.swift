// No process and no folder outlives its node, however the node ends.

import Glibc
import NIOCore
import Operators
import Testing

struct KeeperTests {
  @Test func aKilledNodeLeavesNothing() async throws {
    let place = temporaryPath()
    mkdir(place, 0o700)
    defer { rmdir(place) }
    await #expect(processExitsWith: .signal(SIGKILL)) { [place = place as String] in
      var resources = OperatorResources.shared
      resources.pipes = RuntimeFolder(parents: [place], keeper: .shared)
      let environment = Run.environment.merging(["MARK": place]) { $1 }
      let run = try await Run(
        [
          "sh", "-c",
          "(trap '' TERM; sleep 1000) & echo data > $HEADRACE_OUTPUT_0; echo ready; cat",
        ],
        inputs: [.stdin], outputs: [.fifo, .stdout], environment: environment,
        resources: resources
      ).start()
      try await run.wait { $0.output[1] != nil && $0.output[0] != nil }
      kill(getpid(), SIGKILL)
      // The signal may take a moment to arrive.
      while true { pause() }
    }
    try await eventually("the processes' end") { processes(marked: place).isEmpty }
    try await eventually("the folder's end") { entries(of: place).isEmpty }
  }

  @Test(arguments: 0..<8)
  func aNodeThatIsKilledWhileItStartsTasksLeavesNothing(round: Int) async throws {
    let place = temporaryPath()
    mkdir(place, 0o700)
    defer { rmdir(place) }
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [place = place as String, round = round as Int] in
      var resources = OperatorResources.shared
      resources.pipes = RuntimeFolder(parents: [place], keeper: .shared)
      let environment = Run.environment.merging(["MARK": place]) { $1 }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<40 {
          group.addTask { [resources] in
            let run = try await Run(
              ["sleep", "1000"], inputs: [.fifo], environment: environment, resources: resources
            ).start()
            // At some instant of the others' starts.
            if number == round * 4 { kill(getpid(), SIGKILL) }
            try await run.exit()
          }
        }
        try await group.waitForAll()
      }
    }
    try await eventually("the processes' end") { processes(marked: place).isEmpty }
    try await eventually("the folder's end") { entries(of: place).isEmpty }
  }

  @Test func itKillsWhatIsRegisteredAndNothingElse() async throws {
    let keeper = Keeper()
    #expect(keeper.pid > 0)
    let kept = try sleeper(keeper)
    let freed = try sleeper(keeper)
    // Far more than fit in the first table; no process has these numbers.
    for number in 0..<5000 { try keeper.register(group: 8_000_000 + Int32(number)) }
    for number in 0..<2500 { keeper.unregister(group: 8_000_000 + Int32(number * 2)) }
    keeper.unregister(group: freed)
    keeper.shutDown()
    try await eventually { !isAlive(kept) }
    #expect(isAlive(freed))
    kill(freed, SIGKILL)
    #expect(throws: SystemError.self) { try keeper.register(group: freed) }
    #expect(throws: OperatorFailure("there is no keeper process")) { try sleeper(keeper) }
  }

  @Test func itRemovesFolders() async throws {
    let keeper = Keeper()
    let (gone, stays) = (temporaryPath(), temporaryPath())
    for path in [gone, stays] {
      try keeper.register(folder: path)
      mkdir(path, 0o700)
      mkdir("\(path)/inner", 0o700)
      symlink("/", "\(path)/inner/root")
      mkfifo("\(path)/inner/pipe", 0o600)
    }
    keeper.unregister(folder: stays)
    keeper.shutDown()
    #expect(!exists(gone))
    #expect(exists("\(stays)/inner/pipe"))
    try await Run(["rm", "-r", stays]).start().exit()
    #expect(throws: SystemError.self) { try keeper.register(folder: gone) }
  }

  @Test func itIsAProcessOfItsOwn() async throws {
    let keeper = Keeper()
    defer { keeper.shutDown() }
    let pid = keeper.pid
    // It lets go of everything of ours, and no signal to our group or terminal reaches it.
    try await eventually("its own session") {
      let status = read("/proc/\(pid)/stat") ?? ""
      let fields = status.split(separator: " ").suffix(from: 3)
      return read("/proc/\(pid)/comm") == "headrace-keeper\n"
        && fields.prefix(3).dropFirst().allSatisfy { $0 == "\(pid)" }
    }
    #expect(entries(of: "/proc/\(pid)/fd") == ["0"])
    let status = try #require(read("/proc/\(pid)/status"))
    #expect(status.contains("SigBlk:\tfffffffffffbfeff"))
    kill(pid, SIGTERM)
    kill(pid, SIGINT)
    #expect(isAlive(pid))
  }

  @Test func aKeeperThatWasKilledStopsNewTasksOnly() async throws {
    let keeper = Keeper()
    var resources = OperatorResources.shared
    resources.keeper = keeper
    let run = try await Run(
      ["cat"], inputs: [.stdin], outputs: [.stdout], resources: resources
    ).start()
    try await run.write("before")
    try await run.wait { $0.output[0] != nil }
    kill(keeper.pid, SIGKILL)
    try await eventually { !isAlive(keeper.pid) }
    let next = try await Run(["true"], resources: resources).start()
    let reason = try await next.exit().reason
    #expect(reason == .failed("cannot run true: the keeper process is gone (Broken pipe)"))
    try await run.write(", after")
    try await run.end()
    #expect(try await run.exit().reason == .success)
    #expect(try await run.text() == "before, after")
    keeper.shutDown()
  }

  private func sleeper(_ keeper: Keeper) throws -> Int32 {
    try ChildWatcher.shared.spawn(
      ChildRequest(
        command: ["sleep", "1000"], environment: Run.environment, descriptors: [0, 1, 2]),
      keeper: keeper, onEnd: { _ in })
  }
}

/// Processes with this MARK in their environment.
private func processes(marked mark: String) -> [String] {
  entries(of: "/proc").filter { name in
    guard name.allSatisfy(\.isNumber) else { return false }
    return read("/proc/\(name)/environ")?.contains("MARK=\(mark)") == true
  }
}
