// An operator as a file describes it: what runs, with which parameters, through which ports.

/// The operator schema of docs/operator-file.md as a value.
package struct OperatorDefinition: Equatable, Sendable {
  package enum Program: Equatable, Sendable {
    /// At least one item; no shell looks at it.
    case command([String])
    case builtin(BuiltinKind)
  }

  /// What an operator that exits 0 before the end of its input has done.
  package enum EarlyEnd: String, CaseIterable, Sendable {
    case allow, fail
  }

  /// Nothing where the command is to follow on the command line.
  package var program: Program?
  /// In the order of the file; no name twice.
  package var parameters: [ParameterDeclaration] = []
  /// Nothing: not listed, so Init decides on none or one on standard input. An empty list says
  /// that there are none.
  package var inputs: [PortDefinition]?
  package var outputs: [PortDefinition]?
  /// Fixed variables of the program's environment, in the order of the file.
  package var environment: [EnvironmentSetting] = []
  /// Absolute.
  package var workdir: String
  /// Between SIGTERM and SIGKILL.
  package var grace: Duration = Self.defaultGrace
  package var earlyEnd: EarlyEnd = .allow

  package static let defaultGrace = Duration.seconds(10)

  package init(program: Program?, workdir: String) {
    self.program = program
    self.workdir = workdir
    if case .builtin(let kind) = program { parameters = kind.parameters }
  }

  /// The variables that hold the paths of ports, each with its port: "input 'years'". They differ
  /// from task to task, so nobody else sets them.
  package var portVariables: [String: String] {
    // A builtin's ports have no paths.
    if case .builtin = program { return [:] }
    var names: [String: String] = [:]
    for (direction, ports) in [(PortDirection.input, inputs), (.output, outputs)] {
      for (number, port) in (ports ?? []).enumerated() {
        guard let name = port.variable(direction, number: number) else { continue }
        names[name] = "\(direction.rawValue) '\(port.name)'"
      }
    }
    return names
  }

  package subscript(parameter name: String) -> ParameterDeclaration? {
    parameters.first { $0.name == name }
  }
}

/// A parameter, which reaches the program as the environment variable of its name.
package struct ParameterDeclaration: Equatable, Sendable {
  package var name: String
  /// Nothing: values are taken as they come.
  package var type: ParameterType?
  /// Nothing: the parameter is required.
  package var defaultValue: ParameterValue?
  package var description: String?
  /// Its value is shown to nobody but the program: neither in a plan nor in the definition's text.
  package var isSecret = false

  package init(
    name: String, type: ParameterType? = nil, defaultValue: ParameterValue? = nil,
    description: String? = nil
  ) {
    self.name = name
    self.type = type
    self.defaultValue = defaultValue
    self.description = description
  }

  /// The value that a text from a flag or from Init means. Without a declared type the text is the
  /// value, except where the default is true or false: then these two words are no texts either.
  ///
  /// - Returns: nothing when it does not fit the type.
  package func value(of text: String) -> ParameterValue? {
    if let type { return type.value(of: text) }
    if case .bool = defaultValue, let flag = ParameterType.bool.value(of: text) { return flag }
    return .string(text)
  }
}

/// A fixed variable of the environment; without a value it is taken out.
package struct EnvironmentSetting: Equatable, Sendable {
  package var name: String
  package var value: String?

  package init(name: String, value: String?) {
    self.name = name
    self.value = value
  }
}

/// How an operator's port reaches the program.
package enum PortMedium: String, CaseIterable, Sendable {
  case stdin, stdout
  /// A pipe, inherited: its path is /dev/fd/N.
  case fd
  /// A named pipe.
  case fifo
  /// A regular file: whole before the program starts, or sent after it has exited 0.
  case file

  /// Whether the program learns where the port is through a variable.
  package var hasPath: Bool { self != .stdin && self != .stdout }
}

package enum PortDirection: String, Sendable {
  case input, output

  package var media: [PortMedium] {
    self == .input ? [.stdin, .fd, .fifo, .file] : [.stdout, .fd, .fifo, .file]
  }

  /// What a port is reached by that says nothing of it.
  package var defaultMedium: PortMedium { self == .input ? .stdin : .stdout }

  /// What the only port of an operator is called that lists none.
  package var standardName: String { self == .input ? "in" : "out" }
}

/// A port; its place in the list is its number on the wire.
package struct PortDefinition: Equatable, Sendable {
  package var name: String
  /// Without meaning for builtins.
  package var via: PortMedium
  /// Nothing: any.
  package var contentType: String?
  /// The variable that is given the path, where `via` has one.
  package var parameter: String?

  package init(
    name: String, via: PortMedium, contentType: String? = nil, parameter: String? = nil
  ) {
    self.name = name
    self.via = via
    self.contentType = contentType
    self.parameter = parameter
  }

  /// The variable that holds the port's path; nothing for standard input and output.
  package func variable(_ direction: PortDirection, number: Int) -> String? {
    guard via.hasPath else { return nil }
    return parameter ?? "HEADRACE_\(direction == .input ? "INPUT" : "OUTPUT")_\(number)"
  }
}
