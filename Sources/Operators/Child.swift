// Starts a child process and says in words why it could not be started.

internal import CSpawn
internal import Glibc

/// What is needed to start a program in its own process group.
package struct ChildRequest: Sendable {
  package var command: [String]
  package var environment: [String: String]
  package var workingDirectory: String?
  /// descriptors[i] becomes the child's descriptor i; the child gets no others.
  package var descriptors: [Int32]

  package init(
    command: [String], environment: [String: String], workingDirectory: String? = nil,
    descriptors: [Int32]
  ) {
    self.command = command
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.descriptors = descriptors
  }
}

/// How a child ended.
package enum ChildEnd: Sendable, Hashable {
  case exited(Int32)
  case signaled(Int32)
  /// Other code of this process has reaped it.
  case lost
}

/// A started child; nobody waits for it yet.
struct SpawnedChild {
  /// The process, and its process group.
  var pid: Int32
  /// -1 where the kernel has none.
  var pidfd: Int32
}

extension ChildRequest {
  /// Starts the child, which the keeper knows before it runs a single instruction of its own.
  /// Blocks until it has executed.
  func spawn(keeper: Keeper) throws(OperatorFailure) -> SpawnedChild {
    let arguments = CStrings(command)
    let variables = CStrings(environment.map { "\($0.key)=\($0.value)" })
    let candidates = CStrings(self.candidates)
    let directory = CStrings(workingDirectory.map { [$0] } ?? [])
    var scratch = [Int32](repeating: -1, count: descriptors.count)

    var request = headrace_spawn()
    request.count = Int32(descriptors.count)
    request.lifeline = keeper.lifeline
    request.open_files = OpenFileLimit.forChildren
    guard request.lifeline >= 0 else { throw OperatorFailure("there is no keeper process") }

    let result = descriptors.withUnsafeBufferPointer { sources in
      scratch.withUnsafeMutableBufferPointer { scratch in
        request.sources = sources.baseAddress
        request.scratch = scratch.baseAddress
        request.arguments = UnsafePointer(arguments.pointers)
        request.environment = UnsafePointer(variables.pointers)
        request.candidates = candidates.constantPointers
        request.directory = UnsafePointer(directory.pointers[0])
        return headrace_spawn_program(&request)
      }
    }
    // The strings must outlive the call that only has their addresses.
    withExtendedLifetime((arguments, variables, candidates, directory)) {}
    guard result == 0 else { throw failure(stage: Int(request.stage), errno: request.error) }
    return SpawnedChild(pid: request.pid, pidfd: request.pidfd)
  }

  /// Where the program may be, as execvp looks for it, but by the child's own PATH.
  var candidates: [String] {
    let program = command.first ?? ""
    if program.contains("/") { return [program] }
    let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    return path.split(separator: ":", omittingEmptySubsequences: false).map { folder in
      folder.isEmpty ? "./\(program)" : "\(folder)/\(program)"
    }
  }

  private func failure(stage: Int, errno: Int32) -> OperatorFailure {
    let program = command.first ?? ""
    let reason = SystemError.text(errno)
    switch stage {
    case HEADRACE_STAGE_DIRECTORY:
      return OperatorFailure(
        "cannot enter the working directory \(workingDirectory ?? ""): \(reason)")
    case HEADRACE_STAGE_REGISTER:
      return OperatorFailure("cannot run \(program): the keeper process is gone (\(reason))")
    case HEADRACE_STAGE_EXECUTE:
      switch errno {
      case ENOENT, ENOTDIR:
        return OperatorFailure(
          isThere(program)
            ? "cannot run \(program): the interpreter that it names is missing"
            : "command not found: \(program)")
      case ENOEXEC:
        return OperatorFailure("cannot run \(program): \(reason) (a script needs a #! line)")
      default:
        return OperatorFailure("cannot run \(program): \(reason)")
      }
    default:
      return OperatorFailure("cannot start \(program): \(reason)")
    }
  }

  private func isThere(_ program: String) -> Bool {
    candidates.contains { candidate in
      let folder = candidate.hasPrefix("/") ? "" : "\(workingDirectory ?? ".")/"
      return access(folder + candidate, F_OK) == 0
    }
  }
}

/// An array of C strings that ends with NULL.
private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    pointers = .allocate(capacity: count + 1)
    for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
    pointers[count] = nil
  }

  deinit {
    for index in 0..<count { free(pointers[index]) }
    pointers.deallocate()
  }

  var constantPointers: UnsafePointer<UnsafePointer<CChar>?> {
    UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafePointer<CChar>?.self)
  }
}
