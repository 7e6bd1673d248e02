// What a program does with the values of its parameters where they are paths.

/// Where a path comes from.
enum PathOrigin: Hashable {
  case parameter(String)
  /// A folder and the name of a file in it, both parameters.
  case pair(folder: String, file: String)
  /// A file in the folder whose name is no parameter.
  case inside(String)
}

/// One use of a path.
struct PathUse: Equatable {
  enum Kind: Equatable {
    /// Read or written once, from its front.
    case read, write
    /// Needs a regular file.
    case readFile, writeFile
    case update
    case folder
  }

  var kind: Kind
  /// `open()`, `pd.read_csv()`.
  var function: String
  var line: Int
}

struct PathUses {
  private(set) var uses: [PathOrigin: [PathUse]] = [:]
  /// In the order of the program.
  private(set) var pairs: [(folder: String, file: String)] = []

  subscript(origin: PathOrigin) -> [PathUse] { uses[origin] ?? [] }

  mutating func add(_ use: PathUse, of origin: PathOrigin) {
    uses[origin, default: []].append(use)
  }

  mutating func note(_ origin: PathOrigin) {
    switch origin {
    case .pair(let folder, let file):
      if !pairs.contains(where: { $0 == (folder, file) }) { pairs.append((folder, file)) }
    case .inside(let folder):
      if uses[.inside(folder)] == nil { uses[.inside(folder)] = [] }
    case .parameter: break
    }
  }

  func isJoined(_ folder: String) -> Bool { uses[.inside(folder)] != nil }
}
