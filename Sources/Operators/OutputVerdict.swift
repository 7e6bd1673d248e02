// What became of the paths that a program was to write to, once it has exited 0.

internal import Glibc

/// What an output by named pipe or file turned out to be.
enum OutputVerdict: Sendable {
  /// Our named pipe, which has been opened: what is in it is the rest.
  case pipe
  /// A file to be sent; `replaced` when it stands where our named pipe was.
  case file(Descriptor, replaced: Bool)
  /// What the program did is no output.
  case failed(String)

  /// For an output by file. Blocks.
  static func ofFile(path: String, described name: String) -> OutputVerdict {
    switch look(at: path) {
    case .regular(let file): .file(file, replaced: false)
    case .missing: .failed("\(name): the file was never written")
    case .other: .failed("\(name): what the program left is not a file")
    case .unreadable(let error): .failed("\(name): \(error)")
    }
  }

  /// For an output by named pipe. `moved` says whether bytes have come through it. Blocks.
  static func ofPipe(_ pipe: OutputNamedPipe, moved: Bool, described name: String) -> OutputVerdict
  {
    let opened = OpenWatch.shared.finish(pipe.token) ?? false
    let isOurs = FileIdentity(of: pipe.spare)
    switch look(at: pipe.path, unless: isOurs) {
    case .regular(let file):
      // Which of them is the output? Neither answer would be safe.
      if moved {
        return .failed("\(name): written through the named pipe and replaced by a file")
      }
      return .file(file, replaced: true)
    case .missing, .other:
      // Ours, or removed: either way what came through it counts.
      if moved || opened { return .pipe }
      return .failed("\(name): the named pipe was never opened")
    case .unreadable(let error):
      return .failed("\(name): \(error)")
    }
  }

  private enum Look {
    case regular(Descriptor)
    case missing
    case other
    case unreadable(SystemError)
  }

  private static func look(at path: String, unless ours: FileIdentity? = nil) -> Look {
    do throws(SystemError) {
      // Non-blocking: it may be a named pipe.
      let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
      guard let identity = FileIdentity(of: file), identity != ours, identity.isRegular else {
        return .other
      }
      return .regular(file)
    } catch {
      return error.errno == ENOENT ? .missing : .unreadable(error)
    }
  }
}
