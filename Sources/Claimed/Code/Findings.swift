// What a reading of a program comes to, whatever its language.

/// What a language's reading finds; ``InterfaceBuilder`` makes an interface of it.
struct Findings {
  var code: Code
  var accesses: [Access] = []
  /// What the program says about itself as a whole.
  var description: String?
  var requirements: [(command: InstallCommand, line: Int)] = []
  var warnings: [(line: Int?, message: String)] = []
  /// What each parameter's value is used for, as a path.
  var paths = PathUses()
}
