// What concerns a whole process, each in a process of its own: limits, leaks, orphans, users.

import Glibc
import Logging
import NIOCore
import Testing

@testable import Operators

struct ProcessWideTests {
  /// A round of every kind of task.
  @Sendable private static func useEverything(_ resources: OperatorResources = .shared) async throws
  {
    let pipes = Run(
      sh: "cat; echo x >&2", inputs: [.stdin], outputs: [.stdout], resources: resources)
    let named = Run(
      sh: "cat $HEADRACE_INPUT_0 > $HEADRACE_OUTPUT_0", inputs: [.fifo], outputs: [.fifo],
      resources: resources)
    let files = Run(
      sh: "cp $HEADRACE_INPUT_0 $HEADRACE_OUTPUT_0", inputs: [.file], outputs: [.file],
      resources: resources)
    for run in [pipes, named, files] {
      try await run.write("data")
      try await run.end()
      try await run.start()
      try await run.exit()
      #expect(try await run.text() == "data")
      try await run.forget()
      try await eventually("the operator to be freed") { try await run.isFreed() }
    }
    let unread = Run(["true"], inputs: [.stdin], outputs: [.stdout], resources: resources)
    try await unread.write("data")
    try await unread.end()
    try await unread.start()
    try await unread.exit()
    let forgotten = try await Run(sh: "echo data", outputs: [.stdout], resources: resources)
      .start(reading: false)
    try await forgotten.wait { $0.exit != nil }
    try await forgotten.forget()
    try await eventually("the operator to be freed") { try await forgotten.isFreed() }
    let missing = try await Run(["no-such-program-x"], outputs: [.fifo], resources: resources)
      .start()
    try await missing.exit()
  }

  @Test func noDescriptorIsLeaked() async {
    await #expect(processExitsWith: .success) {
      try await Self.useEverything()
      let before = openDescriptors()
      for _ in 0..<20 { try await Self.useEverything() }
      // The last ones are closed by the pool's threads, a moment later. A leak would be 20 of them.
      try await eventually("descriptors to be closed") { openDescriptors() <= before }
      #expect(PipeBudget.shared.taken == 0)
    }
  }

  @Test func withoutDescriptorsOnlyThatTaskFails() async {
    await #expect(processExitsWith: .success) {
      try await Self.useEverything()
      let running = try await Run(["cat"], inputs: [.stdin], outputs: [.stdout]).start()
      try await running.write("one ")
      try await running.wait { $0.output[0] != nil }
      let before = openDescriptors()
      // However many a task gets before there are no more, it says so and leaves nothing.
      for spare in 0..<24 {
        setOpenFileLimit(highestDescriptor() + 1 + UInt64(spare))
        let task = try await Run(
          sh: "cat", inputs: [.stdin, .fifo], outputs: [.stdout, .fd, .fifo]
        ).start()
        try await task.end(input: 0)
        let reason = try await task.exit().reason
        if case .failed(let message) = reason {
          #expect(
            message.contains("Too many open files") || message.contains("never opened"),
            "\(message)")
        } else {
          Issue.record("it ended with \(reason)")
        }
      }
      setOpenFileLimit(1024)
      try await eventually("descriptors to be closed") { openDescriptors() <= before }
      try await running.write("two")
      try await running.end()
      #expect(try await running.exit().reason == .success)
      #expect(try await running.text() == "one two")
      try await Self.useEverything()
    }
  }

  @Test func aFullDiskFailsTheTask() async {
    await #expect(processExitsWith: .success) {
      // A disk cannot be filled without rights; a file's limit is hit at the same place.
      var limit = rlimit(rlim_cur: 1_000_000, rlim_max: 1_000_000)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      let mark = Mark()
      let run = try await Run(
        ["touch", mark.path], inputs: [PortBinding(name: "years", via: .file)]
      ).start()
      for _ in 0..<30 { try await run.write(ByteBuffer(repeating: 1, count: 100_000)) }
      let reason = try await run.exit().reason
      #expect(
        reason
          == .failed(
            "input 0 (years): cannot be stored in a file: cannot write: File too large"))
      #expect(!mark.isSet)
      #expect(try await run.see { $0.took[0] } == 3_000_000)
      try await run.write("late")
      try await run.wait { $0.took[0] == 3_000_004 }
      let folder = try #require(RuntimeFolder.data.path)
      #expect(entries(of: folder) == [])
    }
  }

  @Test func pipesOfAnOrdinaryUserStaySmallWhenTheKernelSaysSo() async {
    await #expect(processExitsWith: .success) {
      if geteuid() == 0 {
        #expect(PipeBudget.defaultLimit == 256 << 20)
        setgroups(0, nil)
        #expect(setgid(65534) == 0 && setuid(65534) == 0)
      }
      #expect(PipeBudget.defaultLimit == 16 << 20)
      // A budget beyond the user's limit, so that the kernel is the one that refuses.
      let budget = PipeBudget(limit: 1 << 30, logger: Logger(label: "test"))
      var pipes: [(PipeEnds, PipeGrowth)] = []
      while !budget.refused, pipes.count < 200 {
        let ends = try PipeEnds()
        var growth = PipeGrowth(of: ends.writeEnd.number, budget: budget)
        for _ in 0..<2 {
          growth.moved(8 << 20)
          _ = growth.seenFull(ends.writeEnd.number)
        }
        pipes.append((ends, growth))
      }
      #expect(budget.refused)
      let sizes = pipes.map { PipeBudget.capacity(of: $0.0.readEnd.number) }
      #expect(budget.taken <= sizes.reduce(0, +))
      for index in pipes.indices { pipes[index].1.end() }
      #expect(budget.taken == 0)
    }
  }

  @Test func childrenGetTheLimitThatTheNodeRaisedForItself() async {
    await #expect(processExitsWith: .success) {
      setOpenFileLimit(512)
      let raised = OpenFileLimit.raise()
      #expect(raised > 512)
      let run = try await Run(sh: "ulimit -S -n", outputs: [.stdout]).start()
      try await run.exit()
      #expect(try await run.text() == "512\n")
    }
  }

  @Test func endsAreSeenWhereSIGCHLDWasIgnored() async {
    await #expect(processExitsWith: .success) {
      signal(SIGCHLD, SIG_IGN)
      let run = try await Run(sh: "exit 3").start()
      #expect(try await run.exit().reason == .code(3))
    }
  }

  @Test func orphansAreReapedAndOwnChildrenAreNot() async {
    await #expect(processExitsWith: .success) {
      #expect(!OrphanReaper.start())
      #expect(OrphanReaper.start(becomeSubreaper: true))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<100 {
          group.addTask {
            // The grandchild leaves the group and outlives its parent: an orphan.
            let run = try await Run(
              sh: "setsid sh -c 'exit 7' & exit \(number)", outputs: [.stdout]
            ).start()
            let reason = try await run.exit().reason
            #expect(reason == (number == 0 ? .success : .code(Int32(number))))
          }
        }
        try await group.waitForAll()
      }
      try await eventually("all orphans to be reaped") {
        // The keeper alone is left.
        children() == [Keeper.shared.pid]
      }
    }
  }

  @Test func withoutPidfdsEndsAreSeenToo() async throws {
    var resources = OperatorResources.shared
    resources.watcher = ChildWatcher(usesPidfds: false)
    try await Self.useEverything(resources)
    let run = try await Run(sh: "exit 3", resources: resources).start()
    #expect(try await run.exit().reason == .code(3))
  }
}

private func setOpenFileLimit(_ soft: UInt64) {
  var limit = rlimit()
  getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  limit.rlim_cur = rlim_t(soft)
  setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

/// Pipes, files and pidfds; timers and the like are the run-time libraries' own, made when they like.
private func openDescriptors() -> Int {
  entries(of: "/proc/self/fd").count { name in
    var target = [CChar](repeating: 0, count: 256)
    guard readlink("/proc/self/fd/\(name)", &target, 255) > 0 else { return false }
    let bytes = target.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let text = String(decoding: bytes, as: UTF8.self)
    return !text.hasPrefix("anon_inode:") || text == "anon_inode:[pidfd]"
  }
}

/// Below which all numbers may be in use.
private func highestDescriptor() -> UInt64 {
  entries(of: "/proc/self/fd").compactMap { UInt64($0) }.max() ?? 0
}

private func children() -> [Int32] {
  entries(of: "/proc/self/task").flatMap { thread in
    (read("/proc/self/task/\(thread)/children") ?? "").split(separator: " ")
      .compactMap { Int32($0) }
  }
}
