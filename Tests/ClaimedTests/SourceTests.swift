// Files that are no operators, and programs that are wrong: one sentence, or as much as can be read.

import Foundation
import OperatorFile
import Testing

@testable import Claimed

@Suite struct SourceTests {
  private func reason(_ body: () throws -> OperatorSource) -> String {
    do {
      _ = try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  private func reason(of text: String, _ path: String) -> String {
    reason { try OperatorSource(text, path: path) }
  }

  @Test func files() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "claimed-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
      let file = folder.appending(path: name)
      try Data(bytes).write(to: file)
      return file.path()
    }
    let missing = folder.appending(path: "x.py").path()
    #expect(
      reason { try OperatorSource(reading: missing) }
        == "\(missing): cannot be read: No such file or directory")
    let directory = folder.appending(path: "y.py")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    #expect(
      reason { try OperatorSource(reading: directory.path(percentEncoded: false)) }
        .hasSuffix("cannot be read: Is a directory"))
    let binary = try write("binary.py", [0xFF, 0xFE, 0, 1])
    #expect(reason { try OperatorSource(reading: binary) } == "\(binary): is not UTF-8 text")
    let zeros = try write("zeros.R", [0, 0])
    #expect(
      reason { try OperatorSource(reading: zeros) }
        == "\(zeros): is not a program: it has a zero byte in it")
    // Of a gigabyte, and no byte of it on the disk.
    let large = try write("large.py", [])
    #expect(truncate(large, 1 << 30) == 0)
    #expect(
      reason { try OperatorSource(reading: large) } == "\(large): is larger than 4194304 bytes")
    let notebook = try write("large.ipynb", [])
    #expect(truncate(notebook, 1 << 30) == 0)
    #expect(
      reason { try OperatorSource(reading: notebook) }
        == "\(notebook): is larger than 67108864 bytes")
  }

  @Test(arguments: ["x.txt", "x", ".py", "-", "x.py.bak"]) func otherFiles(_ path: String) {
    #expect(
      reason(of: "", path)
        == "\(path): is neither a Python script (.py), a notebook (.ipynb) nor an R script (.R)")
  }

  @Test func notebooks() {
    #expect(reason(of: "{", "x.ipynb") == "x.ipynb: is not a notebook: it is not JSON")
    #expect(reason(of: "", "x.ipynb") == "x.ipynb: is not a notebook: it is not JSON")
    #expect(reason(of: "[]", "x.ipynb") == "x.ipynb: is not a notebook: its JSON is no object")
    #expect(
      reason(of: #"{"cells": [{"source": 5}]}"#, "x.ipynb")
        == "x.ipynb: is not a notebook: 'cells.[0].source' is none of nbformat's values")
    #expect(reason(of: #"{"cells": []}"#, "x.ipynb") == "")
    // What Python writes where a plot's data has gaps.
    #expect(reason(of: #"{"cells": [{"outputs": [NaN, -Infinity]}]}"#, "x.ipynb") == "")
    #expect(reason(of: #"{"cells": [{"outputs": [NaN, -Infinity}"#, "x.ipynb") != "")
  }

  @Test func notebookOfVersion3() throws {
    let source = try OperatorSource(reading: Sample(name: "crash_version_3.ipynb").path)
    #expect(Facts(source.interface()).parameters == ["x: string = '1'"])
  }

  @Test func names() throws {
    #expect(try OperatorSource("", path: "a/My_Op.PY").interface().name == "my-op")
    #expect(try OperatorSource("", path: "Fit.r").interface().name == "fit")
    #expect(throws: C3Crash.self) { try OperatorSource("", path: "x.PY").c3Interface() }
  }

  /// Wherever a program is cut off, it is read to there, and C3's reading too.
  @Test(arguments: Sample.all) func cutAnywhere(_ sample: Sample) throws {
    let text = String(decoding: try sample.bytes, as: UTF8.self)
    for end in stride(from: 0, to: text.unicodeScalars.count, by: 97) {
      let part = String(text.unicodeScalars.prefix(end))
      guard let source = try? OperatorSource(part, path: sample.name) else { continue }
      _ = Inspection(source).text
    }
  }

  /// Marks of both languages in any order, which no program has.
  @Test func noise() throws {
    let words = [
      "'", "\"", "'''", "\"\"\"", "f'", "rb\"", "{", "}", "(", ")", "[", "]", "\n", "\\", "#", ";",
      ":", "=", "+=", ",", ".", "os.environ", "os.getenv", "'x'", "in", "del ", "for ", "!", "%",
      "Sys.getenv", "r\"(", "`", "<-", "|>", "lambda", "int(", "os", "é", "0x", "1e", " ",
    ]
    var generator = Generator(state: 1)
    for _ in 0..<200 {
      let text = (0..<24).map { _ in words.randomElement(using: &generator) ?? "" }.joined()
      for name in ["x.py", "x.R"] { _ = Inspection(try OperatorSource(text, path: name)).text }
    }
  }

  private struct Generator: RandomNumberGenerator {
    var state: UInt64

    /// Xorshift: the same numbers in every run.
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }
}
