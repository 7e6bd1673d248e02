// Which parameters a task runs with, and the whole environment of its program.

/// Which names Init may set besides the declared ones: `--allow-parameter NAME|*`.
package enum AllowedParameters: Equatable, Sendable {
  case all
  case names(Set<String>)

  /// - Parameters:
  ///   - flags: the values of `--allow-parameter`; with none, a node that only this host can reach
  ///     allows all, any other none.
  package init(flags: [String], listensOnLoopback: Bool) {
    if flags.contains("*") || (flags.isEmpty && listensOnLoopback) {
      self = .all
    } else {
      self = .names(Set(flags))
    }
  }

  func contains(_ name: String) -> Bool {
    switch self {
    case .all: true
    case .names(let names): names.contains(name)
    }
  }
}

/// Why a set of parameters is refused. Names only: a value may be a secret.
package struct ParameterError: Error, Equatable, CustomStringConvertible {
  package enum Reason: Equatable, Sendable {
    /// Required, and given by nobody.
    case missing([String])
    /// Sent by Init, neither declared nor allowed.
    case notAllowed([String])
    /// Names that change how programs are loaded, which Init never sets undeclared.
    case protected([String])
    case wrongType(name: String, type: ParameterType, source: Source)
    /// The variable holds a port's path.
    case isPort(name: String, port: String, source: Source)
    /// No name of a variable, or a NUL byte in the value.
    case malformed(name: String, source: Source)
  }

  package enum Source: String, Sendable {
    case serve = "--parameter"
    case initRequest = "Init"
  }

  package let reason: Reason

  package var description: String {
    func list(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }
    func parameters(_ names: [String]) -> String {
      "parameter\(names.count == 1 ? "" : "s") \(list(names))"
    }
    switch reason {
    case .missing(let names):
      return "required and not given: \(parameters(names))"
    case .notAllowed(let names):
      return "\(parameters(names)) from Init: neither declared by the operator nor allowed by"
        + " --allow-parameter"
    case .protected(let names):
      return "\(parameters(names)) from Init: never taken unless the operator declares it, as it"
        + " changes what programs load"
    case .wrongType(let name, let type, let source):
      return "parameter '\(name)' from \(source.rawValue) is not \(type.hint)"
    case .isPort(let name, let port, let source):
      return "parameter '\(name)' from \(source.rawValue) is the path of \(port), which the node"
        + " sets"
    case .malformed(let name, let source):
      return "parameter '\(name.prefix(64))' from \(source.rawValue) cannot be a variable"
    }
  }
}

/// The parameters of one session.
package struct ResolvedParameters: Equatable, Sendable {
  /// Every parameter with a value, as text; none that is null.
  package var values: [String: String]
  /// The program's whole environment, but for the ports' paths, which differ from task to task.
  package var environment: [String: String]
  /// Of `values`, those that nobody but the program may read.
  package var secrets: [String]
}

/// A parameter as a flag or an Init gives it.
package struct GivenParameter: Equatable, Sendable {
  package var name: String
  package var text: String
  /// Nobody but the program may read it.
  package var isSecret: Bool

  package init(name: String, text: String, isSecret: Bool = false) {
    self.name = name
    self.text = text
    self.isSecret = isSecret
  }
}

/// Puts a node's parameters together with those of an Init. Later wins: inherited environment, the
/// file's `env` and defaults, `--parameter` at serve, Init.
package struct ParameterResolution: Sendable {
  private let declared: [String: ParameterDeclaration]
  private let required: [String]
  /// Variable to the port whose path it holds.
  private let ports: [String: String]
  private let allowed: AllowedParameters
  private let inherited: [String: String]
  private let fixed: [EnvironmentSetting]
  /// Null unsets.
  private let base: [String: ParameterValue]
  private let secretNames: Set<String>

  /// What looks like a slip in `--parameter`, for the log.
  package let warnings: [String]

  /// - Parameters:
  ///   - inherited: the node's own environment.
  ///   - serve: `--parameter K=V` in their order; the last of a name counts.
  /// - Throws: where one of `serve` cannot be.
  package init(
    definition: OperatorDefinition?, inherited: [String: String],
    serve: [GivenParameter], allowed: AllowedParameters
  ) throws(ParameterError) {
    let declarations = definition?.parameters ?? []
    self.declared = Dictionary(
      declarations.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.ports = definition?.portVariables ?? [:]
    self.allowed = allowed
    self.inherited = inherited
    self.fixed = definition?.environment ?? []
    var values: [String: ParameterValue] = [:]
    for declaration in declarations { values[declaration.name] = declaration.defaultValue }
    var warnings: [String] = []
    for parameter in serve {
      let name = parameter.name
      values[name] = try Self.value(
        name, parameter.text, .serve, declared: declared[name], port: ports[name])
      if !declarations.isEmpty, declared[name] == nil,
        let near = Suggestion.nearest(to: name, among: declarations.map(\.name))
      {
        warnings.append(
          "--parameter '\(name)' is not declared by the operator; did you mean '\(near)'?")
      }
    }
    self.base = values
    secretNames = Set(serve.filter(\.isSecret).map(\.name))
    self.warnings = warnings
    let ports = ports
    self.required = declarations.map(\.name).filter { values[$0] == nil && ports[$0] == nil }
  }

  /// - Parameter sent: the parameters of an Init in their order; the last of a name counts.
  package func resolve(
    _ sent: [GivenParameter] = []
  ) throws(ParameterError) -> ResolvedParameters {
    let undeclared = sent.map(\.name).filter { declared[$0] == nil && ports[$0] == nil }
    let protected = undeclared.filter(Self.isProtected)
    guard protected.isEmpty else { throw ParameterError(reason: .protected(protected)) }
    let refused = undeclared.filter { !allowed.contains($0) }
    guard refused.isEmpty else { throw ParameterError(reason: .notAllowed(refused)) }

    var values = base
    for parameter in sent {
      let name = parameter.name
      values[name] = try Self.value(
        name, parameter.text, .initRequest, declared: declared[name], port: ports[name])
    }
    let missing = required.filter { values[$0] == nil }
    guard missing.isEmpty else { throw ParameterError(reason: .missing(missing)) }

    var environment = inherited
    for setting in fixed { environment[setting.name] = setting.value }
    var texts: [String: String] = [:]
    for (name, value) in values where ports[name] == nil {
      environment[name] = value.environmentText
      texts[name] = value.environmentText
    }
    // What is a secret to one of both who may give it is none of the other's business.
    let secret = secretNames.union(sent.filter(\.isSecret).map(\.name))
    return ResolvedParameters(
      values: texts, environment: environment, secrets: secret.compactMap { texts[$0] })
  }

  /// Variables by which a peer could make any program load its code.
  package static func isProtected(_ name: String) -> Bool {
    name.hasPrefix("LD_") || name.hasPrefix("PYTHON")
      || ["PATH", "BASH_ENV", "IFS"].contains(name)
  }

  private static func value(
    _ name: String, _ text: String, _ source: ParameterError.Source,
    declared: ParameterDeclaration?, port: String?
  ) throws(ParameterError) -> ParameterValue {
    guard Name.isVariable(name), !text.utf8.contains(0) else {
      throw ParameterError(reason: .malformed(name: name, source: source))
    }
    if let port {
      throw ParameterError(reason: .isPort(name: name, port: port, source: source))
    }
    guard let declared else { return .string(text) }
    guard let value = declared.value(of: text) else {
      // Only a declared type refuses a text.
      throw ParameterError(
        reason: .wrongType(name: name, type: declared.type ?? .string, source: source))
    }
    return value
  }
}
