// Files at the ends of a run: whole or not at all.

import Foundation
import NIOCore
import Testing

@testable import Pipeline

@Suite struct RunFileTests {
  /// A folder of the test's own, removed at its end.
  private final class Folder {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("headrace-files-\(UUID().uuidString)").path

    init() throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
      try? FileManager.default.removeItem(atPath: path)
    }

    var names: [String] {
      get throws { try FileManager.default.contentsOfDirectory(atPath: path) }
    }

    func text(of name: String) -> String? {
      try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }
  }

  @Test func nothingIsSeenBeforeItIsPublished() throws {
    let folder = try Folder()
    let file = try OutputFile(path: "\(folder.path)/out")
    try file.write(ByteBuffer(string: "some bytes"))
    #expect(try folder.names.isEmpty)
    try file.publish()
    #expect(try folder.names == ["out"])
    #expect(folder.text(of: "out") == "some bytes")
    #expect(file.bytes == 10)
  }

  @Test func aFormerFileStaysUntilThen() throws {
    let folder = try Folder()
    try "before".write(toFile: "\(folder.path)/out", atomically: false, encoding: .utf8)
    let file = try OutputFile(path: "\(folder.path)/out")
    try file.write(ByteBuffer(string: "after"))
    #expect(folder.text(of: "out") == "before")
    try file.publish()
    #expect(folder.text(of: "out") == "after")
    #expect(try folder.names == ["out"])
  }

  @Test func anOutputBeginsAgain() throws {
    let folder = try Folder()
    let file = try OutputFile(path: "\(folder.path)/out")
    try file.write(ByteBuffer(string: "of a failed attempt"))
    #expect(!file.isIrrevocable)
    try file.restart()
    try file.write(ByteBuffer(string: "whole"))
    try file.publish()
    #expect(folder.text(of: "out") == "whole")
    #expect(file.bytes == 5)
    #expect(try InputFile.digest(of: "\(folder.path)/out") == file.digest)
  }

  @Test func aFileIsReadAgain() throws {
    let folder = try Folder()
    try "some bytes".write(
      toFile: "\(folder.path)/in", atomically: false, encoding: .utf8)
    let file = try InputFile(path: "\(folder.path)/in", spoolFolder: "/nonexistent")
    #expect(try file.read(limit: 4) == ByteBuffer(string: "some"))
    try file.rewind()
    #expect(try file.text() == "some bytes")
    #expect(file.bytes == 10)
  }

  /// A named pipe gives each byte once: what was read comes from the spool, then the pipe goes on.
  @Test func aPipeIsReadAgainFromItsSpool() throws {
    let folder = try Folder()
    let path = "\(folder.path)/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    let writer = open(path, O_RDWR)
    let file = try InputFile(path: path, spoolFolder: folder.path)
    #expect(!InputFile.canBeReadTwice(path))
    _ = "first ".withCString { write(writer, $0, 6) }
    #expect(try file.read(limit: 100) == ByteBuffer(string: "first "))
    try file.rewind()
    #expect(try file.read(limit: 2) == ByteBuffer(string: "fi"))
    try file.rewind()
    _ = "second".withCString { write(writer, $0, 6) }
    #expect(try file.read(limit: 100) == ByteBuffer(string: "first "))
    close(writer)
    #expect(try file.text() == "second")
    try file.rewind()
    #expect(try file.text() == "first second")
    #expect(file.bytes == 12)
    #expect(try folder.names == ["pipe"])
    #expect(throws: FileFailure.self) {
      let writer = open(path, O_RDWR)
      defer { close(writer) }
      try InputFile(path: path).rewind()
    }
  }

  @Test func whatIsDiscardedLeavesNothing() throws {
    let folder = try Folder()
    let file = try OutputFile(path: "\(folder.path)/out")
    try file.write(ByteBuffer(string: "some bytes"))
    file.discard()
    #expect(try folder.names.isEmpty)
  }

  @Test func devicesAreWrittenDirectly() throws {
    let full = try OutputFile(path: "/dev/full")
    let failure = #expect(throws: FileFailure.self) { try full.write(ByteBuffer(string: "x")) }
    #expect(failure?.errnoCode == ENOSPC)
    #expect("\(try #require(failure))".contains("/dev/full"))
  }

  @Test func aFolderAndAMissingFolderAreRefused() throws {
    let folder = try Folder()
    let isFolder = #expect(throws: FileFailure.self) { try OutputFile(path: folder.path) }
    let isMissing = #expect(throws: FileFailure.self) {
      try OutputFile(path: "\(folder.path)/no/out")
    }
    let isNoFile = #expect(throws: FileFailure.self) { try InputFile(path: folder.path) }
    #expect(isFolder?.errnoCode == EISDIR)
    #expect(isMissing?.errnoCode == ENOENT)
    #expect(isNoFile?.errnoCode == EISDIR)
  }

  @Test func digestsAreThoseOfSHA256AndGoOn() throws {
    let folder = try Folder()
    let file = try OutputFile(path: "\(folder.path)/out")
    // FIPS 180-4's examples.
    #expect(file.digest == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    try file.write(ByteBuffer(string: "a"))
    _ = file.digest
    try file.write(ByteBuffer(string: "bc"))
    #expect(file.digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func anInputIsReadInPiecesWithItsDigest() throws {
    let folder = try Folder()
    try "abc".write(toFile: "\(folder.path)/in", atomically: false, encoding: .utf8)
    let file = try InputFile(path: "\(folder.path)/in")
    var pieces: [String] = []
    while let piece = try file.read(limit: 2) { pieces.append(String(buffer: piece)) }
    #expect(pieces == ["ab", "c"])
    #expect(file.size == 3)
    #expect(file.bytes == 3)
    #expect(file.digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}

@Suite struct NodeLogTests {
  @Test func operatorsAreQuotedAndTheirNodesAreNot() {
    let said = #"{"level":"notice","task":"t","stream":"stderr","message":"it broke"}"#
    let failed = #"{"level":"error","task":"t","message":"task failed: …"}"#
    let warned = #"{"level":"warning","message":"pipes stay small"}"#
    #expect(NodeLog.text(of: said + "\n") == "it broke")
    #expect(NodeLog.text(of: failed) == nil)
    #expect(NodeLog.text(of: warned) == "pipes stay small")
    #expect(NodeLog.text(of: "Fatal error: …\n") == "Fatal error: …")
    #expect(NodeLog.text(of: "\n") == nil)
  }
}

extension InputFile {
  /// What is left of it.
  fileprivate func text() throws -> String {
    var text = ""
    while let bytes = try read(limit: 4) { text += String(buffer: bytes) }
    return text
  }

  fileprivate static func digest(of path: String) throws -> String {
    let file = try InputFile(path: path)
    _ = try file.text()
    return file.digest
  }
}
