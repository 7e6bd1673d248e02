// What an inspection says about C3's reading, and how it is printed.

import Foundation
import OperatorFile
import Testing

@testable import Claimed

@Suite struct DifferenceTests {
  private func inspect(_ name: String) throws -> Inspection {
    Inspection(try OperatorSource(reading: Sample(name: name).path))
  }

  private func differences(_ name: String) throws -> [String] {
    switch try inspect(name).compiled {
    case .differs(let all): all.map { "\($0.subject): \($0.ours) / \($0.c3)" }
    case .crashes(let crash): ["crash: \(crash.cause)"]
    }
  }

  private let added = "parameter log_level: none / added, for the code that C3 puts in front"

  @Test func onlyTheAddedParameter() throws {
    #expect(try differences("plain.py") == [added])
  }

  @Test func parameters() throws {
    #expect(
      try differences("two_on_a_line.py") == [
        "parameter a, default: 'x' / 'x'), os.getenv('b', 'y'",
        "parameter b: string, default 'y' / not found", added,
      ])
    #expect(
      try differences("output_read.py") == [
        "parameter input_path: string, required / an output", added,
      ])
    #expect(
      try differences("join_default.py").prefix(2) == [
        "parameter a, default: os.path.join('x','y') / 'os.path.join('x','y''",
        "parameter b, type: string / String",
      ].filter { !$0.hasPrefix("parameter b, type") } + ["parameter b, default: str(3) / 'str(3'"])
    #expect(
      try differences("bare_defaults.py").filter { $0.contains("parameter c") } == [
        "parameter c, default: none / 'None'"
      ])
  }

  @Test func outputsAndRequirements() throws {
    #expect(try differences("bare_getenv.py").contains("output f: set in line 10 / not found"))
    #expect(
      try differences("strings_and_comments.py") == [
        "parameter log_level: none / added, for the code that C3 puts in front",
        "parameter in_string: none / String", "output in_text: none / an output",
      ])
    let requirements = try differences("requirements.py").filter { $0.hasPrefix("requirement") }
    #expect(
      requirements == [
        "requirement: pip: torch / not found", "requirement: pip: lxml / not found",
        "requirement: pip: git+https://example.org/x#egg=x / not found",
        "requirement: pip: tabbed / not found", "requirement: apt: gcc / not found",
        "requirement: pip: module / not found",
        "requirement: none / pip install git+https://example.org/x",
      ])
    #expect(!(try differences("trend.R").contains { $0.contains("jsonlite") }))
  }

  @Test func crashes() throws {
    #expect(
      try differences("crash_int.py") == ["crash: 'n' is cast to Integer and has no default"])
    #expect(try inspect("crash_int.py").text.contains("C3 crashes (AttributeError"))
  }

  @Test func text() throws {
    #expect(
      try inspect("plain.py").text == """
        name         plain
        kind         a script in Python
        description  Counts the words of a text.
        pip          numpy pandas

        parameters
                       type    default       description
          input_path   string  required      path of the text
          output_path  string  'counts.csv'  path of the table
          least        int     2             at least so many
          share        float   0.5           share of the total
          header       bool    false         with a header

        ports
          input_path   input, pipe   open() in line 19 reads it once, from its front
          output_path  output, pipe  open() in line 19 writes it once, from its front

        C3 reads it otherwise
                               here  for C3
          parameter log_level  none  added, for the code that C3 puts in front

        """)
  }

  @Test func aTerminalIsLeftAlone() throws {
    let text = "\"\"\"\u{1B}[2J\"\"\"\nimport os\nx = os.getenv('x', 'a\\n\\x07b')\n"
    let printed = Inspection(try OperatorSource(text, path: "x.py")).text
    #expect(printed.contains("'a\\n\\u{07}b'"))
    #expect(printed.allSatisfy { $0 == "\n" || !$0.unicodeScalars.contains { $0.value < 0x20 } })
  }

  /// All of it can be read back, by everybody's JSON.
  @Test(arguments: Sample.all) func json(_ sample: Sample) throws {
    guard let source = try? OperatorSource(reading: sample.path) else { return }
    let inspection = Inspection(source)
    let text = try inspection.json()
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["name"] as? String == inspection.interface.name)
    let parameters = try #require(object["parameters"] as? [[String: Any]])
    #expect(
      parameters.compactMap { $0["name"] as? String } == inspection.interface.parameters.map(\.name)
    )
    #expect(text.hasSuffix("}\n"))
    if let c3 = try? source.c3Interface() {
      #expect(try JSONDecoder().decode(C3Interface.self, from: Data(try c3.json().utf8)) == c3)
    }
  }

  /// docs/operators.md has all keys that an inspection of a sample has.
  @Test func docsHaveEveryKey() throws {
    let page = try String(
      contentsOf: Sample.folder.appending(path: "../../../docs/operators.md").standardized,
      encoding: .utf8)
    var keys: Set<String> = []
    func collect(_ value: Any) {
      if let object = value as? [String: Any] {
        keys.formUnion(object.keys)
        object.values.forEach(collect)
      } else if let list = value as? [Any] {
        list.forEach(collect)
      }
    }
    for sample in Sample.all {
      guard let source = try? OperatorSource(reading: sample.path) else { continue }
      collect(try JSONSerialization.jsonObject(with: Data(Inspection(source).json().utf8)))
    }
    #expect(keys.count > 20)
    for key in keys { #expect(page.contains("`\(key)`"), "\(key)") }
  }
}
