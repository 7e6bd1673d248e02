// "Did you mean …?": the nearest of the names that would have been right.

package enum Suggestion {
  /// The name that `word` is most likely a slip of.
  ///
  /// - Returns: nothing when no name is near: at most a third of the word may differ, so that a
  ///   short word is not "corrected" into an unrelated one.
  package static func nearest(to word: String, among names: some Sequence<String>) -> String? {
    let limit = max(1, word.count / 3)
    var best: (name: String, distance: Int)?
    for name in names where name != word {
      let distance =
        name.lowercased() == word.lowercased() ? 0 : distance(word, name, limit: limit)
      if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
    }
    return best?.name
  }

  /// The end of a sentence about an unknown name: the nearest one, else all of them if few.
  package static func ending(for word: String, among names: [String]) -> String {
    if let name = nearest(to: word, among: names) { return "; did you mean '\(name)'?" }
    guard (1...12).contains(names.count) else { return "" }
    return "; there is " + names.map { "'\($0)'" }.joined(separator: ", ")
  }

  /// Insertions, deletions, substitutions and swaps of neighbours between two words, or more than
  /// `limit`.
  private static func distance(_ left: String, _ right: String, limit: Int) -> Int {
    let a = Array(left.prefix(128))
    let b = Array(right.prefix(128))
    guard abs(a.count - b.count) <= limit else { return limit + 1 }
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 1...a.count {
      var row = [i] + Array(repeating: 0, count: b.count)
      for j in 1...b.count {
        let same = a[i - 1] == b[j - 1]
        row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          row[j] = min(row[j], beforeLast[j - 2] + 1)
        }
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
