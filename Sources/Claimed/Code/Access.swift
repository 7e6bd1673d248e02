// A place where a program reads or sets one environment variable.

internal import OperatorFile

struct Access {
  enum Use: Equatable {
    /// Strict: the program ends where the variable is not set.
    case read(isStrict: Bool)
    /// Asks whether it is there.
    case test
    case assigned
  }

  var name: String
  var use: Use
  /// What the program makes of its text there and then.
  var type: ParameterType?
  var defaultValue: OperatorInterface.Default?
  /// The whole expression, a cast around it left out.
  var tokens: Range<Int>
}
