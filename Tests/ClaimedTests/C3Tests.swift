// `--as c3` gives what the real compiler gives: the files that scripts/claimed-golden writes.

import OperatorFile
import Testing

@testable import Claimed

@Suite struct C3Tests {
  @Test func samplesAreThere() {
    #expect(Sample.all.count >= 60)
  }

  @Test(arguments: Sample.all) func isTheCompilers(_ sample: Sample) throws {
    let golden = try sample.golden()
    // What is no text, no JSON or no notebook is refused before anybody reads it.
    let source: OperatorSource
    do throws(FileErrors) {
      source = try OperatorSource(reading: sample.path)
    } catch {
      guard case .crash = golden else {
        Issue.record("refused: \(error)")
        return
      }
      return
    }
    do throws(C3Crash) {
      let interface = try source.c3Interface()
      guard case .interface(let expected) = golden else {
        Issue.record("C3 crashes, and this does not: \(interface)")
        return
      }
      #expect(interface.name == expected.name)
      #expect(interface.description == expected.description)
      #expect(interface.inputs == expected.inputs)
      #expect(interface.outputs == expected.outputs)
      #expect(interface.requirements == expected.requirements)
    } catch {
      guard case .crash(let exception) = golden else {
        Issue.record("C3 does not crash, and this says: \(error)")
        return
      }
      #expect(error.exception == exception)
    }
  }
}
