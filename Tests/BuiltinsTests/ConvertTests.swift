// convert as a builtin: parameters, ports, credit and its end.

import NIOCore
import OperatorFile
import Testing

@testable import Builtins

struct ConvertTests {
  private static let type = #"{"columns":{"x":"int32"}}"#

  private func driver(_ parameters: [String: String]) throws -> Driver {
    let machine = try BuiltinKind.convert.machine(parameters: parameters, inputs: 1, outputs: 1)
    return Driver(machine, inputs: 1, outputs: 1)
  }

  @Test func convertsAsItComes() throws {
    var driver = try self.driver(["from": "csv", "to": "jsonl", "type": Self.type])
    driver.read()
    driver.write("x\r\n1\r\n2")
    #expect(driver.text() == "{\"x\":1}\n" && driver.taken == driver.written)
    driver.write("3\r\n4")
    #expect(driver.text() == "{\"x\":1}\n{\"x\":23}\n" && !driver.isFinished)
    driver.end()
    #expect(driver.text() == "{\"x\":1}\n{\"x\":23}\n{\"x\":4}\n")
    #expect(driver.isFinished && driver.failure == nil && driver.faults.isEmpty)
    #expect(driver.taken == driver.written)
  }

  @Test func nothingIsTakenWhileNobodyReads() throws {
    var driver = try self.driver(["from": "csv", "to": "jsonl", "type": Self.type])
    driver.write("x\n1\n")
    driver.end()
    #expect(driver.taken == [0] && !driver.isFinished)
    driver.read()
    #expect(driver.text() == "{\"x\":1}\n" && driver.taken == [4] && driver.isFinished)
  }

  @Test func whatCameIsHeldUntilItHasLeft() throws {
    var driver = try self.driver(["from": "csv", "to": "jsonl", "type": Self.type])
    let rows = String(repeating: "1234567\n", count: 30_000)
    driver.reading[0] = true
    driver.machine.setReading(true, output: 0)
    driver.machine.write(ByteBuffer(string: "x\n" + rows), input: 0)
    driver.written = [rows.utf8.count + 2]
    driver.run { _ in true }
    #expect(driver.emitted[0].count == 1 && driver.taken == [0])
    driver.read()
    #expect(driver.taken == driver.written && driver.faults.isEmpty)
    #expect(driver.text() == String(repeating: "{\"x\":1234567}\n", count: 30_000))
  }

  @Test func anErrorComesBehindTheRowsBeforeIt() throws {
    var driver = try self.driver(["from": "csv", "to": "jsonl", "type": Self.type])
    driver.read()
    driver.write("x\n1\n2\nthree\n4\n")
    #expect(driver.text() == "{\"x\":1}\n{\"x\":2}\n" && driver.isFinished)
    #expect(driver.failure == #"convert: row 3, column "x": expected int32, found "three""#)
  }

  @Test(
    arguments: [
      (
        ["from": "cvs", "to": "json"],
        "convert: from='cvs' is not one of csv, jsonl, arrow, bundle, bundle-json, msgpack, json, or"
          + " their content types"
      ),
      (
        ["to": "json"],
        "convert does not know the form of its input: neither from= nor a content type says it"
      ),
      (
        ["from": "text/csv"],
        "convert does not know the form of its output: neither to= nor a content type says it"
      ),
      (
        ["from": "csv", "to": "json"],
        "convert: text/csv does not say of which type it is: type= has to say it"
      ),
      (
        ["from": "csv", "to": "json", "type": "{"],
        "convert: type= is no type of Mantik: not JSON: line 1, column 2: a key in quotes is missing"
      ),
      (
        ["from": "csv", "to": "json", "type": "float64"],
        "convert: text/csv holds tables, not float64"
      ),
      (["form": "csv"], "convert has no parameter 'form'; it has from, to, type"),
    ] as [([String: String], String)])
  func wrong(parameters: [String: String], message: String) {
    do throws(BuiltinError) {
      try BuiltinKind.convert.check(parameters: parameters)
      Issue.record("\(parameters) is taken")
    } catch {
      #expect("\(error)" == message)
    }
  }

  /// Of what a node is given before its sessions, some may come later.
  @Test func partsMayComeLater() throws {
    #expect(throws: Never.self) { try BuiltinKind.convert.check(given: ["to": "arrow"]) }
    #expect(throws: BuiltinError.self) { try BuiltinKind.convert.check(given: ["to": "arow"]) }
  }

  @Test func portsSayWhatParametersDoNot() throws {
    func completed(
      _ parameters: [String: String], _ input: String, _ output: String
    ) throws -> [String: String] {
      let definition = OperatorDefinition(program: .builtin(.convert), workdir: "/")
      let ports = try ResolvedPorts(definition, .init(inputs: [input], outputs: [output]))
      return try BuiltinKind.convert.parameters(parameters, completedBy: ports)
    }
    #expect(
      try completed([:], "application-x-mantik-bundle-json", "text/csv; header=present")
        == ["from": "bundle-json", "to": "csv"])
    #expect(try completed(["to": "arrow"], "text/csv", "") == ["from": "csv", "to": "arrow"])
    // Types that say nothing of a form do not contradict.
    #expect(
      try completed(["from": "csv"], "application/octet-stream", "") == ["from": "csv"])
    #expect(throws: BuiltinError("convert: from='csv', and its port is application/json")) {
      try completed(["from": "csv"], "application/json", "")
    }
  }
}
