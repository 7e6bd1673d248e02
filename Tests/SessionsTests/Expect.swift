// An expectation on what a mutating call answers.

import Testing

/// `#expect` takes its operands apart and cannot call what mutates, nor hold what cannot be copied.
func expect<Value: Equatable>(
  _ value: Value, is expected: Value, _ comment: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(value == expected, comment.map { Comment(rawValue: $0) }, sourceLocation: sourceLocation)
}
