// Limits by their names, and that the page about them says what is true.

import NIOCore
import Node
import OperatorFile
import Testing

@Suite struct LimitTests {
  private func configuration() throws -> NodeConfiguration {
    let definition = OperatorDefinition.command(["cat"])
    return NodeConfiguration(
      name: "cat", definition: definition,
      parameters: try ParameterResolution(
        definition: definition, inherited: [:], serve: [], allowed: .all),
      transport: .init())
  }

  @Test func thePageHasEveryLimitWithItsDefault() throws {
    let page = try TextFile.read(TextFile.absolute("../../../docs/limits.md", in: #filePath))
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { row in
      row.split(separator: "|").prefix(2).map { $0.filter { !" `".contains($0) } }
    }
    let configuration = try configuration()
    #expect(rows == LimitSetting.all.map { [$0.name, $0.text(in: configuration)] })
  }

  @Test func eachCanBeSet() throws {
    var configuration = try configuration()
    for setting in LimitSetting.all {
      let text = setting.text(in: configuration)
      try LimitSetting.set(setting.name, to: text, in: &configuration)
      #expect(setting.text(in: configuration) == text)
    }
    try LimitSetting.set("streams", to: "7", in: &configuration)
    try LimitSetting.set("header-list", to: "64K", in: &configuration)
    try LimitSetting.set("resets", to: "5/2", in: &configuration)
    try LimitSetting.set("ended-time", to: "90s", in: &configuration)
    #expect(configuration.transport.http2.maxConcurrentStreams == 7)
    #expect(configuration.transport.http2.maxHeaderListSize == 64 << 10)
    #expect(configuration.transport.http2.floodLimits.resets.burst == 5)
    #expect(configuration.limits.statusLifetime == .seconds(90))
  }

  @Test(arguments: [
    ("nothing", "1", "there is no limit"), ("streams", "0", "1 to"), ("streams", "-1", "1 to"),
    ("streams", "many", "1 to"), ("header-list", "2M", "1048576"), ("header-list", "1k", "1024"),
    ("control-message", "5M", "4194304"), ("resets", "5", "BURST/SECOND"),
    ("resets", "5/", "BURST/SECOND"), ("resets", "0/1", "BURST/SECOND"),
    ("ended-time", "0s", "a time"), ("ended-time", "10", "a time"),
    ("task-id-time", "25h", "a time"),
  ])
  func whatIsNoValue(name: String, text: String, words: String) throws {
    var configuration = try configuration()
    do throws(LimitSetting.Refusal) {
      try LimitSetting.set(name, to: text, in: &configuration)
      Issue.record("taken")
    } catch {
      #expect(error.description.contains(words) && error.description.contains(name))
    }
  }
}
