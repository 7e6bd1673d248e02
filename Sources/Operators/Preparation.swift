// What is made on disk before an operator's program starts: its folder, named pipes, files.

internal import Glibc

/// A task's folder and what is in it. Made and removed off the loop.
struct Preparation: Sendable {
  private(set) var folder: String?
  private let parent: RuntimeFolder?
  /// By port number: the paths that the program gets.
  private(set) var inputPaths: [Int: String] = [:]
  private(set) var outputPaths: [Int: String] = [:]
  /// By port number: the files of inputs, open for writing.
  private(set) var inputFiles: [Int: Descriptor] = [:]
  private(set) var outputPipes: [Int: OutputNamedPipe] = [:]

  /// Blocks. Leaves nothing behind when it fails.
  init(_ command: OperatorCommand, resources: OperatorResources) throws(OperatorFailure) {
    guard command.needsFolder else {
      parent = nil
      return
    }
    // A file beyond the limit of file sizes must be an error, not this process's end.
    if command.storesData { _ = signal(SIGXFSZ, SIG_IGN) }
    let parent = command.storesData ? resources.data : resources.pipes
    self.parent = parent
    do throws(SystemError) {
      let folder = try parent.makeTaskFolder()
      self.folder = folder
      for (index, port) in command.inputs.enumerated() {
        let path = "\(folder)/input-\(index)"
        switch port.via {
        case .fifo: try makeNamedPipe(path)
        case .file:
          inputFiles[index] = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        case .stdin, .stdout, .fd, .none: continue
        }
        inputPaths[index] = path
      }
      for (index, port) in command.outputs.enumerated() {
        let path = "\(folder)/output-\(index)"
        switch port.via {
        case .fifo: outputPipes[index] = try OutputNamedPipe(path: path)
        case .file: break
        case .stdin, .stdout, .fd, .none: continue
        }
        outputPaths[index] = path
      }
    } catch {
      _ = remove()
      throw OperatorFailure(error)
    }
  }

  /// Removes the folder with all that is in it. Blocks.
  func remove() -> SystemError? {
    guard let folder, let parent else { return nil }
    for pipe in outputPipes.values { _ = OpenWatch.shared.finish(pipe.token) }
    do throws(SystemError) { try parent.remove(taskFolder: folder) } catch { return error }
    return nil
  }
}
