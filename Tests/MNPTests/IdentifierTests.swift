// Which ids are accepted, and when two are the same.

import MNP
import Testing

@Suite struct IdentifierTests {
  @Test(arguments: [
    "a", "run-1.2_3~4", "with space", "Grüße", "日本", "a?b#c", "a:b%20", "..",
    String(repeating: "x", count: 256),
  ])
  func accepted(text: String) throws {
    #expect(try SessionID(text).description == text)
    #expect(try TaskID(text).description == text)
  }

  @Test(arguments: [
    ("", "the session id is empty"),
    ("a/b", "the session id \"a/b\" has a slash"),
    // One character to Swift, and still a slash on the wire.
    ("a/\u{301}b", "has a slash"),
    (String(repeating: "x", count: 257), "has 257 bytes; 256 are the most it may have"),
    (String(repeating: "ü", count: 129), "has 258 bytes"),
    (String(repeating: "x", count: 10_000), "has 10000 bytes"),
  ])
  func refused(text: String, reason: String) {
    let error = #expect(throws: MNPError.self) { try SessionID(text) }
    #expect(error?.code == .invalidIdentifier)
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    #expect(throws: MNPError.self) { try TaskID(text) }
  }

  // Not as arguments: those are printed.
  @Test func notPrintable() {
    for scalar: Unicode.Scalar in [
      "\0", "\n", "\u{7f}", "\u{85}", "\u{200b}", "\u{202e}", "\u{2028}", "\u{feff}",
    ] {
      let error = #expect(throws: MNPError.self) { try TaskID("a\(scalar)b") }
      #expect(error?.code == .invalidIdentifier)
      let name = "U+" + String(scalar.value, radix: 16, uppercase: true) + ","
      #expect(error?.message.contains(name) == true)
      #expect(error?.message.unicodeScalars.contains(scalar) == false)
    }
  }

  @Test func differentBytesAreDifferentIDs() throws {
    let composed = try SessionID("\u{e9}")
    let decomposed = try SessionID("e\u{301}")
    #expect("\u{e9}" == "e\u{301}")
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect(Set([composed, try SessionID("\u{e9}")]).count == 1)
  }

  @Test func oursArePortable() throws {
    #expect(try SessionID.make("run-a.B_9~").description == "run-a.B_9~")
    for text in ["", "a b", "ü", "a?", String(repeating: "x", count: 129)] {
      #expect(throws: MNPError.self) { try SessionID.make(text) }
      #expect(throws: MNPError.self) { try TaskID.make(text) }
    }
    let ids = (0..<100).map { _ in TaskID.random() }
    #expect(Set(ids).count == 100)
    for id in ids { #expect(try TaskID.make(id.description) == id) }
    #expect(try SessionID.make(SessionID.random().description).description.utf8.count == 20)
  }
}
