// How a parameter that is a path becomes a port.

import OperatorFile
import Testing

@testable import Claimed

@Suite struct PortTests {
  private func ports(_ text: String, _ path: String = "x.py") throws -> [String] {
    Facts(try OperatorSource(text, path: path).interface()).ports
  }

  @Test func pairs() throws {
    let source = try OperatorSource(reading: Sample(name: "pair.py").path)
    let facts = Facts(source.interface())
    #expect(
      facts.ports == [
        "data_dir: none", "file_name: input pipe in data_dir", "target_dir: none",
        "target_name: output pipe in target_dir",
      ])
    #expect(
      facts.interface.parameters[1].port?.reason == "open() in line 9 reads it once, from its front"
    )
    #expect(facts.interface.parameters[0].port?.reason == "it is the folder of 'file_name'")
  }

  @Test func whatIsNotReadFromTheFront() throws {
    let source = try OperatorSource(reading: Sample(name: "seeks.py").path)
    let facts = Facts(source.interface())
    #expect(
      facts.ports == [
        "input_path: input file", "table_path: input file", "twice_path: input file",
        "output_path: output file",
      ])
    #expect(
      facts.interface.parameters.compactMap(\.port?.reason) == [
        "h5py.File() in line 9 may go back in it, or open it again",
        "os.path.getsize() in line 11 may go back in it, or open it again",
        "it is opened more than once: open() in line 15, open() in line 15",
        "table.to_parquet() in line 16 may go back in it, or open it again",
      ])
  }

  /// One parameter p, and what one line does with it.
  @Test(arguments: [
    ("open(p)", "p: input pipe"), ("open(p, 'rb')", "p: input pipe"),
    ("open(p, mode='w')", "p: output pipe"), ("open(p, 'r+')", "p: none"),
    ("open(p, mode)", nil), ("gzip.open(p)", "p: input pipe"),
    ("Path(p).open('w')", "p: output pipe"), ("Path(p).read_text()", "p: input pipe"),
    ("pd.read_csv(p, sep=';')", "p: input pipe"), ("table.to_csv(path_or_buf=p)", "p: output pipe"),
    ("json.dump(x, p)", nil), ("joblib.dump(x, p)", "p: output file"),
    ("torch.load(p)", "p: input file"),
    ("pickle.load(p)", nil), ("np.savetxt(p, x)", "p: output file"),
    ("os.makedirs(p)", "p: folder"), ("os.listdir(str(p))", "p: folder"),
    ("open(os.path.join(p, 'x.csv'))", "p: input folder"),
    ("open(p + '/x.csv', 'w')", "p: output folder"),
    ("open(f'{p}/x.csv', 'w')", "p: output folder"),
    ("open(f'{p}')", "p: input pipe"), ("open(Path(p) / 'x')", "p: input folder"),
    ("len(p)", nil), ("print(p)", nil), ("open(p + suffix)", nil), ("x.open(p)", nil),
    ("os.path.exists(p)", nil), ("open((p))", "p: input pipe"),
  ]) func useInPython(_ line: String, _ expected: String?) throws {
    let ports = try ports("import os\np = os.environ['p']\n\(line)\n")
    #expect(ports == [expected].compactMap(\.self))
  }

  @Test(arguments: [
    ("read.csv(p)", "p: input file"), ("write.csv(x, p)", "p: output pipe"),
    ("write.csv(x, file = p)", "p: output pipe"), ("con <- file(p, \"w\")", "p: output pipe"),
    ("con <- file(p, \"r\")", "p: input file"), ("con <- file(p, \"rb\")", "p: input pipe"),
    ("con <- file(p, \"r\", raw = TRUE)", "p: input pipe"),
    ("readRDS(p)", "p: input file"), ("cat(x, file = p)", "p: output pipe"),
    ("list.files(path = p)", "p: folder"), ("read.csv(file.path(p, \"x\"))", "p: input folder"),
    ("print(p)", nil), ("cat(p)", nil),
  ]) func useInR(_ line: String, _ expected: String?) throws {
    let ports = try ports("p <- Sys.getenv(\"p\")\n\(line)\n", "x.R")
    #expect(ports == [expected].compactMap(\.self))
  }

  /// What nothing is seen of goes by its name and its default.
  @Test(arguments: [
    ("input_path", "''", "input_path: input file"), ("outputFile", "''", "outputFile: output file"),
    ("data_dir", "''", "data_dir: input folder"), ("some_path", "''", "some_path: none"),
    ("source", "'./data.csv'", "source: input file"),
    ("source", "'https://example.org/a.csv'", nil),
    ("version", "'1.5'", nil), ("n", "5", nil), ("path_to", "'s3://bucket/x'", nil),
  ]) func unseen(_ name: String, _ text: String, _ expected: String?) throws {
    let ports = try ports("import os\nx = os.getenv('\(name)', \(text))\n")
    #expect(ports == [expected].compactMap(\.self))
  }

  @Test func wrappedAndRenamed() throws {
    let text = """
      import os
      from pathlib import Path
      folder = Path(os.environ['folder'])
      name: str = os.getenv('name') or 'x'
      whole = folder / name
      def main():
        with whole.open() as source, open(copy, 'w') as target: pass
      copy = os.path.expanduser(os.environ['copy'])
      """
    #expect(
      try ports(text) == ["folder: none", "name: input pipe in folder", "copy: output pipe"])
  }

  @Test func aFolderOfMore() throws {
    let text = """
      import os
      d, n = os.environ['d'], os.environ['n']
      d = os.environ['d']
      n = os.environ['n']
      open(os.path.join(d, n))
      os.listdir(d)
      """
    let interface = try OperatorSource(text, path: "x.py").interface()
    #expect(
      interface.parameters[0].port?.reason
        == "it is the folder of 'n'; other files of it are used as well")
  }
}
