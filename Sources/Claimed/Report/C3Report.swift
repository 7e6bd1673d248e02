// C3's reading by itself, for people and for programs.

extension C3Interface {
  /// One JSON object, with a newline at the end.
  package func json() throws -> String { try JSONPage.text(self) }

  /// The same for people.
  package var text: String {
    var lines = TextTable([["name", name], ["description", description]]).lines(indent: "")
    if !requirements.isEmpty { lines += ["", "requirements"] + requirements.map { "  " + $0 } }
    if !inputs.isEmpty {
      lines += ["", "inputs"]
      lines += TextTable(
        [["", "type", "default", "description"]]
          + inputs.map {
            [$0.name, $0.type, $0.defaultText.map { "'\($0)'" } ?? "required", $0.description]
          }
      ).lines()
    }
    if !outputs.isEmpty {
      lines += ["", "outputs"] + TextTable(outputs.map { [$0.name, $0.description] }).lines()
    }
    return lines.map { $0 + "\n" }.joined()
  }
}
