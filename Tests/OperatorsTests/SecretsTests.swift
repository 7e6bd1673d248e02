// A secret is hidden wherever an operator prints it.

import Testing

@testable import Operators

@Suite struct SecretsTests {
  @Test(arguments: [
    ("token=hunter2, again hunter2", "token=***, again ***"),
    ("hunter2", "***"),
    ("nothing", "nothing"),
    // The longer one first: it is not left half.
    ("hunter2-long", "***"),
    // A mark that joins the letter before it is another character, and the same bytes.
    ("hunter2\u{301}", "***\u{301}"),
    ("-----BEGIN KEY----- then MIIB", "*** then ***"),
    ("", ""),
  ])
  func hidden(text: String, shown: String) {
    let secrets = Secrets(["hunter2", "hunter2-long", "-----BEGIN KEY-----\nMIIB\n\n", ""])
    #expect(secrets.hidden(in: text) == shown)
  }

  @Test func ofAnExit() {
    let secrets = Secrets(["hunter2"])
    let exit = OperatorExit(.failed("no such file: hunter2"), stderrTail: ["a", "b hunter2"])
    #expect(secrets.hidden(in: exit).reason == .failed("no such file: ***"))
    #expect(secrets.hidden(in: exit).stderrTail == ["a", "b ***"])
    #expect(Secrets.none.hidden(in: exit).stderrTail == ["a", "b hunter2"])
  }
}
