// When two content types conflict: only where both are stated and differ.

package enum ContentType {
  /// The wire's empty string, like an absent field, states nothing.
  package static func stated(_ text: String) -> String? {
    text.isEmpty ? nil : text
  }

  /// Whether data of one may go to the other. Letters' case and blanks around `;` do not count
  /// (RFC 9110, section 8.3.1).
  package static func agree(_ left: String?, _ right: String?) -> Bool {
    guard let left = left.flatMap(stated), let right = right.flatMap(stated) else { return true }
    return normal(left) == normal(right)
  }

  private static func normal(_ text: String) -> [String] {
    text.lowercased().split(separator: ";", omittingEmptySubsequences: false).map { part in
      String(part.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
  }
}
