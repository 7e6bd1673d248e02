// What a person sees of the log of a node that the run has started.

internal import FoundationEssentials

package enum NodeLog {
  /// A line of the node's JSON log.
  private struct Entry: Decodable {
    var task: String?
    var stream: String?
    var message: String
  }

  /// The text to show; nil for what the run tells itself, and better: that and why a task failed.
  ///
  /// What is no JSON is shown as it is: a node that crashes says so in its own way.
  package static func text(of line: String) -> String? {
    let line = line.last == "\n" ? String(line.dropLast()) : line
    guard !line.isEmpty else { return nil }
    guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line.utf8)) else {
      return line
    }
    return entry.stream == nil && entry.task != nil ? nil : entry.message
  }
}
