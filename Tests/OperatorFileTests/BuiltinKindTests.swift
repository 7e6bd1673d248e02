// What a file may say of a builtin is what the builtin takes.

import Builtins
import Testing

@testable import OperatorFile

@Suite struct BuiltinKindTests {
  @Test func names() {
    #expect(BuiltinKind.allCases.map(\.rawValue) == Builtin.allCases.map(\.rawValue))
  }

  @Test(arguments: BuiltinKind.allCases)
  func parameters(kind: BuiltinKind) throws {
    let builtin = try Builtin(named: kind.rawValue)
    #expect(kind.parameters.map(\.name) == builtin.parameters.map(\.name))
    #expect(
      kind.parameters.map { $0.defaultValue == nil } == builtin.parameters.map(\.isRequired))
    // Defaults are values that it takes.
    var values: [String: String] = [:]
    for parameter in kind.parameters {
      values[parameter.name] = parameter.defaultValue.map { $0.environmentText } ?? "1M"
    }
    try builtin.check(parameters: values)
  }

  @Test(arguments: BuiltinKind.allCases)
  func counts(kind: BuiltinKind) throws {
    let builtin = try Builtin(named: kind.rawValue)
    for inputs in 0...3 {
      for outputs in 0...3 {
        let isRight = (try? builtin.check(inputs: inputs, outputs: outputs)) != nil
        #expect(
          (kind.problem(inputs: inputs, outputs: outputs) == nil) == isRight,
          "\(inputs) in, \(outputs) out")
      }
    }
  }
}
