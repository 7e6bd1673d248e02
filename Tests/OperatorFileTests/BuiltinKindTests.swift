// How many ports each builtin has.

import Testing

@testable import OperatorFile

@Suite struct BuiltinKindTests {
  @Test(arguments: BuiltinKind.allCases)
  func counts(kind: BuiltinKind) {
    let allowed: [BuiltinKind: (Int, Int) -> Bool] = [
      .echo: { $0 == $1 }, .tee: { $0 == 1 && $1 >= 1 }, .concat: { $1 == 1 && $0 >= 0 },
      .merge: { $1 == 1 && $0 >= 0 }, .split: { $0 == 1 && $1 >= 1 },
      .discard: { $1 == 0 && $0 >= 0 }, .generate: { $0 == 0 && $1 == 1 },
      .throttle: { $0 == 1 && $1 == 1 }, .convert: { $0 == 1 && $1 == 1 },
    ]
    for inputs in 0...3 {
      for outputs in 0...3 {
        let fits = kind.problem(inputs: inputs, outputs: outputs) == nil
        #expect(fits == allowed[kind]?(inputs, outputs), "\(inputs) in, \(outputs) out")
      }
    }
    #expect(BuiltinKind.tee.problem(inputs: 2, outputs: 0) == "tee has 1 input, not 2")
    #expect(BuiltinKind.tee.problem(inputs: 1, outputs: 0) == "tee has at least 1 output")
  }
}
