// Who wins, who may set what, and what the program finds in its environment.

import Testing

@testable import OperatorFile

extension ParameterResolution {
  fileprivate func resolve(
    _ sent: [(name: String, text: String)]
  ) throws(ParameterError) -> ResolvedParameters {
    try resolve(sent.map { GivenParameter(name: $0.name, text: $0.text) })
  }
}

@Suite struct ParameterResolutionTests {
  private let inherited = ["HOME": "/root", "PATH": "/bin", "level": "inherited", "gone": "x"]

  private func resolution(
    _ file: String? = nil, serve: [(name: String, text: String)] = [],
    allowed: AllowedParameters = .names([])
  ) throws -> ParameterResolution {
    try ParameterResolution(
      definition: file.map { try parse($0) }, inherited: inherited,
      serve: serve.map { GivenParameter(name: $0.name, text: $0.text) }, allowed: allowed)
  }

  /// Whoever says that a parameter is one: its value is, whoever gives it.
  @Test func secretsAreTold() throws {
    let resolution = try ParameterResolution(
      definition: try parse("{command: [x], parameters: {a: 1, b: {type: int, default: 2}}}"),
      inherited: [:], serve: [GivenParameter(name: "b", text: "+03", isSecret: true)], allowed: .all
    )
    #expect(try resolution.resolve().secrets == ["3"])
    #expect(try resolution.resolve([("b", "4")]).secrets == ["4"])
    let sent = [
      GivenParameter(name: "a", text: "five", isSecret: true),
      GivenParameter(name: "c", text: "no secret"),
    ]
    #expect(Set(try resolution.resolve(sent).secrets) == ["five", "3"])
  }

  @Test func laterWins() throws {
    let file = "{command: [x], parameters: {level: file}}"
    #expect(try resolution().resolve().environment["level"] == "inherited")
    #expect(try resolution(file).resolve().environment["level"] == "file")
    let served = try resolution(file, serve: [("level", "a"), ("level", "serve")])
    #expect(try served.resolve().environment["level"] == "serve")
    #expect(try served.resolve([("level", "init")]).environment["level"] == "init")
    // One session's parameters are no other's.
    #expect(try served.resolve().environment["level"] == "serve")
  }

  @Test func fixedVariablesStandBelowParameters() throws {
    let file = "{command: [x], env: {level: env, gone: null}}"
    #expect(try resolution(file).resolve().environment["level"] == "env")
    #expect(try resolution(file).resolve().environment["gone"] == nil)
    let served = try resolution(file, serve: [("level", "serve")])
    #expect(try served.resolve().environment["level"] == "serve")
  }

  @Test func wholeEnvironment() throws {
    let file =
      "{command: [x], parameters: {n: 1.50, yes: true, no: false, gone: null, t: {default: a}}}"
    let resolved = try resolution(file).resolve([("n", "2")])
    #expect(
      resolved.environment == [
        "HOME": "/root", "PATH": "/bin", "level": "inherited", "n": "2", "yes": "True", "no": "",
        "t": "a",
      ])
    #expect(resolved.values == ["n": "2", "yes": "True", "no": "", "t": "a"])
  }

  @Test func requiredOnesAreNamedTogether() throws {
    let file = "{command: [x], parameters: {a: {}, b: {type: int}, c: 1, d: {description: x}}}"
    let served = try resolution(file, serve: [("d", "1")])
    let error = #expect(throws: ParameterError.self) { try served.resolve() }
    #expect(error?.reason == .missing(["a", "b"]))
    #expect(error?.description == "required and not given: parameters 'a', 'b'")
    #expect(try served.resolve([("a", ""), ("b", "5")]).values["b"] == "5")
  }

  @Test func typesAreChecked() throws {
    let file =
      "{command: [x], parameters: {i: {type: int}, f: {type: float, default: 1}, b: {type: bool, default: true}}}"
    let error = #expect(throws: ParameterError.self) {
      try resolution(file).resolve([("i", "secret")])
    }
    #expect(
      error?.description == "parameter 'i' from Init is not an int: a whole number such as 1961")
    #expect(throws: ParameterError.self) { try resolution(file, serve: [("f", "x")]) }
    let resolved = try resolution(file).resolve([("i", "+07"), ("f", "1.50"), ("b", "False")])
    #expect(resolved.values == ["i": "7", "f": "1.5", "b": ""])
  }

  @Test func undeclaredNamesFromInit() throws {
    let error = #expect(throws: ParameterError.self) {
      try resolution("{command: [x], parameters: {a: 1}}").resolve([("b", "1"), ("c", "2")])
    }
    #expect(error?.reason == .notAllowed(["b", "c"]))
    #expect(
      error?.description == "parameters 'b', 'c' from Init: neither declared by the operator nor"
        + " allowed by --allow-parameter")
    let named = try resolution(allowed: .names(["b"]))
    #expect(try named.resolve([("b", "1")]).values == ["b": "1"])
    #expect(throws: ParameterError.self) { try named.resolve([("c", "1")]) }
    #expect(try resolution(allowed: .all).resolve([("c", "1")]).environment["c"] == "1")
  }

  @Test func defaultOfAllowParameter() {
    #expect(AllowedParameters(flags: [], listensOnLoopback: true) == .all)
    #expect(AllowedParameters(flags: [], listensOnLoopback: false) == .names([]))
    #expect(AllowedParameters(flags: ["a"], listensOnLoopback: true) == .names(["a"]))
    #expect(AllowedParameters(flags: ["a", "*"], listensOnLoopback: false) == .all)
  }

  @Test(arguments: [
    "LD_PRELOAD", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "PYTHONSTARTUP", "BASH_ENV", "IFS",
  ])
  func protectedNames(name: String) throws {
    for allowed in [AllowedParameters.all, .names([name])] {
      let error = #expect(throws: ParameterError.self) {
        try resolution(allowed: allowed).resolve([(name, "x")])
      }
      #expect(error?.reason == .protected([name]))
    }
    // The node's owner may do as he likes, and so may Init where the file says so.
    #expect(try resolution(serve: [(name, "x")]).resolve().environment[name] == "x")
    let declared = try resolution("{command: [x], parameters: {\(name): a}}")
    #expect(try declared.resolve([(name, "x")]).environment[name] == "x")
  }

  @Test func namesThatAreNearAreNotProtected() throws {
    let open = try resolution(allowed: .all)
    let names = ["PATHS", "path", "LDFLAGS", "MYPYTHON", "IFSX"]
    #expect(try open.resolve(names.map { ($0, "x") }).values.count == names.count)
  }

  @Test func pathsOfPortsAreTheNodes() throws {
    let file =
      "{command: [x], parameters: {log_path: {description: where}}, outputs: [{name: log, via: fifo, parameter: log_path}]}"
    // Required, but the port gives it.
    #expect(try resolution(file).resolve().environment["log_path"] == nil)
    let error = #expect(throws: ParameterError.self) {
      try resolution(file).resolve([("log_path", "/tmp/x")])
    }
    #expect(
      error?.description
        == "parameter 'log_path' from Init is the path of output 'log', which the node sets")
    #expect(throws: ParameterError.self) { try resolution(file, serve: [("log_path", "x")]) }
  }

  @Test(arguments: [("a=b", "x"), ("", "x"), ("a b", "x"), ("a\0", "x"), ("a", "x\0y")])
  func malformed(name: String, text: String) {
    #expect(throws: ParameterError.self) {
      try resolution(allowed: .all).resolve([(name, text)])
    }
  }

  @Test func slipsAtServeAreWarnedOf() throws {
    let file = "{command: [x], parameters: {base_start: 1961}}"
    let served = try resolution(file, serve: [("base_strat", "1"), ("OTHER", "2")])
    #expect(
      served.warnings == [
        "--parameter 'base_strat' is not declared by the operator; did you mean 'base_start'?"
      ])
  }

  @Test func builtins() throws {
    let served = try resolution("builtin: throttle")
    #expect(throws: ParameterError.self) { try served.resolve() }
    #expect(try served.resolve([("rate", "5M")]).values == ["rate": "5M"])
    #expect(throws: ParameterError.self) { try served.resolve([("rates", "5M")]) }
  }
}
