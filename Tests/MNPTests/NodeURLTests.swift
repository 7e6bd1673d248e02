// URLs: what is read, what is printed, what an error says.

import MNP
import Testing

@Suite struct NodeURLTests {
  @Test(arguments: [
    ("mnp://localhost", "mnp://localhost:8502"),
    ("mnp://localhost:1", "mnp://localhost:1"),
    ("mnp://localhost:65535/", "mnp://localhost:65535"),
    ("MNP://10.0.0.7:8502/s", "mnp://10.0.0.7:8502/s"),
    ("mnps://a_b.c-d:8502/s/", "mnps://a_b.c-d:8502/s"),
    ("mnp://h:1/s/0", "mnp://h:1/s/0"),
    ("mnp://h:1/s/2147483647", "mnp://h:1/s/2147483647"),
    ("mnp://h:1/s/007", "mnp://h:1/s/7"),
    ("mnp://[::1]:8502/s/1", "mnp://[::1]:8502/s/1"),
    ("mnp://[fe80::1%eth0]", "mnp://[fe80::1%eth0]:8502"),
    ("mnp://h:1/a%20b c?d#e:f/0", "mnp://h:1/a%20b c?d#e:f/0"),
    ("mnp://h:1/日本/0", "mnp://h:1/日本/0"),
  ])
  func read(text: String, printed: String) throws {
    let url = try NodeURL(text)
    #expect(url.description == printed)
    #expect(try NodeURL(printed) == url)
  }

  @Test func parts() throws {
    let url = try NodeURL("mnps://[::1]:9/s/3")
    #expect(url.usesTLS)
    #expect(url.host == "::1")
    #expect(url.tcpPort == 9)
    #expect(try url.session == SessionID("s"))
    #expect(url.port == 3)
    #expect(url.authority == "[::1]:9")
    #expect(url.node.description == "mnps://[::1]:9")
    #expect(NodeURL(host: "h", port: 3).port == nil)
  }

  @Test(arguments: [
    ("", "does not begin with mnp://"),
    ("localhost:8502", "does not begin with mnp://"),
    ("mnp:localhost", "does not begin with mnp://"),
    ("http://h:1", "its scheme is \"http\", not mnp"),
    ("mnp://", "no host"),
    ("mnp://:8502", "no host"),
    ("mnp:///s", "no host"),
    ("mnp://u@h:1", "character \"@\""),
    ("mnp://a b:1", "character \" \""),
    ("mnp://ü:1", "character \"ü\""),
    ("mnp://::1:8502", "stands in brackets"),
    ("mnp://[::1:8502", "not closed"),
    ("mnp://[]:8502", "not an IPv6 address"),
    ("mnp://[h]:8502", "not an IPv6 address"),
    ("mnp://[::1]8502", "not a TCP port"),
    ("mnp://h:", "\"\" is not a TCP port"),
    ("mnp://h:0", "\"0\" is not a TCP port"),
    ("mnp://h:65536", "not a TCP port"),
    ("mnp://h:+1", "not a TCP port"),
    ("mnp://h:99999999999999999999", "not a TCP port"),
    ("mnp://h:1//0", "session id is empty"),
    ("mnp://h:1/s/x", "\"x\" is not a port number"),
    ("mnp://h:1/s/-1", "\"-1\" is not a port number"),
    ("mnp://h:1/s/2147483648", "not a port number"),
    ("mnp://h:1/s/0?x=1", "\"0?x=1\" is not a port number"),
    ("mnp://h:1/s/0/x", "nothing comes after"),
  ])
  func refused(text: String, reason: String) {
    let error = #expect(throws: MNPError.self) { try NodeURL(text) }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  // Not as arguments: those are printed.
  @Test func controlCharacters() {
    for (text, reason) in [
      ("mnp://h\0:1", "character \"\\0\""), ("mnp://h:1/s\0t/0", "not printable"),
      ("mnp://h:1\n", "is not a TCP port"),
    ] {
      let error = #expect(throws: MNPError.self) { try NodeURL(text) }
      #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
      #expect(error?.message.unicodeScalars.contains { $0.value < 32 } == false)
    }
  }

  @Test func destinationsNameEverything() throws {
    #expect(try NodeURL(destination: "mnp://h:1/s/0").port == 0)
    for text in ["mnp://h/s/0", "mnp://h:1/s", "mnp://h:1"] {
      let error = #expect(throws: MNPError.self) { try NodeURL(destination: text) }
      #expect(error?.code == .invalidURL)
      #expect(error?.message.contains("a destination names") == true)
    }
  }

  @Test func longURLsMakeShortErrors() {
    let error = #expect(throws: MNPError.self) {
      try NodeURL("mnp://" + String(repeating: "@", count: 100_000))
    }
    #expect((error?.message.utf8.count ?? .max) < 600)
  }
}
