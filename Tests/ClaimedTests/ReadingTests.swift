// What an operator's interface is by its language: the samples, read by people.

import OperatorFile
import Testing

@testable import Claimed

@Suite struct ReadingTests {
  /// A sample's interface, one line a fact.
  private func read(_ name: String) throws -> Facts {
    Facts(try OperatorSource(reading: Sample(name: name).path).interface())
  }

  @Test func plainScript() throws {
    let facts = try read("plain.py")
    #expect(facts.interface.name == "plain")
    #expect(facts.interface.description == "Counts the words of a text.")
    #expect(facts.requirements == ["pip: numpy pandas"])
    #expect(
      facts.parameters == [
        "input_path: string required | path of the text",
        "output_path: string = 'counts.csv' | path of the table",
        "least: int = 2 | at least so many",
        "share: float = 0.5 | share of the total",
        "header: bool = false | with a header",
      ])
    #expect(facts.ports == ["input_path: input pipe", "output_path: output pipe"])
    #expect(facts.outputs.isEmpty)
    #expect(facts.warnings.isEmpty)
  }

  @Test func callsOverSeveralLines() throws {
    #expect(
      try read("several_lines.py").parameters == [
        "count: int = 7 | how many", "input_path: string = os.path.join('data', 'in.csv')",
      ])
  }

  @Test func callsOnOneLine() throws {
    #expect(
      try read("two_on_a_line.py").parameters == [
        "a: string = 'x'", "b: string = 'y'", "c: string required", "d: string = 'z'",
      ])
  }

  @Test func importedNames() throws {
    let facts = try read("bare_getenv.py")
    #expect(
      facts.parameters == [
        "a: string = '1'", "b: string required", "c: string = 'x'", "d: string required",
        "e: string = '2'",
      ])
    #expect(facts.outputs == ["f"])
  }

  @Test func blanksDoNotCount() throws {
    #expect(
      try read("space_before_parenthesis.py").parameters == [
        "a: string = '1'", "b: string = '1'", "c: string required", "d: string = '1'",
        "e: string required", "f: int = 1", "g: int = 1", "h: string required",
        "i: string required",
      ])
  }

  @Test func expressionsAsDefaults() throws {
    #expect(
      try read("join_default.py").parameters == [
        "a: string = os.path.join('x','y')", "b: string = str(3)", "c: int = 2 * 3",
      ])
  }

  @Test func whatIsAssignedIsAnOutput() throws {
    let forms = try read("output_forms.py")
    #expect(
      forms.outputs == ["plain", "more", "left", "right", "gone", "annotated", "chained"])
    #expect(
      forms.parameters == [
        "more: string required", "key: string required", "compared: string required",
      ])
    let read = try read("output_read.py")
    #expect(read.parameters == ["input_path: string required"])
    #expect(read.outputs == ["result"])
  }

  @Test func hashesInStrings() throws {
    #expect(
      try read("default_with_hash.py").parameters == ["colour: string = '#ff0000' | in hexadecimal"]
    )
  }

  @Test func casts() throws {
    let facts = try read("casts.py")
    #expect(
      facts.parameters == [
        "a: int = 1", "b: float = 1000", "c: bool = true", "d: float = 2", "e: int = 3",
        "g: int = 4", "h: int = 5", "k: int = 6", "l: bool = false", "m: int = 7",
      ])
    #expect(
      facts.warnings == [
        "line 5: the default of 'c' says no, and bool() of any text but the empty one is true"
      ])
    #expect(try read("crash_int.py").parameters == ["n: int required"])
  }

  @Test func bareDefaults() throws {
    #expect(
      try read("bare_defaults.py").parameters == [
        "a: bool = false", "b: float = 1.5", "c: string = none", "d: int = -3", "e: string = ''",
        "f: string = ''", "g: string = DEFAULT", "h: string = []",
      ])
  }

  @Test func quotesAndEscapes() throws {
    let facts = try read("quotes_in_defaults.py")
    #expect(
      facts.parameters == [
        "a: string = 'it's'", "b: string = 'say \"hi\"'", "c: string = '(x)'", "d: string = 'x)'",
        "e: string = ')'", "f: string = 'a\tb'", "g: string = '\\d+'", "h: string = 'ab'",
        "i: string = 'x'", "j: string required", "k: string = 'y'",
      ])
    #expect(facts.warnings == ["line 14: '(' is never closed"])
  }

  @Test func descriptions() throws {
    #expect(
      try read("descriptions.py").parameters == [
        "a: string = '1' | one line",
        "b: string = '1' | two lines, of which C3 takes the second",
        "c: string = '1' | behind it", "d: string = '1'", "e: string = '1'",
        "f: string = '1' | \"quoted\" and # with a hash", "g: string = '1'",
      ])
    #expect(try read("named_before.py").parameters == ["n: int = 3 | how many"])
    #expect(try read("single_quotes.py").interface.description == "Not seen by C3.")
    #expect(try read("first_triple.py").interface.description == "The description.")
    #expect(
      try read("raw_docstring.py").interface.description
        == "Fits a \\d+ and\n\nkeeps \\\"quotes\\\".")
  }

  @Test func oneNameTwice() throws {
    let facts = try read("twice.py")
    #expect(facts.parameters == ["a: int = 1 | first", "b: string required"])
    #expect(facts.warnings == ["line 6: 'a' has another default here than in line 4"])
  }

  @Test func formattedStrings() throws {
    let facts = try read("f_strings.py")
    #expect(
      facts.parameters == [
        "data_dir: string required", "file_name: string = 'x.csv'", "yes: string = '1'",
        "width: int = 8",
      ])
    #expect(facts.ports == ["data_dir: none", "file_name: input file in data_dir"])
  }

  @Test func textIsNoCall() throws {
    #expect(try read("strings_and_comments.py").parameters == ["real: string = '1'"])
  }

  @Test func namesThatMayBeMissing() throws {
    #expect(
      try read("membership.py").parameters == [
        "optional: string = none", "level: string = '3'", "token: string = none",
        "mode: string = 'fast'",
      ])
  }

  @Test func computedNames() throws {
    let facts = try read("computed.py")
    #expect(facts.parameters == ["ef: string = '1'"])
    #expect(
      facts.warnings == [
        "line 4: reads an environment variable whose name is computed: name",
        "line 5: reads an environment variable whose name is computed: 'prefix_' + 'c'",
        "line 6: reads an environment variable whose name is computed: f'{c}'",
      ])
  }

  @Test func endings() throws {
    #expect(try read("windows_lines.py").parameters == ["n: int = 3 | the n"])
    #expect(
      try read("byte_order_mark.py").interface.description == "Begins with a byte order mark.")
    #expect(
      try read("umlauts.py").parameters == [
        "groesse: float = 1.5 | Größe in °C", "größe: string = 'x'",
      ])
    #expect(try read("empty.py").parameters.isEmpty)
  }

  @Test func statementsOnALine() throws {
    let facts = try read("line_joins.py")
    #expect(facts.parameters == ["a: string = '1'", "c: string = '2'", "f: string required"])
    #expect(facts.outputs == ["d", "e"])
  }

  @Test func blocks() throws {
    let facts = try read("indented.py")
    #expect(
      facts.parameters == [
        "size: int = 3", "source: string required | where it reads", "other: string = 'x'",
      ])
    #expect(facts.interface.description == "In functions and classes.")
  }

  @Test func requirements() throws {
    #expect(
      try read("requirements.py").requirements == [
        "pip: numpy", "pip: pandas==2.2.0 scipy>=1.11", "pip: requests", "pip: torch", "pip: lxml",
        "pip: seaborn", "pip: git+https://example.org/x#egg=x", "pip: tabbed", "dnf: gdal",
        "dnf: geos", "dnf: proj", "apt: gcc", "pip: module",
      ])
  }

  @Test func convertedNotebook() throws {
    let facts = try read("converted.py")
    #expect(facts.interface.description == "Converted\n\nFrom a notebook, by nbconvert.")
    #expect(facts.requirements == ["pip: wget==3.2", "pip: numpy>=1.2"])
    #expect(
      facts.parameters == [
        "url: string required | where it comes from", "output_data_csv: string = 'data.csv'",
        "data_dir: string = '../../data/'",
      ])
    #expect(facts.ports == ["output_data_csv: output file in data_dir", "data_dir: none"])
  }

  @Test func exitCodes() throws {
    #expect(
      try read("lying.py").warnings == [
        "line 5: subprocess.run() without check=True does not raise where it fails",
        "line 10: os.system() does not raise, and nobody looks at the status that it returns",
      ])
  }

  @Test func scriptInR() throws {
    let facts = try read("trend.R")
    #expect(facts.interface.description == "Fits a line.\nWrites its slope.")
    #expect(
      facts.requirements == ["apt: libgdal-dev", "r: jsonlite", "r: data.table", "r: sf"])
    #expect(
      facts.parameters == [
        "input_path: string required | the table", "start: int = 1961 | year",
        "scale: float = 1.5", "strict: bool = false", "output_path: string = 'out.csv'",
      ])
    #expect(facts.outputs == ["result"])
    #expect(facts.ports == ["input_path: input file", "output_path: output pipe"])
    #expect(facts.warnings.count == 1)
  }

  @Test func quirksOfR() throws {
    let facts = try read("raw_strings.r")
    #expect(
      facts.parameters == [
        "yes: string = 'a )\" b'", "n: int = 5", "back: string required",
        "data_dir: string required", "file_name: string required",
      ])
    #expect(facts.ports == ["data_dir: none", "file_name: input file in data_dir"])
    #expect(facts.requirements == ["r: terra"])
    #expect(
      try read("quirks.R").parameters.prefix(3) == [
        "a: string = '1'", "b: string = '2'", "w: string = 'it # cut' | \"quoted\" description",
      ])
  }

  @Test func notebook() throws {
    let facts = try read("steps.ipynb")
    #expect(facts.interface.description == "Steps\nTakes each step.")
    #expect(facts.requirements == ["pip: numpy", "pip: pandas", "dnf: gdal", "apt: gcc"])
    #expect(
      facts.parameters == ["input_path: string required | the table", "n: int = 3"])
    #expect(facts.outputs == ["result"])
    #expect(
      facts.warnings == [
        "cell 5, line 3: '!ls {input_path}': ipython goes on where the command fails"
      ])
    #expect(facts.interface.parameters.first?.place == Place(cell: 3, line: 3))
  }

  @Test func cellsOfOtherLanguages() throws {
    let facts = try read("cell_magics.ipynb")
    #expect(facts.requirements == ["pip: lxml", "pip: scipy", "pip: -q attrs>=23", "pip: six"])
    #expect(
      facts.parameters == [
        "x: string = 'a'", "late: string required", "y: string = '1'", "z: string required",
      ])
    #expect(try read("r_kernel.ipynb").parameters == ["n: int = 3 | the n"])
    #expect(try read("no_language.ipynb").parameters == ["x: string = 'a'"])
    #expect(try read("code_first.ipynb").interface.description == "Late.")
    #expect(
      try read("title_and_text.ipynb").interface.description
        == "Title\nDescription \"of\" it.\nmore")
  }
}

/// An interface as lines that can be read and compared.
struct Facts {
  let interface: OperatorInterface

  init(_ interface: OperatorInterface) { self.interface = interface }

  var parameters: [String] {
    interface.parameters.map { parameter in
      let value = parameter.isRequired ? "required" : "= \(parameter.defaultText)"
      let description = parameter.description.map { " | \($0)" } ?? ""
      return "\(parameter.name): \(parameter.type.rawValue) \(value)\(description)"
    }
  }

  var outputs: [String] { interface.outputs.map(\.name) }

  var requirements: [String] {
    interface.requirements.map {
      "\($0.manager.rawValue): \($0.arguments.joined(separator: " "))"
    }
  }

  var ports: [String] {
    interface.parameters.compactMap { parameter in
      guard let port = parameter.port else { return nil }
      let words = [port.direction?.rawValue, port.medium.rawValue, port.folder.map { "in \($0)" }]
      return "\(parameter.name): \(words.compactMap(\.self).joined(separator: " "))"
    }
  }

  var warnings: [String] {
    interface.warnings.map {
      [$0.place?.description, $0.message].compactMap(\.self).joined(separator: ": ")
    }
  }
}
