// How parameters that are paths become ports: the proposal, and the reason for it.

internal import OperatorFile

/// By what the program does with a path where that is seen, else by what its name and default look like.
struct PortRules {
  private let uses: PathUses
  private let place: (Int) -> Place

  init(_ uses: PathUses, place: @escaping (Int) -> Place) {
    self.uses = uses
    self.place = place
  }

  /// - Returns: nothing for a parameter that is no path.
  func proposal(for parameter: OperatorInterface.Parameter) -> PortProposal? {
    let name = parameter.name
    guard parameter.type == .string else { return nil }
    if let folder = uses.pairs.first(where: { $0.file == name })?.folder {
      return inFolder(name, folder)
    }
    let files = uses.pairs.filter { $0.folder == name }.map(\.file)
    let own = uses[.parameter(name)]
    if !files.isEmpty { return ofFiles(files, isFolder: hasFolderUse(own) || uses.isJoined(name)) }
    if let use = own.first(where: { $0.kind == .folder }) {
      return PortProposal(
        medium: .folder, direction: direction(own, name), reason: "\(at(use)) takes it for a folder"
      )
    }
    if uses.isJoined(name) {
      return PortProposal(
        medium: .folder, direction: direction(uses[.inside(name)], name),
        reason: "names of files are joined to it")
    }
    if !own.isEmpty { return opened(own, name) }
    return unseen(parameter)
  }

  // MARK: What is seen

  private func hasFolderUse(_ uses: [PathUse]) -> Bool { uses.contains { $0.kind == .folder } }

  private func opened(_ uses: [PathUse], _ name: String, folder: String? = nil) -> PortProposal {
    let direction = direction(uses, name)
    func proposal(_ medium: PortProposal.Medium, _ reason: String) -> PortProposal {
      PortProposal(medium: medium, direction: direction, folder: folder, reason: reason)
    }
    guard direction != nil else {
      return proposal(.none, "it is read and written: \(list(uses))")
    }
    if let use = uses.first(where: { $0.kind == .update }) {
      return proposal(.file, "\(at(use)) reads and writes it")
    }
    if let use = uses.first(where: { $0.kind == .readFile || $0.kind == .writeFile }) {
      return proposal(.file, "\(at(use)) may go back in it, or open it again")
    }
    guard uses.count == 1 else {
      return proposal(.file, "it is opened more than once: \(list(uses))")
    }
    let verb = direction == .input ? "reads" : "writes"
    return proposal(.pipe, "\(at(uses[0])) \(verb) it once, from its front")
  }

  private func inFolder(_ name: String, _ folder: String) -> PortProposal {
    let seen = uses[.pair(folder: folder, file: name)]
    guard seen.isEmpty else { return opened(seen, name, folder: folder) }
    return PortProposal(
      medium: .file, direction: direction([], name) ?? direction([], folder), folder: folder,
      reason: "it is joined to '\(folder)'; no line shows how it is opened")
  }

  private func ofFiles(_ files: [String], isFolder: Bool) -> PortProposal {
    let names = files.map { "'\($0)'" }.joined(separator: " and ")
    let others = isFolder ? "; other files of it are used as well" : ""
    return PortProposal(medium: .none, reason: "it is the folder of \(names)\(others)")
  }

  private func direction(_ uses: [PathUse], _ name: String) -> PortDirection? {
    let isRead = uses.contains { $0.kind == .read || $0.kind == .readFile }
    let isWritten = uses.contains { $0.kind == .write || $0.kind == .writeFile }
    switch (isRead, isWritten) {
    case (true, false): return .input
    case (false, true): return .output
    case (true, true): return nil
    case (false, false): return PathName(name).direction
    }
  }

  private func at(_ use: PathUse) -> String { "\(use.function) in \(place(use.line))" }

  private func list(_ uses: [PathUse]) -> String { uses.map(at).joined(separator: ", ") }

  // MARK: What a name looks like

  private func unseen(_ parameter: OperatorInterface.Parameter) -> PortProposal? {
    let name = PathName(parameter.name)
    var text = ""
    if case .value(.string(let value)) = parameter.defaultValue { text = value }
    guard !text.contains("://"), name.isPath || PathName.looksLikePath(text) else { return nil }
    if name.isFolder {
      return PortProposal(
        medium: .folder, direction: name.direction, reason: "it is called like a folder")
    }
    guard let direction = name.direction else {
      return PortProposal(
        medium: .none, reason: "it looks like a path; no line shows whether it is read or written")
    }
    return PortProposal(
      medium: .file, direction: direction,
      reason: "it is called like an \(direction.rawValue); no line shows how it is opened")
  }
}

/// What a parameter's name says about it.
struct PathName {
  private let words: Set<String>

  init(_ name: String) {
    var words: [String] = [""]
    for character in name {
      // inputPath and input_path
      if !character.isLetter {
        words.append("")
      } else {
        if character.isUppercase, words.last?.last?.isLowercase == true { words.append("") }
        words[words.count - 1] += character.lowercased()
      }
    }
    self.words = Set(words)
  }

  var isFolder: Bool { !words.isDisjoint(with: ["dir", "folder", "directory"]) }

  var isPath: Bool {
    isFolder
      || !words.isDisjoint(with: ["path", "file", "filename", "filepath", "infile", "outfile"])
  }

  var direction: PortDirection? {
    let outputs: Set = [
      "out", "output", "outputs", "outfile", "target", "result", "results", "dest",
    ]
    let inputs: Set = [
      "in", "input", "inputs", "infile", "source", "src", "data", "model", "config", "train",
      "test",
    ]
    if !words.isDisjoint(with: outputs) { return .output }
    return words.isDisjoint(with: inputs) ? nil : .input
  }

  /// `./data/`, `out/table.csv`, `table.csv`.
  static func looksLikePath(_ text: String) -> Bool {
    guard !text.isEmpty, !text.contains(where: \.isWhitespace) else { return false }
    if text.hasPrefix("./") || text.hasPrefix("../") || text.hasPrefix("/") {
      return text.count > 1
    }
    guard let dot = text.lastIndex(of: "."), dot != text.startIndex else { return false }
    let ending = text[text.index(after: dot)...]
    return (2...5).contains(ending.count) && ending.allSatisfy(\.isLetter)
  }
}
